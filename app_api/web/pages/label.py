"""Labelling comments: what a person thinks of about twenty, from which their model learns."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name, viewer_of

router = APIRouter(prefix="/app", include_in_schema=False)


@router.get("/label")
def label(request: Request) -> Response:
    """Show comments to label, the training, and how good the model is.

    The query says which model (`model`), or to which topic one is to be tuned (`topic`).
    """
    return render_page(
        request,
        "label.html.jinja",
        title="Label comments",
        user=acting_name(request),
        may_label=viewer_of(request).role != "analyst",
    )
