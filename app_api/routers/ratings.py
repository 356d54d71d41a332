"""Ratings that come in over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.callers import Calling, require_own, user_or_self
from app_api.problem_handlers import validation_problem
from app_api.problems import field_problem
from app_api.request_body import read_body, read_object
from app_api.services import Provided
from labelaudit_dagster.store import InvalidTableError, UnknownGuidelineError, add_rating

router = APIRouter(prefix="/v1", tags=["ratings"])

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


class KeptRating(BaseModel):
    """A rating that is durably stored."""

    participant_id: str
    guideline_id: str
    rating: RatingValue
    rated_at: datetime | None = Field(
        description="When it was given (UTC); null for an imported one without a time."
    )
    is_new: bool = Field(description="False where the same rating was there already.")


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
            now=services.now(),
        )
    except UnknownGuidelineError:
        raise field_problem(
            "unknown-id", "guideline_id", "names no guideline of this community"
        ) from None
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
    )
