"""The audit: where the system decides otherwise than a person would."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name, viewer_of

router = APIRouter(prefix="/app", include_in_schema=False)


@router.get("/audit")
def audit(request: Request) -> Response:
    """Show topics, comments and groups.

    The query holds the view, so that going back, reloading and sending a link restore it: `model`,
    `topic` or `keyword`, `error`, `method`, `compare` (a column of the crowd) and `mode=no_model`.
    """
    return render_page(
        request,
        "audit.html.jinja",
        title="Audit",
        user=acting_name(request),
        may_label=viewer_of(request).role != "analyst",
    )
