"""Parameters that several routes of the constitution share, and pages over ordered rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

from fastapi import Path, Query, Request

from app_api.problems import ProblemError, field_problem
from app_api.routers.audit.query_parameters import LARGEST_PAGE, LARGEST_TABLE_PAGE
from app_api.tabular import TableFormat, accepted_format

T = TypeVar("T")

LONGEST_ID = 2_000
"""Most characters of an id that anybody may ask for."""

DEFAULT_PAGE = 100

StatusName = Literal["accepted", "undecided", "rejected", "too_few_ratings"]

GuidelineInPath = Annotated[
    str,
    Path(
        alias="guideline",
        max_length=LONGEST_ID,
        description="Id of a guideline, as one percent-encoded segment (`/` is `%2F`).",
        examples=["guideline-24"],
    ),
]
VersionInPath = Annotated[
    str,
    Path(
        alias="version",
        max_length=100,
        description="A version, as `/v1/constitutions` lists them.",
        examples=["20260301T120000.000000Z-9f8e7d6c5b"],
    ),
]
OfVersion = Annotated[
    str | None,
    Query(
        alias="version",
        max_length=100,
        description="Ask an earlier version, as `/v1/constitutions` lists them. Default: current.",
        examples=["20260301T120000.000000Z-9f8e7d6c5b"],
    ),
]
After = Annotated[
    str | None,
    Query(
        max_length=LONGEST_ID,
        description="Go on after this one; the page before has it as `next`.",
    ),
]
Limit = Annotated[
    int | None,
    Query(
        ge=1,
        le=LARGEST_TABLE_PAGE,
        description=(
            f"Most rows: at most {LARGEST_PAGE:,} (default {DEFAULT_PAGE}) as JSON, "
            f"{LARGEST_TABLE_PAGE:,} (the default) as CSV or Parquet."
        ),
    ),
]


def page_size(request: Request, wanted: TableFormat | None, limit: int | None) -> int:
    """Return the most rows of an answer, by its form.

    Raises:
        ProblemError: `invalid-value`: more than a page as JSON may have.
    """
    if accepted_format(wanted, request.headers.get("accept")) != "json":
        return LARGEST_TABLE_PAGE if limit is None else limit
    if limit is not None and limit > LARGEST_PAGE:
        raise field_problem("invalid-value", "limit", f"is at most {LARGEST_PAGE:,} as JSON")
    return DEFAULT_PAGE if limit is None else limit


def page_of(
    rows: Sequence[T], key: Callable[[T], str], after: str | None, limit: int
) -> tuple[Sequence[T], str | None]:
    """Return one page of rows, and `after` of the next one; None on the last.

    Args:
        rows: All rows in their order.
        key: Returns the id of a row.
        after: Id of the last row of the page before; None for the first page.
        limit: Most rows.

    Raises:
        ProblemError: `invalid-value`: no row has the id `after`.
    """
    start = 0
    if after is not None:
        start = next((place for place, row in enumerate(rows, 1) if key(row) == after), 0)
        if start == 0:
            raise _lost()
    page = rows[start : start + limit]
    more = start + limit < len(rows)
    return page, key(page[-1]) if more and page else None


def _lost() -> ProblemError:
    return field_problem(
        "invalid-value", "after", "is in this list no longer, or never was; begin without it"
    )
