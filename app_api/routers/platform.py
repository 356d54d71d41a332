"""The embedded platform: its export goes out, constitutions and demographics come in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from app_api.conditional import READ_HEADERS, accepts_gzip, entity_tag, matching_tag
from app_api.constitution_body import check_constitution, check_ids
from app_api.demographics_body import DEMOGRAPHICS_SCHEMA, read_demographics
from app_api.problems import ProblemError
from app_api.request_body import read_body, read_object
from app_api.services import Provided
from labelaudit_dagster.constitution import PAYLOAD_KEYS
from labelaudit_dagster.importers import DemographicColumns, ExportFlags, reduced_rows
from labelaudit_dagster.store import (
    current_ids,
    receive_constitution,
    receive_demographics,
    was_received,
)

router = APIRouter(prefix="/api/openapi", tags=["platform"])

MAX_DEMOGRAPHICS_BYTES = 64 * 1024 * 1024
"""Most bytes of a post of demographics: tens of thousands of rows."""

_KEY = re.compile(r"[!-~]{1,200}")


def _flag(value: Any) -> Any:
    """Read a flag as the original platform does: True or False in any case."""
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError("must be True or False")
    return text == "true"


Flag = Annotated[bool, BeforeValidator(_flag)]


class ExportQuery(BaseModel):
    """Which parts of the export are wanted; the others are left out."""

    topics: Flag = Field(default=False, description="The list of topics.")
    guidelines: Flag = Field(default=False, description="The list of guidelines.")
    ratings: Flag = Field(default=False, description="The list of ratings.")
    users: Flag = Field(default=False, description="The list of users.")
    mu: Flag = Field(default=False, description="The global intercept published last.")


@router.get(
    "/exports",
    summary="The community with its ratings and the parameters published last",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "Not changed since the answer that the request names."},
    },
)
def exports(
    request: Request, query: Annotated[ExportQuery, Query()], services: Provided
) -> Response:
    """Give the parts of the export whose flags are True, under a strong ETag."""
    flags = ExportFlags(**query.model_dump())
    if_none_match = request.headers.get("if-none-match")
    compressed = accepts_gzip(request.headers.get("accept-encoding"))
    if if_none_match is not None:
        held = matching_tag(if_none_match, services.exports.current_tag(flags))
        if held is not None:
            return Response(status_code=304, headers={**READ_HEADERS, "ETag": held})
    body = services.exports.current_body(flags)
    headers = {**READ_HEADERS, "ETag": entity_tag(body.tag, compressed=compressed)}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body.compressed) if compressed else body.plain_bytes)
    return StreamingResponse(
        body.pieces(compressed=compressed), media_type="application/json", headers=headers
    )


async def _posted_constitution(request: Request, services: Provided) -> bytes:
    return await read_body(request, services.settings.http_max_bytes)


def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(description="The same for every attempt at sending the same content."),
    ] = None,
) -> str | None:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise ProblemError(
            "bad-header",
            "An Idempotency-Key has 1 to 200 printable ASCII characters without blanks.",
        )
    return idempotency_key


_NUMBERS = {"type": "object", "additionalProperties": {"type": "number"}}
_VECTORS = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "number"}},
}
_PROPERTIES: dict[str, Any] = {
    "accepted_guideline_ids": {
        "type": "array", "items": {"type": "string"}, "uniqueItems": True,
    },
    "guideline_intercepts": _NUMBERS,
    "user_intercepts": _NUMBERS,
    "guideline_embeddings": _VECTORS,
    "user_embeddings": _VECTORS,
    "guideline_scores": _NUMBERS,
    "mu": {"type": "number"},
}  # fmt: skip


class Success(BaseModel):
    """The platform's confirmation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True}]})

    success: bool


@router.post(
    "/constitution",
    summary="Publish a constitution",
    response_model=Success,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": list(PAYLOAD_KEYS),
                        "additionalProperties": False,
                        "properties": _PROPERTIES,
                    }
                }
            },
        }
    },
)
def constitution(
    services: Provided,
    body: Annotated[bytes, Depends(_posted_constitution)],
    key: Annotated[str | None, Depends(_idempotency_key)],
) -> Response:
    """Keep a posted constitution; its parameters are in the next export."""
    with services.large_bodies:
        document = read_object(body)
        check_constitution(document)
        # What was accepted once stays accepted when it is sent again, whatever came between.
        if key is None or not was_received(services.database, document, idempotency_key=key):
            check_ids(document, current_ids(services.database))
        receive_constitution(services.database, document, idempotency_key=key, now=services.now())
    return JSONResponse({"success": True})


async def _posted_demographics(request: Request, services: Provided) -> bytes:
    return await read_body(request, min(MAX_DEMOGRAPHICS_BYTES, services.settings.http_max_bytes))


@router.post(
    "/prolific/demographics",
    summary="Hand in the demographics of studies",
    response_model=Success,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DEMOGRAPHICS_SCHEMA}},
        }
    },
)
def demographics(
    services: Provided,
    body: Annotated[bytes, Depends(_posted_demographics)],
    key: Annotated[str | None, Depends(_idempotency_key)],
) -> Response:
    """Keep of posted rows what the installation allows, study by study; no answer repeats them."""
    columns = DemographicColumns.parse(services.settings.prolific_columns)
    with services.large_bodies:
        posted = read_demographics(read_object(body))
        studies = {study: reduced_rows(rows, columns).rows for study, rows in posted.items()}
        receive_demographics(services.database, studies, idempotency_key=key, now=services.now())
    return JSONResponse({"success": True})
