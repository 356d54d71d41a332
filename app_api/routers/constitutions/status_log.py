"""The status log over HTTP: what changed for which guideline, when, and by which test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions.status_log import bring_up_to_date, known_to_the_log
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problems import ProblemError, field_problem
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import NEXT_AFTER, PAGED_TABLE_RESPONSES
from app_api.routers.constitutions.parameters import (
    LONGEST_ID,
    GuidelineInPath,
    Limit,
    page_size,
)
from app_api.services import Provided, Services
from app_api.tabular import TableFormat
from labelaudit_dagster.store import LoggedChange, list_changes_of_status

if TYPE_CHECKING:
    import pandas as pd

router = APIRouter(
    prefix="/v1/constitution", tags=["constitution"], route_class=EncodedSegmentRoute
)

LoggedStatusName = Literal["accepted", "undecided", "rejected", "too_few_ratings", "removed"]

Statuses = Annotated[
    list[LoggedStatusName],
    Query(description="Only changes to this status; may be given several times."),
]
SinceTime = Annotated[
    datetime | None,
    Query(
        description=(
            "Only changes by constitutions computed then or later; UTC where it names no zone."
        ),
        examples=["2026-03-01T00:00:00Z"],
    ),
]
AfterChange = Annotated[
    int | None,
    Query(
        ge=1,
        lt=2**31,
        description="Go on after this one; the page before has it as `next`.",
        examples=[17],
    ),
]


class StatusChange(Document):
    """One guideline's change of status. Numbers are null where nothing is known."""

    sequence: int = Field(description="Number of the entry, from 1.", examples=[104])
    version: str = Field(
        description="The constitution that changed it; it may have been pruned.",
        examples=["20260301T120000.000000Z-9f8e7d6c5b"],
    )
    created_at: datetime = Field(description="When that was computed (UTC).")
    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(description="Its text at the time.", examples=["The AI should be fair"])
    status_before: LoggedStatusName | None = Field(description="Null for its first status.")
    status: LoggedStatusName = Field(description="`removed`: no longer among the guidelines.")
    decided_by: (
        Literal["min_ratings", "min_support", "intercept_threshold", "numerical_precision"] | None
    ) = Field(description="The test that decided; null where it was removed.")
    margin: float | None = Field(description="Of that test: the number less its limit.")
    sentence: str = Field(
        description="Why, in words.", examples=["It has 5 ratings; 5 are needed."]
    )
    n_ratings_before: int | None
    n_ratings: int | None
    raw_support_before: float | None
    raw_support: float | None
    intercept_before: float | None
    intercept: float | None
    p_accepted_before: float | None
    p_accepted: float | None = Field(description="Where it was known when the entry was made.")


class StatusChanges(Document):
    """Entries of the status log, newest first."""

    changes: list[StatusChange]
    next: int | None = Field(description="`after` of the next page; null on the last one.")


@dataclass(frozen=True)
class _Asked:
    """What of the log is asked for, and in which form."""

    guideline: str | None
    statuses: list[LoggedStatusName]
    since: datetime | None
    after: int | None
    limit: int | None
    form: TableFormat | None


@router.get(
    "/history",
    summary="The status log: what changed for which guideline, and why",
    response_model=StatusChanges,
    responses=PAGED_TABLE_RESPONSES,
)
def history(
    request: Request,
    services: Provided,
    guideline: Annotated[
        str | None, Query(max_length=LONGEST_ID, description="Only changes of this guideline.")
    ] = None,
    status: Statuses = [],  # noqa: B006 - FastAPI copies defaults
    since: SinceTime = None,
    after: AfterChange = None,
    limit: Limit = None,
    form: Format = None,
) -> Response:
    """List changes of status, newest first; they are kept when constitutions are pruned."""
    return _answer(request, services, _Asked(guideline, status, since, after, limit, form))


@router.get(
    "/guidelines/{guideline}/history",
    summary="The changes of one guideline's status",
    response_model=StatusChanges,
    responses=PAGED_TABLE_RESPONSES,
)
def guideline_history(
    request: Request,
    services: Provided,
    guideline: GuidelineInPath,
    status: Statuses = [],  # noqa: B006 - FastAPI copies defaults
    since: SinceTime = None,
    after: AfterChange = None,
    limit: Limit = None,
    form: Format = None,
) -> Response:
    """List a guideline's changes of status, newest first, also where it no longer exists."""
    bring_up_to_date(services)
    if known_to_the_log(services, guideline) is None:
        raise ProblemError(
            "not-found",
            "No constitution knew a guideline of that id; /v1/constitution/history lists those "
            "that were known.",
        )
    return _answer(request, services, _Asked(guideline, status, since, after, limit, form))


def _answer(request: Request, services: Services, asked: _Asked) -> Response:
    state = bring_up_to_date(services)
    most = page_size(request, asked.form, asked.limit)
    since = _moment(asked.since)

    def make() -> Table:
        found = list_changes_of_status(
            services.database,
            guideline_id=asked.guideline,
            statuses=asked.statuses,
            since=since,
            before=asked.after,
            limit=most + 1,
        )
        page = found[:most]
        following = page[-1].sequence if len(found) > most else None
        return Table(
            "history",
            _frame(page),
            lambda rows: StatusChanges(
                changes=[StatusChange.model_validate(row) for row in rows], next=following
            ),
            headers={} if following is None else {NEXT_AFTER: str(following)},
        )

    return table_answer(request, asked.form, state, make)


def _moment(given: datetime | None) -> datetime | None:
    """Return a time with its zone.

    Raises:
        ProblemError: `invalid-value`: it lies outside the years that times are kept for.
    """
    if given is None:
        return None
    try:
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise field_problem("invalid-value", "since", "is no time of the years 1 to 9999") from None


def _frame(changes: list[LoggedChange]) -> pd.DataFrame:
    """Return changes as a table with the columns of `StatusChange`, also where it is empty."""
    import pandas as pd

    rows = [_row(change) for change in changes]
    columns: dict[str, pd.Series[Any]] = {}
    for name, about in StatusChange.model_fields.items():
        kind = str(about.annotation)
        dtype = "str"
        if "datetime" in kind:
            dtype = "datetime64[us, UTC]"
        elif "int" in kind and "Literal" not in kind:
            dtype = "Int64"
        elif "float" in kind:
            dtype = "Float64"
        columns[name] = pd.Series([row[name] for row in rows], dtype=dtype)
    return pd.DataFrame(columns)


def _row(change: LoggedChange) -> dict[str, Any]:
    row = {name: getattr(change, name, None) for name in StatusChange.model_fields}
    for ending, figures in (("_before", change.before), ("", change.after)):
        for name in ("n_ratings", "raw_support", "intercept", "p_accepted"):
            row[f"{name}{ending}"] = (figures or {}).get(name)
    return row
