"""The first page: what this is, and what one can do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app_api.web.rendering import render_page

router = APIRouter(include_in_schema=False)


@router.get("/app")
def home(request: Request) -> Response:
    """Show what this is; to people who are signed in also the state of the community."""
    return render_page(request, "home.html.jinja", title="Home")


@router.get("/app/")
def with_a_slash() -> Response:
    """Lead to the page without the slash."""
    return RedirectResponse("/app", status_code=308)
