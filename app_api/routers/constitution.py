"""The current constitution, to read."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.conditional import READ_HEADERS, accepts_gzip, entity_tag, matching_tag
from app_api.constitution_cache import ConstitutionBody
from app_api.problems import ProblemError
from app_api.services import Provided

router = APIRouter(prefix="/v1", tags=["constitution"])


@router.get(
    "/constitution",
    summary="The current constitution: every guideline with its reasons",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "Not changed since the answer that the request names."},
    },
)
def constitution(request: Request, services: Provided) -> Response:
    """Give the document that `labelaudit constitution --json --all` prints."""
    body = services.constitutions.current()
    if body is None:
        raise ProblemError(
            "no-constitution",
            "No constitution has been computed yet; the operator runs: labelaudit run constitution",
        )
    return body_answer(request, body)


def body_answer(request: Request, body: ConstitutionBody) -> Response:
    """Answer with a constitution, compressed where that is accepted, or 304."""
    held = matching_tag(request.headers.get("if-none-match"), body.tag)
    if held is not None:
        return Response(status_code=304, headers={**READ_HEADERS, "ETag": held})
    compressed = accepts_gzip(request.headers.get("accept-encoding"))
    headers = {**READ_HEADERS, "ETag": entity_tag(body.tag, compressed=compressed)}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        body.compressed if compressed else body.plain,
        media_type="application/json",
        headers=headers,
    )
