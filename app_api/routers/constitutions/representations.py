"""Does the constitution represent a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions import ConstitutionView, Reading
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.whose import ReadableUser
from app_api.services import Provided, Services

if TYPE_CHECKING:
    from labelaudit_dagster.constitution.representation import Expectation

router = APIRouter(prefix="/v1/users", tags=["constitution"], route_class=EncodedSegmentRoute)

MOST_SHOWN = 200


class ExpectedRating(Document):
    """A guideline on which a person and the constitution differ."""

    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(examples=["The AI should be fair"])
    expected: float = Field(
        description="What the model expects them to say: 0 not helpful, 1 helpful."
    )
    said: Literal["helpful", "not_helpful"] | None = Field(
        description="What they really said; null where they have not rated it."
    )


class RepresentationDocument(Document):
    """A person beside the constitution; expectations, not facts."""

    user: str
    version: str
    n_ratings: int = Field(
        description="Ratings that the expectation rests on; with few of them it is hardly about "
        "the person."
    )
    leniency: float = Field(
        description="How much more readily than others they find guidelines helpful."
    )
    factor: list[float] = Field(
        description="Where they stand in the range of perspectives, as raters' factors do; zeros "
        "without ratings."
    )
    n_accepted: int = Field(description="Accepted guidelines.")
    n_expected_helpful: int = Field(
        description="Accepted ones that they are expected to find helpful."
    )
    n_unwanted: int = Field(description="Accepted ones that they are expected to reject.")
    n_missing: int = Field(description="Others that they are expected to find helpful.")
    unwanted: list[ExpectedRating] = Field(description="The least wanted first.")
    missing: list[ExpectedRating] = Field(description="The most wanted first.")


@router.get(
    "/{user}/representation",
    summary="Where the constitution differs from a person",
    response_model=RepresentationDocument,
    responses=READ_RESPONSES,
)
def representation(
    request: Request,
    services: Provided,
    reader: Reading,
    user: ReadableUser,
    limit: Annotated[
        int, Query(ge=1, le=MOST_SHOWN, description="Most guidelines of each kind.")
    ] = 10,
) -> Response:
    """Compare the current constitution with what the model expects of a person, and they said."""
    from labelaudit_dagster.store import fingerprint

    view = reader.at(None)
    state = f"{view.state} {fingerprint(services.database).community}"
    return document_answer(request, state, lambda: represent(services, view, user, limit))


def represent(
    services: Services, view: ConstitutionView, user: str, limit: int
) -> RepresentationDocument:
    """Return a person beside the constitution, with at most `limit` guidelines of each kind."""
    from labelaudit_dagster.constitution.representation import representation
    from labelaudit_dagster.store import list_ratings

    ratings = {row.guideline_id: row.helpful for row in list_ratings(services.database, user)}
    found = representation(view.document, ratings)
    return RepresentationDocument(
        user=user,
        version=view.version,
        n_ratings=found.n_ratings,
        leniency=round(found.leniency, 6),
        factor=[round(value, 6) for value in found.factor],
        n_accepted=found.n_accepted,
        n_expected_helpful=found.n_expected_helpful,
        n_unwanted=len(found.unwanted),
        n_missing=len(found.missing),
        unwanted=[_row(view, one) for one in found.unwanted[:limit]],
        missing=[_row(view, one) for one in found.missing[:limit]],
    )


def _row(view: ConstitutionView, one: Expectation) -> ExpectedRating:
    return ExpectedRating(
        guideline_id=one.guideline_id,
        text=view.by_id[one.guideline_id]["text"],
        expected=round(one.expected, 4),
        said=None if one.said is None else "helpful" if one.said else "not_helpful",
    )
