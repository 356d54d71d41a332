"""The routes, by subject."""

from __future__ import annotations

from app_api.routers import constitution, platform, ratings, system

ROUTERS = (system.router, platform.router, constitution.router, ratings.router)
"""Every router of the API."""

__all__ = ["ROUTERS"]
