"""The typed audit API under `/v1`, one router for each kind of resource."""

from __future__ import annotations

from app_api.routers.audit import (
    charts,
    comparisons,
    corpus,
    exploration,
    groups,
    labels,
    models,
    overview,
    predictions,
    results,
    suggestions,
    topics,
    trainings,
    users,
)

AUDIT_ROUTERS = (
    corpus.router,
    topics.router,
    exploration.router,
    users.router,
    models.router,
    suggestions.router,
    labels.router,
    trainings.router,
    overview.router,
    results.router,
    predictions.router,
    groups.router,
    comparisons.router,
    charts.router,
)
"""Every router of the typed audit API."""

__all__ = ["AUDIT_ROUTERS"]
