"""What a person has said of guidelines."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.audit.whose import ReadableUser
from app_api.routers.constitutions.parameters import After, Limit, page_of, page_size
from app_api.services import Provided

router = APIRouter(prefix="/v1/users", tags=["ratings"], route_class=EncodedSegmentRoute)


class RatingRow(Document):
    """A current rating."""

    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(examples=["The AI should be fair"])
    rating: Literal["helpful", "not_helpful"]
    rated_at: datetime | None = Field(
        description="When it was given (UTC); null for an imported one without a time."
    )
    tags: list[str] = Field(
        description="Why, as far as they said; in CSV and Parquet with commas between.",
        examples=[["clear", "fair"]],
    )


class Ratings(Document):
    """A person's current ratings, ordered by guideline id."""

    user: str
    n_ratings: int = Field(description="On all pages.")
    ratings: list[RatingRow]
    next: str | None = Field(description="`after` of the next page; null on the last one.")


@router.get(
    "/{user}/ratings",
    summary="A person's ratings of guidelines",
    response_model=Ratings,
    responses=TABLE_RESPONSES,
)
def ratings(
    request: Request,
    services: Provided,
    user: ReadableUser,
    after: After = None,
    limit: Limit = None,
    form: Format = None,
) -> Response:
    """List a person's current ratings; participants read their own."""
    from labelaudit_dagster.store import fingerprint, list_ratings

    most = page_size(request, form, limit)
    # Tags are no part of the community, so that its fingerprint does not tell of them.
    found = list_ratings(services.database, user)
    told = hashlib.sha256(repr([row.tags for row in found]).encode()).hexdigest()
    state = f"{fingerprint(services.database).community} {told}"

    def make() -> Table:
        import pandas as pd

        page, following = page_of(found, lambda row: row.guideline_id, after, most)
        frame = pd.DataFrame(
            {
                "guideline_id": pd.Series([row.guideline_id for row in page], dtype="str"),
                "text": pd.Series([row.text for row in page], dtype="str"),
                "rating": pd.Series(
                    ["helpful" if row.helpful else "not_helpful" for row in page], dtype="str"
                ),
                "rated_at": pd.Series([row.rated_at for row in page], dtype="datetime64[us, UTC]"),
                "tags": pd.Series([",".join(row.tags) for row in page], dtype="str"),
            }
        )
        return Table(
            "ratings",
            frame,
            lambda rows: Ratings(
                user=user,
                n_ratings=len(found),
                ratings=[
                    RatingRow.model_validate(
                        {**row, "tags": [tag for tag in (row["tags"] or "").split(",") if tag]}
                    )
                    for row in rows
                ],
                next=following,
            ),
            headers={} if following is None else {"X-Next-After": quote(following, safe="")},
        )

    return table_answer(request, form, state, make)
