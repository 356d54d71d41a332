"""Query parameters that several audit routes share."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request

from app_api.problems import field_problem
from app_api.tabular import TableFormat, accepted_format

LARGEST_PAGE = 1_000
"""Most rows of a page as JSON."""

LARGEST_TABLE_PAGE = 20_000
"""Most rows of a page as CSV or Parquet."""

AfterItem = Annotated[
    int | None, Query(ge=0, lt=2**63, description="Go on after this item id.", examples=[17])
]
ItemLimit = Annotated[
    int,
    Query(
        ge=1,
        le=LARGEST_TABLE_PAGE,
        description=f"Most rows: {LARGEST_PAGE:,} as JSON, {LARGEST_TABLE_PAGE:,} otherwise.",
    ),
]
ErrorName = Literal["all", "both", "under", "over"]
MethodName = Literal["median", "mean"]

Format = Annotated[
    TableFormat | None,
    Query(
        alias="format",
        description="Form of the table; it comes before the header `Accept`. Default: `json`.",
    ),
]
Topic = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="Name of a topic, as `/v1/topics` has it; `-1_…` collects the outliers.",
        examples=["3_loot_boss_raid_squad"],
    ),
]
Keyword = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=1_000,
        description="Found literally in the text, without regard to case.",
        examples=["loot"],
    ),
]
ErrorFilterName = Annotated[
    ErrorName,
    Query(
        alias="error",
        description=(
            "`all` comments; `under`: the system lets pass what the person would not; `over`: it "
            "flags what the person would not; `both` kinds of error."
        ),
    ),
]
Method = Annotated[
    MethodName, Query(description="How the ratings of a topic's comments are summed up.")
]


def check_limit(request: Request, form: TableFormat | None, limit: int) -> None:
    """End a request for a page as JSON that is larger than such a page may be.

    Raises:
        ProblemError: `invalid-value`.
    """
    if limit > LARGEST_PAGE and accepted_format(form, request.headers.get("accept")) == "json":
        raise field_problem("invalid-value", "limit", f"is at most {LARGEST_PAGE:,} as JSON")
