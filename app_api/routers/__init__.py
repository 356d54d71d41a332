"""The routes, by subject."""

from __future__ import annotations

from app_api.routers import (
    administration,
    audit,
    avid,
    consent,
    constitution,
    constitutions,
    indielabel,
    me,
    platform,
    proposals,
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
    proposals.router,
    consent.router,
    sessions.router,
    me.router,
    *indielabel.ROUTERS,
    reports.router,
    avid.router,
    *audit.AUDIT_ROUTERS,
    *constitutions.CONSTITUTION_ROUTERS,
    *administration.ADMINISTRATION_ROUTERS,
)
"""Every router of the API."""

__all__ = ["ROUTERS"]
