"""The state of the home: what is current, how old, what was left out, what failed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app_api.services import Provided
from labelaudit_dagster.home_status import home_status

router = APIRouter(prefix="/v1", tags=["administration"])


@router.get(
    "/status",
    summary="The state of this home",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def status(services: Provided) -> Response:
    """Give the document of `labelaudit status --json`."""
    document = home_status(
        services.settings, services.artifacts, services.database, now=services.now()
    )
    return JSONResponse(document)
