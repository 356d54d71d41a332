"""Proposed guidelines, for operators to accept or decline."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.services import Provided
from app_api.web.rendering import render_page
from labelaudit_dagster.store import LONGEST_REASON, list_guidelines, list_proposals

router = APIRouter(prefix="/app/admin", include_in_schema=False)

MOST_DECIDED = 50


@router.get("/proposals")
def proposals(request: Request, services: Provided) -> Response:
    """List what waits, and the newest decisions."""
    found = list_proposals(services.database)
    decided = [one for one in found if one.status != "pending"]
    titles = {row.topic_id: row.topic for row in list_guidelines(services.database)}
    return render_page(
        request,
        "proposals.html.jinja",
        title="Proposed guidelines",
        waiting=[one for one in found if one.status == "pending"],
        decided=decided[:MOST_DECIDED],
        n_decided=len(decided),
        titles=titles,
        longest=LONGEST_REASON,
    )
