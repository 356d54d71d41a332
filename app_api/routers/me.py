"""What is stored about the caller, or for operators about anybody: to take away, and to erase."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from app_api.body_schema import json_body
from app_api.callers import Caller, Calling
from app_api.problem_handlers import RETRY_SECONDS, validation_problem
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.routers.audit.whose import UserInPath
from app_api.services import Provided, Services
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

    confirm: str = Field(
        description="The name of who is erased; one's own is `subject` of GET /v1/session.",
        examples=["anna"],
    )


class Erased(BaseModel):
    """What was deleted."""

    user_id: str
    rows: dict[str, int] = Field(description="Rows of the database by what they are.")
    result_versions: int = Field(description="Versions of models, predictions and audits.")


_ERASURE = json_body(Erasure)


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
    openapi_extra=_ERASURE,
)
def erase(
    request: Request,
    services: Provided,
    caller: Calling,
    posted: Annotated[Erasure, Depends(_posted_erasure)],
) -> Response:
    """Delete it for good, with every way in; there is no way back."""
    erased = erase_person(services, _subject(caller), posted)
    answer = JSONResponse(erased.model_dump())
    clear_session_cookie(answer, request, services.settings)
    return answer


@router.get(
    "/users/{user}/data",
    summary="Everything that is stored about a person",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def export_of(services: Provided, user: UserInPath) -> Response:
    """Give an operator what the person gets from `GET /v1/me`."""
    document = person_document(services.settings, services.database, user)
    return JSONResponse(
        document, headers={"Content-Disposition": 'attachment; filename="person.json"'}
    )


@router.delete(
    "/users/{user}/data",
    summary="Erase everything that is stored about a person",
    response_model=Erased,
    openapi_extra=_ERASURE,
)
def erase_of(
    services: Provided, user: UserInPath, posted: Annotated[Erasure, Depends(_posted_erasure)]
) -> Erased:
    """Delete for an operator what `DELETE /v1/me` deletes for the person."""
    return erase_person(services, user, posted)


def erase_person(services: Services, user: str, posted: Erasure) -> Erased:
    """Delete everything about a person for good.

    Raises:
        ProblemError: `invalid-value`, the name that confirms it is another one; `unavailable`, a
            training of theirs does not end.
    """
    if posted.confirm != user:
        raise field_problem("invalid-value", "confirm", "is not the name; nothing was erased")
    try:
        forgotten = forget_user(
            services.settings,
            services.database,
            user,
            now=services.now(),
            wait_seconds=WAIT_SECONDS,
        )
    except HomeError:
        raise ProblemError(
            "unavailable",
            "These data are in use by a training at the moment; nothing was erased. Try again.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from None
    return Erased(user_id=user, rows=asdict(forgotten.rows), result_versions=forgotten.versions)


def _subject(caller: Caller) -> str:
    if caller.subject is None:
        raise ProblemError("forbidden", "This token or session belongs to nobody in particular.")
    return caller.subject
