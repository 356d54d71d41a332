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
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-labelaudit-session",
            "description": (
                "Set by signing in. What changes something also needs the header X-CSRF-Token "
                "with the csrf_token of GET /v1/session. On this machine, without TLS, the "
                "cookie's name is labelaudit-session-PORT."
            ),
        },
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            allowed = allowed_roles(method.upper(), path)
            roles = sorted(allowed or ())
            operation["security"] = [{"token": roles}, {"session": roles}] if roles else []
            operation["x-roles"] = sorted(allowed or EVERY_ROLE)
            operation["responses"].pop("422", None)
            # Some routes show browsers a page in place of the document, and say so.
            default = operation["responses"].setdefault("default", {})
            default["description"] = "A problem."
            default["content"] = {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
                **default.get("content", {}),
            }
    return document
