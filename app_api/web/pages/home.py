"""The first page: what this is, what one can do, and how far the community is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app_api.access import AUDIT_READERS
from app_api.services import Provided
from app_api.web.community_state import audit_state, community_state
from app_api.web.rendering import render_page
from app_api.web.viewer import viewer_of

router = APIRouter(include_in_schema=False)


@router.get("/app")
def home(request: Request, services: Provided) -> Response:
    """Show what this is; to people who are signed in also the state of the community."""
    viewer = viewer_of(request)
    known = viewer.role is not None
    return render_page(
        request,
        "home.html.jinja",
        title="People decide, and check, what an AI does",
        community=community_state(services) if known else None,
        audit=audit_state(services) if viewer.role in AUDIT_READERS else None,
        audits=viewer.role in AUDIT_READERS,
    )


@router.get("/app/")
def with_a_slash() -> Response:
    """Lead to the page without the slash."""
    return RedirectResponse("/app", status_code=308)
