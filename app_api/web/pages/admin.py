"""What an operator looks after: publication, proposals, ways in, the state of the home."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.services import Provided
from app_api.web.rendering import render_page

_DAGSTER: Final = "http://127.0.0.1:3000"
"""Where `labelaudit dagster` listens."""

router = APIRouter(prefix="/app", include_in_schema=False)


@router.get("/admin")
def admin(request: Request, services: Provided) -> Response:
    """Give the frame; its parts come from the API, each with a state of its own."""
    return render_page(
        request,
        "admin.html.jinja",
        title="Administration",
        dagster_url=services.settings.dagster_url or _DAGSTER,
        churn_limit=services.settings.churn_limit,
        churn_limit_unchanged=services.settings.resolved_churn_limit_unchanged,
    )
