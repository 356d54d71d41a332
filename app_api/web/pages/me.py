"""What is stored about the viewer, in plain words: to take away, and to erase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.encoded_segments import path_of
from app_api.services import Provided
from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name, viewer_of
from labelaudit_dagster.forgetting import person_document

router = APIRouter(prefix="/app", include_in_schema=False)


@dataclass(frozen=True)
class Kept:
    """A kind of thing that is stored about somebody.

    Attributes:
        name: What it is called.
        count: How many there are.
        why: What it is for.
    """

    name: str
    count: int
    why: str


_KINDS: Final = (
    ("labels", "Labels of comments", "What you said of comments; changed ones are kept as well."),
    ("models", "Models", "Each predicts how you would rate every other comment."),
    ("trainings", "Trainings of your models", "When a model learnt from how many labels."),
    ("results", "Computed results", "Predictions and audits that were made from your labels."),
    ("reports", "Saved versions of reports", "What you wrote about the system, with evidence."),
    ("submissions", "Receipts", "Of reports that you sent to others."),
    ("guideline_ratings", "Ratings of guidelines", "Helpful or not; changed ones are kept too."),
    ("rating_tags", "Reasons for ratings", "The tags that you gave beside a rating."),
    ("withdrawn_ratings", "Ratings taken back", "That you undid a rating, and when."),
    ("proposals", "Proposed guidelines", "What you proposed, and what became of it."),
    ("consents", "Consent", "That you agreed to take part, with the text."),
    ("authored_guidelines", "Guidelines of yours", "Those that name you as their author."),
    ("participant_attributes", "Facts about you", "Attributes that came with imported ratings."),
    ("demographics", "Demographics", "What a study told about you."),
    ("quarantined", "Rows that could not be used", "Kept with the reason why."),
    ("invitations", "Invitations", "Links by which you come in; their secrets are not kept."),
    ("sessions", "Sessions", "Browsers in which you signed in."),
    ("tokens", "Tokens", "Keys of programs that act for you; their secrets are not kept."),
)


@router.get("/me")
def my_data(request: Request, services: Provided) -> Response:
    """Count what is stored about the viewer."""
    name = acting_name(request)
    document = person_document(services.settings, services.database, name)
    kept = [Kept(label, _count(document, key), why) for key, label, why in _KINDS]
    known = viewer_of(request).caller
    own = known is not None and known.subject is not None
    address = "/v1/me" if own else path_of("v1", "users", name, "data")
    return render_page(
        request,
        "me.html.jinja",
        title="My data",
        name=name,
        kept=[row for row in kept if row.count],
        absent=[row.name for row in kept if not row.count],
        address=address,
    )


def _count(document: dict[str, Any], key: str) -> int:
    found = document.get(key, ())
    return sum(map(len, found.values())) if isinstance(found, dict) else len(found)
