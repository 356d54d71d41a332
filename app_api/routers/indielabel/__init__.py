"""Routes compatible with IndieLabel's server; `docs/indielabel-api.md` describes them."""

from __future__ import annotations

from app_api.routers.indielabel import (
    exploration,
    groups,
    labelling,
    reports,
    results,
    settings,
    training,
)

ROUTERS = (
    settings.router,
    labelling.router,
    training.router,
    results.router,
    groups.router,
    exploration.router,
    reports.router,
)
"""The compatible routes."""

__all__ = ["ROUTERS"]
