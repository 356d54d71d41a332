"""Ratings that come in over HTTP, and that are taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.callers import Calling, require_own, user_or_self
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problem_handlers import validation_problem
from app_api.problems import FieldError, ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.routers.constitutions.parameters import LONGEST_ID, GuidelineInPath
from app_api.services import Provided
from labelaudit_dagster.store import (
    RATING_TAGS,
    InvalidTableError,
    InvalidTagError,
    UnknownGuidelineError,
    add_rating,
    withdraw_rating,
)

router = APIRouter(prefix="/v1", tags=["ratings"], route_class=EncodedSegmentRoute)

MAX_BODY_BYTES = 64 * 1024

RatingValue = Literal["helpful", "not_helpful"]


class PostedRating(BaseModel):
    """What somebody thinks of a guideline."""

    model_config = ConfigDict(extra="forbid", strict=True)

    participant_id: str | None = Field(
        default=None,
        min_length=1,
        description="Who rates; a new id is added. Participants rate for themselves, and need not "
        "say it.",
        examples=["anna"],
    )
    guideline_id: str = Field(
        min_length=1, description="A guideline of this community.", examples=["guideline-24"]
    )
    rating: RatingValue
    tags: list[str] | None = Field(
        default=None,
        max_length=20,
        description="Why; decides nothing. For helpful ratings "
        f"{', '.join(RATING_TAGS[True])}; for others {', '.join(RATING_TAGS[False])}. Left out, "
        "those of the same rating stay as they are.",
        examples=[["clear"]],
    )


class KeptRating(BaseModel):
    """A rating that is durably stored."""

    participant_id: str
    guideline_id: str
    rating: RatingValue
    rated_at: datetime | None = Field(
        description="When it was given (UTC); null for an imported one without a time."
    )
    is_new: bool = Field(description="False where the same rating was there already.")
    tags: list[str] = Field(description="Why, as far as they said.")


class TakenBack(BaseModel):
    """A rating that no longer counts."""

    participant_id: str
    guideline_id: str
    was: RatingValue | None = Field(description="What it was; null where there was none.")


async def _posted_rating(request: Request) -> PostedRating:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return PostedRating.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.post(
    "/ratings",
    summary="Rate a guideline",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": PostedRating.model_json_schema()}},
        }
    },
)
def add(
    services: Provided,
    caller: Calling,
    posted: Annotated[PostedRating, Depends(_posted_rating)],
) -> KeptRating:
    """Store a rating, on the disk before the answer; an earlier one of the pair is superseded.

    Participants rate for themselves alone, operators for everybody.
    """
    participant_id = user_or_self(caller, posted.participant_id, field="participant_id")
    require_own(caller, participant_id)
    try:
        stored = add_rating(
            services.database,
            participant_id,
            posted.guideline_id,
            posted.rating == "helpful",
            tags=posted.tags,
            now=services.now(),
        )
    except InvalidTagError as error:
        raise ProblemError(
            "invalid-value",
            str(error),
            [FieldError(field="tags", message="must be tags of this kind of rating")],
        ) from None
    except UnknownGuidelineError:
        raise _unknown_guideline() from None
    except InvalidTableError:
        raise field_problem(
            "invalid-value", "participant_id", "must have 1 to 2,000 bytes in UTF-8"
        ) from None
    return KeptRating(
        participant_id=stored.participant_id,
        guideline_id=stored.guideline_id,
        rating="helpful" if stored.helpful else "not_helpful",
        rated_at=stored.rated_at,
        is_new=stored.is_new,
        tags=list(stored.tags),
    )


@router.delete("/ratings/{guideline}", summary="Take a rating back")
def take_back(
    services: Provided,
    caller: Calling,
    guideline: GuidelineInPath,
    participant_id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=LONGEST_ID,
            description="Whose rating; participants need not say it, they take back their own.",
        ),
    ] = None,
) -> TakenBack:
    """End a rating, on the disk before the answer; doing it again changes nothing.

    It no longer counts and is in no export; the history keeps it.
    """
    person = user_or_self(caller, participant_id, field="participant_id")
    require_own(caller, person)
    try:
        found = withdraw_rating(services.database, person, guideline, now=services.now())
    except UnknownGuidelineError:
        raise _unknown_guideline() from None
    was: RatingValue = "helpful" if found.was else "not_helpful"
    return TakenBack(
        participant_id=person, guideline_id=guideline, was=None if found.was is None else was
    )


def _unknown_guideline() -> ProblemError:
    return field_problem("unknown-id", "guideline_id", "names no guideline of this community")
