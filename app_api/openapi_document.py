"""The OpenAPI document: what FastAPI knows, with roles and problem documents added."""

from __future__ import annotations

from typing import Any

from app_api.access import EVERY_ROLE, allowed_roles
from app_api.problems import MEDIA_TYPE, PROBLEM_SCHEMA

_UNUSED = ("HTTPValidationError", "ValidationError")


def completed_openapi(document: dict[str, Any]) -> dict[str, Any]:
    """Add roles, the way to authenticate and the shape of errors to every operation.

    Args:
        document: As FastAPI makes it; it is changed in place.

    Returns:
        The document.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Made by the operator with `labelaudit token create`.",
        }
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            allowed = allowed_roles(method.upper(), path)
            operation["security"] = [] if allowed is None else [{"token": sorted(allowed)}]
            operation["x-roles"] = sorted(allowed or EVERY_ROLE)
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "A problem.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return document
