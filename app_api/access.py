"""Who may use which route: the one table of roles and routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from labelaudit_dagster.store import ROLES, Role

Allowed = frozenset[Role] | None
"""Roles that may use a route; None for everybody, without any token."""

EVERYBODY: Final = None
OPERATOR: Final[frozenset[Role]] = frozenset({"operator"})
PIPELINE: Final[frozenset[Role]] = frozenset({"operator", "pipeline"})
EVERY_ROLE: Final[frozenset[Role]] = frozenset(ROLES)

ACCESS: Final[Mapping[str, Allowed]] = {
    "GET /": EVERYBODY,
    "GET /docs": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": OPERATOR,
    "GET /api/openapi/exports": PIPELINE,
    "POST /api/openapi/constitution": PIPELINE,
    "POST /api/openapi/prolific/demographics": PIPELINE,
    "GET /v1/constitution": EVERY_ROLE,
    "POST /v1/ratings": OPERATOR,
}
"""Every route of the API. A route that is missing here keeps the application from starting."""


def allowed_roles(method: str, path: str) -> Allowed:
    """Return who may use a route.

    Args:
        method: HTTP method in capitals.
        path: The route's path template, as it was declared.

    Raises:
        KeyError: The table has no such route.
    """
    return ACCESS[f"{method} {path}"]
