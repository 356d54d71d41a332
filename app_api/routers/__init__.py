"""The routes, by subject."""

from __future__ import annotations

from app_api.routers import (
    audit,
    constitution,
    constitutions,
    indielabel,
    me,
    platform,
    ratings,
    sessions,
    system,
)

ROUTERS = (
    system.router,
    platform.router,
    constitution.router,
    ratings.router,
    sessions.router,
    me.router,
    *indielabel.ROUTERS,
    *audit.AUDIT_ROUTERS,
    *constitutions.CONSTITUTION_ROUTERS,
)
"""Every router of the API."""

__all__ = ["ROUTERS"]
