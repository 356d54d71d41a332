"""The pages, one module each."""

from __future__ import annotations

from app_api.web.pages import (
    admin,
    assets,
    audit,
    constitution,
    explore,
    home,
    label,
    me,
    moderation,
    name,
    rate,
    reports,
    represent,
)

PAGE_ROUTERS = (
    admin.router,
    assets.router,
    audit.router,
    constitution.router,
    explore.router,
    home.router,
    label.router,
    me.router,
    moderation.router,
    name.router,
    rate.router,
    reports.router,
    represent.router,
)
"""Every router of the web app; add yours here."""

__all__ = ["PAGE_ROUTERS"]
