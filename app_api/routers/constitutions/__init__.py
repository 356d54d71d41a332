"""Constitutions under `/v1`: history, differences, guidelines with explanations, charts, rating."""

from __future__ import annotations

from app_api.routers.constitutions import (
    changes,
    charts,
    explanations,
    guidelines,
    history,
    own_ratings,
    representations,
    status_log,
    to_rate,
    who_took_part,
)

CONSTITUTION_ROUTERS = (
    history.router,
    changes.router,
    guidelines.router,
    explanations.router,
    status_log.router,
    charts.router,
    to_rate.router,
    own_ratings.router,
    representations.router,
    who_took_part.router,
)
"""Every router of the constitution beside the whole document."""

__all__ = ["CONSTITUTION_ROUTERS"]
