"""Which exception becomes which problem document."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app_api.problems import KINDS, FieldError, Kind, ProblemError, problem_response
from app_api.web.error_pages import error_page, wants_page, way_to_name
from app_api.web.viewer import NameNeededError
from labelaudit_dagster.artifacts import ArtifactError
from labelaudit_dagster.store import (
    DatabaseBusyError,
    DatabaseFullError,
    IdempotencyConflictError,
    InvalidLabelError,
    InvalidNameError,
    ModelConflictError,
    NoCorpusError,
    StoreError,
    UnknownModelError,
)

logger = logging.getLogger("labelaudit.api")

RETRY_SECONDS = 5
"""When to ask again after a failure that passes."""

_REFUSALS: Mapping[type[StoreError], Kind] = {
    InvalidLabelError: "invalid-value",
    InvalidNameError: "invalid-value",
    ModelConflictError: "model-conflict",
    NoCorpusError: "no-corpus",
    UnknownModelError: "not-found",
}
"""What the store refuses for a reason that the sender can do something about; it says which."""

_WHERE_IS_WHAT = "/docs lists the routes of this server"


def install_problem_handlers(app: FastAPI) -> None:
    """Make every expected exception a problem document; unexpected ones are the frame's."""

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        return _answer(request, error)

    @app.exception_handler(NameNeededError)
    async def name_needed(request: Request, _: NameNeededError) -> Response:
        return way_to_name(request)

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, validation_problem(error))

    @app.exception_handler(HTTPException)
    async def refused_by_router(request: Request, error: HTTPException) -> Response:
        return _answer(request, _router_problem(error))

    @app.exception_handler(StoreError)
    async def store_error(request: Request, error: StoreError) -> Response:
        answer = store_problem(error)
        if KINDS[answer.kind][0] >= 500:
            logger.error("request %s: %s", request.state.request_id, error)
        return _answer(request, answer)

    @app.exception_handler(ArtifactError)
    async def artifact_error(request: Request, error: ArtifactError) -> Response:
        logger.error("request %s: %s", request.state.request_id, error)
        return _answer(request, _passing("The stored results cannot be read. Try again later."))


def validation_problem(error: ValidationError | RequestValidationError) -> ProblemError:
    """Return the problem that names every field that pydantic refused."""
    errors = [
        FieldError(
            field=".".join(str(part)[:80] for part in item["loc"]) or "body",
            message=str(item["msg"]).removeprefix("Value error, "),
        )
        for item in error.errors()[:20]
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors)
    return ProblemError("invalid-value", f"{detail}.", errors)


def store_problem(error: StoreError) -> ProblemError:
    """Return the problem of what the database refused or failed at, without its address or path."""
    if (kind := _REFUSALS.get(type(error))) is not None:
        return ProblemError(kind, str(error))
    if isinstance(error, IdempotencyConflictError):
        return ProblemError(
            "idempotency-conflict",
            "The Idempotency-Key came before with another content; use a new key for new content.",
        )
    if isinstance(error, DatabaseFullError):
        return ProblemError(
            "storage-full", "The disk is full; nothing was stored. Tell the server's operator."
        )
    cause = (
        "The database is busy; nothing was stored. Try again."
        if isinstance(error, DatabaseBusyError)
        else "The database cannot be used; nothing was stored. Try again later."
    )
    return _passing(cause)


def _passing(detail: str) -> ProblemError:
    return ProblemError("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def _answer(request: Request, problem: ProblemError) -> Response:
    if wants_page(request):
        return error_page(request, problem)
    return problem_response(problem, request.state.request_id)


def _router_problem(error: HTTPException) -> ProblemError:
    """Return the problem of what the router itself refuses: unknown paths and methods."""
    if error.status_code == 404:
        return ProblemError("not-found", f"There is no such path; {_WHERE_IS_WHAT}.")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return ProblemError(
            "method-not-allowed",
            f"This path can be used with {allowed}; {_WHERE_IS_WHAT}.",
            headers=error.headers,
        )
    raise error
