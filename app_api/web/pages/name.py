"""Choosing the name to label and rate by, where nobody is asked to sign in."""

from __future__ import annotations

import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from app_api.problem_handlers import validation_problem
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.services import Provided
from app_api.web.rendering import render_page
from app_api.web.viewer import forget_name, keep_name, viewer_of
from labelaudit_dagster.store import InvalidNameError, check_name, list_users

router = APIRouter(prefix="/app", include_in_schema=False)

MAX_BODY_BYTES: Final = 16 * 1024
MOST_SHOWN: Final = 12
"""Names of people who have been here, on the page."""

LONGEST_NAME: Final = 100
"""Characters; names are shown in headings and lists."""


class ChosenName(BaseModel):
    """The name that somebody wants to go by."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=LONGEST_NAME)


@router.get("/name")
def ask(
    request: Request, services: Provided, next_page: Annotated[str, Query(alias="next")] = "/app"
) -> Response:
    """Ask for a name, with a suggestion that nobody has."""
    if not viewer_of(request).chooses:
        raise ProblemError("forbidden", "You are signed in by name already.")
    known = list_users(services.database)
    return render_page(
        request,
        "name.html.jinja",
        title="Who are you here?",
        suggestion=suggested_name(known),
        known=known[:MOST_SHOWN],
        longest=LONGEST_NAME,
        next_page=safe_target(next_page),
    )


async def _posted(request: Request) -> ChosenName:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return ChosenName.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.post("/name")
def choose(request: Request, posted: Annotated[ChosenName, Depends(_posted)]) -> Response:
    """Remember the name in this browser; nothing is stored here."""
    if not viewer_of(request).chooses:
        raise ProblemError("forbidden", "You are signed in by name already.")
    name = " ".join(posted.name.split())
    try:
        check_name(name, "a name")
    except InvalidNameError:
        raise field_problem("invalid-value", "name", "cannot be used; choose another one") from None
    answer = Response(status_code=204)
    keep_name(answer, request, name)
    return answer


@router.delete("/name")
def forget(request: Request) -> Response:
    """Have this browser forget the name; what is stored under it stays."""
    answer = Response(status_code=204)
    forget_name(answer, request)
    return answer


def suggested_name(known: list[str]) -> str:
    """Return two words that nobody here goes by."""
    from coolname import generate_slug

    taken = set(known)
    for _ in range(20):
        name: str = generate_slug(2)
        if name not in taken:
            return name
    return f"{generate_slug(2)}-{secrets.randbelow(10_000)}"


def safe_target(path: str) -> str:
    """Return a path of the web app to go on to; its first page for anything else."""
    ours = path == "/app" or path.startswith(("/app/", "/app?"))
    return path if ours and path.isprintable() and "\\" not in path else "/app"
