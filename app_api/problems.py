"""Errors as RFC 9457 problem documents, in one shape on every route."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, TypedDict

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

Kind = Literal[
    "bad-header",
    "incomplete-body",
    "invalid-json",
    "unauthenticated",
    "forbidden",
    "foreign-page",
    "csrf-token",
    "invitation-refused",
    "not-found",
    "no-constitution",
    "no-corpus",
    "method-not-allowed",
    "slow-body",
    "idempotency-conflict",
    "duplicate-text",
    "proposal-decided",
    "model-conflict",
    "not-configured",
    "publication-conflict",
    "stale-report",
    "too-large",
    "unsupported-media-type",
    "invalid-value",
    "unknown-id",
    "nothing-to-submit",
    "precondition-required",
    "too-many-requests",
    "defect",
    "submission-failed",
    "unavailable",
    "storage-full",
]

KINDS: Mapping[Kind, tuple[int, str]] = {
    "bad-header": (400, "A header cannot be used"),
    "incomplete-body": (400, "The body ended too early"),
    "invalid-json": (400, "The body is not strict JSON"),
    "unauthenticated": (401, "A valid token or session is needed"),
    "forbidden": (403, "The caller may not do this"),
    "foreign-page": (403, "Another site's page may not do this"),
    "csrf-token": (403, "The token against forged requests is missing"),
    "invitation-refused": (410, "The invitation is not valid"),
    "not-found": (404, "There is nothing here"),
    "no-constitution": (404, "There is no constitution yet"),
    "no-corpus": (404, "There is nothing to audit yet"),
    "method-not-allowed": (405, "The method is not possible here"),
    "slow-body": (408, "The body came too slowly"),
    "idempotency-conflict": (409, "The idempotency key was used before"),
    "duplicate-text": (409, "There is such a text already"),
    "proposal-decided": (409, "The proposal was decided otherwise"),
    "model-conflict": (409, "The model's name is taken"),
    "not-configured": (409, "This installation is not set up for it"),
    "publication-conflict": (409, "This cannot be published as things are"),
    "stale-report": (412, "The report was saved by somebody else meanwhile"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body is of the wrong type"),
    "invalid-value": (422, "A value cannot be accepted"),
    "unknown-id": (422, "An id is not known here"),
    "nothing-to-submit": (422, "There is nothing to submit"),
    "precondition-required": (428, "The version that was edited must be named"),
    "too-many-requests": (429, "Too many requests"),
    "defect": (500, "Something is wrong on our side"),
    "submission-failed": (502, "The other side did not confirm the submission"),
    "unavailable": (503, "Not possible at the moment"),
    "storage-full": (507, "There is no room to store this"),
}
"""Every kind of problem: its HTTP status and its title. The kinds are part of the contract."""


class FieldError(TypedDict):
    """One thing that is wrong with a request: where, and what."""

    field: str
    message: str


@dataclass
class ProblemError(Exception):
    """Ends a request with a problem document.

    Attributes:
        kind: Key of `KINDS`.
        detail: One or two sentences: the cause and what to do.
        errors: The single fields that are wrong, where that is the cause.
        headers: More headers of the answer.
        current: What is there instead of what the request took for current, strict JSON; None
            where that is not the problem.
    """

    kind: Kind
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] | None = None
    current: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.detail


def field_problem(kind: Kind, field: str, message: str) -> ProblemError:
    """Return the problem of a single field."""
    return ProblemError(kind, f"{field} {message}.", [FieldError(field=field, message=message)])


def problem_document(problem: ProblemError, request_id: str) -> dict[str, Any]:
    """Return the document of a problem.

    Args:
        problem: What happened.
        request_id: Id of the request; the log has it too.
    """
    status, title = KINDS[problem.kind]
    extension = {} if problem.current is None else {"current": dict(problem.current)}
    return {
        "type": f"urn:labelaudit:problem:{problem.kind}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "instance": f"urn:uuid:{request_id}",
        "errors": list(problem.errors),
        **extension,
    }


def problem_response(problem: ProblemError, request_id: str) -> Response:
    """Return the answer that carries a problem."""
    document = problem_document(problem, request_id)
    # Escaped to ASCII: an id in it may hold half a surrogate pair, which UTF-8 cannot carry.
    return Response(
        json.dumps(document, allow_nan=False).encode("ascii"),
        status_code=document["status"],
        media_type=MEDIA_TYPE,
        headers=dict(problem.headers or {}),
    )


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "additionalProperties": False,
    "properties": {
        "type": {
            "type": "string",
            "enum": [f"urn:labelaudit:problem:{kind}" for kind in KINDS],
            "description": "What kind of problem it is; programs decide by this.",
        },
        "title": {"type": "string", "description": "The kind in words."},
        "status": {
            "type": "integer",
            "enum": sorted({int(HTTPStatus(status)) for status, _ in KINDS.values()}),
            "description": "The HTTP status.",
        },
        "detail": {"type": "string", "description": "The cause, and what to do."},
        "instance": {
            "type": "string",
            "description": "Id of the request, as in X-Request-Id and in the server's log.",
        },
        "errors": {
            "type": "array",
            "description": "The single fields that are wrong; empty for other problems.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "additionalProperties": False,
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current": {
            "type": "object",
            "description": "With stale-report and proposal-decided alone: what is there instead, "
            "as GET gives it.",
        },
    },
}
"""JSON Schema of every problem document."""
