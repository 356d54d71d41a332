"""The pages, one module each."""

from __future__ import annotations

from app_api.web.pages import (
    assets,
    constitution,
    explore,
    home,
    moderation,
    name,
    rate,
    reports,
    represent,
)

PAGE_ROUTERS = (
    assets.router,
    home.router,
    name.router,
    rate.router,
    constitution.router,
    represent.router,
    moderation.router,
    reports.router,
    explore.router,
)
"""Every router of the web app; add yours here."""

__all__ = ["PAGE_ROUTERS"]
