"""The routes, by subject."""

from __future__ import annotations

from app_api.routers import (
    audit,
    avid,
    constitution,
    constitutions,
    indielabel,
    me,
    platform,
    ratings,
    reports,
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
    reports.router,
    avid.router,
    *audit.AUDIT_ROUTERS,
    *constitutions.CONSTITUTION_ROUTERS,
)
"""Every router of the API."""

__all__ = ["ROUTERS"]
