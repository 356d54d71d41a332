"""What is stored about the caller: to take away, and to erase."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from app_api.callers import Caller, Calling
from app_api.problem_handlers import RETRY_SECONDS, validation_problem
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.services import Provided
from app_api.session_cookie import clear_session_cookie
from labelaudit_dagster.forgetting import forget_user, person_document
from labelaudit_dagster.home import HomeError

router = APIRouter(prefix="/v1", tags=["me"])

MAX_BODY_BYTES = 16 * 1024
WAIT_SECONDS = 20.0
"""Longest wait for a training of the person who wants to be forgotten."""


class Erasure(BaseModel):
    """That somebody means it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirm: str = Field(description="Your name here, as GET /v1/session tells it: `subject`.")


class Erased(BaseModel):
    """What was deleted."""

    user_id: str
    rows: dict[str, int] = Field(description="Rows of the database by what they are.")
    result_versions: int = Field(description="Versions of models, predictions and audits.")


@router.get(
    "/me",
    summary="Everything that is stored about me",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def export(services: Provided, caller: Calling) -> Response:
    """Give labels, models, reports, ratings, attributes, tokens, sessions and lists of results."""
    document = person_document(services.settings, services.database, _subject(caller))
    return JSONResponse(document, headers={"Content-Disposition": 'attachment; filename="me.json"'})


async def _posted_erasure(request: Request) -> Erasure:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return Erasure.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.delete(
    "/me",
    summary="Erase everything that is stored about me",
    response_model=Erased,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Erasure.model_json_schema()}},
        }
    },
)
def erase(
    request: Request,
    services: Provided,
    caller: Calling,
    posted: Annotated[Erasure, Depends(_posted_erasure)],
) -> Response:
    """Delete it for good, with every way in; there is no way back."""
    subject = _subject(caller)
    if posted.confirm != subject:
        raise field_problem("invalid-value", "confirm", "is not your name; nothing was erased")
    try:
        forgotten = forget_user(
            services.settings,
            services.database,
            subject,
            now=services.now(),
            wait_seconds=WAIT_SECONDS,
        )
    except HomeError:
        raise ProblemError(
            "unavailable",
            "Your data are in use by a training at the moment; nothing was erased. Try again.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from None
    erased = Erased(
        user_id=subject, rows=asdict(forgotten.rows), result_versions=forgotten.versions
    )
    answer = JSONResponse(erased.model_dump())
    clear_session_cookie(answer, request, services.settings)
    return answer


def _subject(caller: Caller) -> str:
    if caller.subject is None:
        raise ProblemError("forbidden", "This token or session belongs to nobody in particular.")
    return caller.subject
