"""The pages, one module each."""

from __future__ import annotations

from app_api.web.pages import assets, explore, home, name, reports

PAGE_ROUTERS = (assets.router, home.router, name.router, reports.router, explore.router)
"""Every router of the web app; add yours here."""

__all__ = ["PAGE_ROUTERS"]
