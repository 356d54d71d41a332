"""Rating guidelines one at a time, and proposing them; before the first, what one agrees to."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.routers.consent import consent_given
from app_api.services import Provided
from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name
from labelaudit_dagster.store import (
    LONGEST_PROPOSAL,
    RATING_TAGS,
    SHORTEST_PROPOSAL,
    list_guidelines,
    list_ratings,
)

router = APIRouter(prefix="/app", include_in_schema=False)

NAMES: Final = {True: "helpful", False: "not_helpful"}


@router.get("/rate")
def rate(request: Request, services: Provided) -> Response:
    """Show the page for rating, or the text that somebody agrees to first."""
    person = acting_name(request)
    if consent_given(services, person) is None:
        return render_page(
            request,
            "consent.html.jinja",
            title="Before you begin",
            paragraphs=services.consent.paragraphs,
            version=services.consent.version,
        )
    known = list_guidelines(services.database)
    titles = {row.topic_id: row.topic for row in known if row.topic_id and row.topic}
    return render_page(
        request,
        "rate.html.jinja",
        title="Rate guidelines",
        n_guidelines=len(known),
        n_rated=len(list_ratings(services.database, person)),
        tags={NAMES[helpful]: words for helpful, words in RATING_TAGS.items()},
        topics=sorted(titles.items(), key=lambda pair: pair[1]),
        shortest=SHORTEST_PROPOSAL,
        longest=LONGEST_PROPOSAL,
    )
