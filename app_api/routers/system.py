"""Whether the server is alive and can serve, and what it offers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from app_api.documentation import PAGE_POLICY, documentation_page
from app_api.metrics import CONTENT_TYPE
from app_api.problem_handlers import RETRY_SECONDS
from app_api.problems import FieldError, ProblemError
from app_api.services import Provided, Services
from labelaudit_dagster.store import has_current_schema

logger = logging.getLogger("labelaudit.api")

router = APIRouter(tags=["system"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Everything that requests need is there."""

    status: Literal["ready"] = "ready"


@router.get(
    "/",
    summary="The way to the web app, or a foreign web client",
    status_code=307,
    response_class=Response,
)
async def root(request: Request, services: Provided) -> Response:
    """Lead to the web app, unless a foreign client is served here."""
    page = None if services.client is None else await services.client.answer(request.scope)
    return RedirectResponse("/app") if page is None else page


@router.get("/healthz", summary="Whether the process is alive")
def healthz() -> Alive:
    """Answer, and touch nothing."""
    return Alive()


@router.get("/readyz", summary="Whether requests can be served")
def readyz(services: Provided) -> Ready:
    """Look at the database's schema and read from the artifact store."""
    checks: dict[str, Callable[[Services], str | None]] = {
        "database": _database_fault,
        "artifacts": _artifacts_fault,
    }
    faults: list[FieldError] = []
    for name, check in checks.items():
        try:
            fault = check(services)
        except Exception:
            # Whatever it is, the part cannot serve; the log has the cause, a stranger has not.
            logger.exception("not ready: %s", name)
            fault = "cannot be used"
        if fault is not None:
            faults.append(FieldError(field=name, message=fault))
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults)
        raise ProblemError(
            "unavailable", f"{detail}.", faults, headers={"Retry-After": str(RETRY_SECONDS)}
        )
    return Ready()


def _database_fault(services: Services) -> str | None:
    current = has_current_schema(services.database)
    return None if current else "has another schema than this program"


def _artifacts_fault(services: Services) -> str | None:
    services.artifacts.current("constitution")
    return None


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(services: Provided) -> Response:
    """Give requests by route and status, their times, and figures of the process."""
    return Response(services.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})


@router.get("/docs", summary="This API for people", response_class=HTMLResponse)
def docs(request: Request) -> Response:
    """Describe every route on one page that needs no script and no other server."""
    return HTMLResponse(
        documentation_page(request.app.openapi()),
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


@router.get("/openapi.json", summary="This API for programs", response_class=JSONResponse)
def openapi_document(request: Request) -> Response:
    """Give the OpenAPI document."""
    return JSONResponse(request.app.openapi())
