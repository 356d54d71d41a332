"""Guidelines to rate: all of them, and those where a person's rating matters most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.callers import Caller, Calling, require_may_read, user_or_self
from app_api.constitutions import ConstitutionView, Reading
from app_api.read_answers import Table, document_answer, table_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import READ_RESPONSES, TABLE_RESPONSES
from app_api.routers.constitutions.parameters import (
    LONGEST_ID,
    After,
    Limit,
    page_of,
    page_size,
)
from app_api.services import Provided, Services

if TYPE_CHECKING:
    from labelaudit_dagster.constitution.next_guidelines import Side
    from labelaudit_dagster.store import Fingerprint

router = APIRouter(prefix="/v1/guidelines", tags=["ratings"])

RatingName = Literal["helpful", "not_helpful"]

MOST_NEXT = 50
"""Most guidelines that are proposed at once."""

_COUNTED_AGAIN = 5_000
"""How often ratings are counted again while as many come as there are."""


class GuidelineToRate(Document):
    """A guideline as people rate it: without what others say of it."""

    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(examples=["The AI should be fair"])
    topic_id: str | None
    topic: str | None = Field(description="Title of the topic.")
    rating: RatingName | None = Field(description="What the caller said of it, if anything.")


class GuidelinesToRate(Document):
    """The guidelines of the community, ordered by id."""

    n_selected: int = Field(description="Guidelines that the filters let pass, on all pages.")
    guidelines: list[GuidelineToRate]
    next: str | None = Field(description="`after` of the next page; null on the last one.")


class NextGuideline(Document):
    """A guideline where a rating matters."""

    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(examples=["The AI should be fair"])
    topic_id: str | None
    topic: str | None = Field(description="Title of the topic.")
    why: Literal["few_ratings", "one_side_only", "near_threshold", "more_ratings"]
    sentence: str = Field(examples=["It is close to being decided the other way."])


class NextGuidelines(Document):
    """What a person should rate next, most useful first."""

    participant_id: str
    n_rated: int = Field(description="Guidelines that the person has rated.")
    n_left: int = Field(description="Guidelines that they have not rated.")
    guidelines: list[NextGuideline]


@router.get(
    "",
    summary="Guidelines to rate",
    response_model=GuidelinesToRate,
    responses=TABLE_RESPONSES,
)
def guidelines(
    request: Request,
    services: Provided,
    caller: Calling,
    topic: Annotated[
        str | None,
        Query(max_length=LONGEST_ID, description="Only guidelines of the topic of this id."),
    ] = None,
    unrated: Annotated[
        bool, Query(description="Only guidelines that the caller has not rated.")
    ] = False,
    after: After = None,
    limit: Limit = None,
    form: Format = None,
) -> Response:
    """List the guidelines of the community; others' ratings are left out, so as not to sway."""
    from labelaudit_dagster.store import fingerprint

    most = page_size(request, form, limit)
    state = f"{fingerprint(services.database).community} {caller.subject or ''}"

    def make() -> Table:
        import pandas as pd

        from labelaudit_dagster.store import list_guidelines

        own = _own_ratings(services, caller)
        selected = [
            GuidelineToRate(
                guideline_id=row.guideline_id,
                text=row.text,
                topic_id=row.topic_id,
                topic=row.topic,
                rating=own.get(row.guideline_id),
            )
            for row in list_guidelines(services.database)
            if (topic is None or row.topic_id == topic)
            and not (unrated and row.guideline_id in own)
        ]
        page, following = page_of(selected, lambda row: row.guideline_id, after, most)
        return Table(
            "guidelines",
            pd.DataFrame(
                [row.model_dump() for row in page],
                columns=list(GuidelineToRate.model_fields),
                dtype="str",
            ),
            lambda rows: GuidelinesToRate(
                n_selected=len(selected),
                guidelines=[GuidelineToRate.model_validate(row) for row in rows],
                next=following,
            ),
            headers={} if following is None else {"X-Next-After": quote(following, safe="")},
        )

    return table_answer(request, form, state, make)


@router.get(
    "/next",
    summary="Guidelines where a person's rating matters most",
    response_model=NextGuidelines,
    responses=READ_RESPONSES,
)
def next_to_rate(
    request: Request,
    services: Provided,
    caller: Calling,
    reader: Reading,
    n: Annotated[int, Query(ge=1, le=MOST_NEXT, description="How many.")] = 1,
    participant_id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=LONGEST_ID,
            description="For whom; participants need not say it, they ask for themselves.",
        ),
    ] = None,
) -> Response:
    """Choose guidelines near the threshold, heard from one side only, or with few ratings.

    Never one that the person has rated; the same state gives the same answer.
    """
    from labelaudit_dagster.store import fingerprint

    person = user_or_self(caller, participant_id, field="participant_id")
    require_may_read(caller, person)
    view = reader.current_or_none()
    mark = fingerprint(services.database)
    state = f"{mark.community} {'' if view is None else view.state} {person}"
    return document_answer(
        request, state, lambda: _next(services, view, mark, person=person, limit=n)
    )


def _next(
    services: Services, view: ConstitutionView | None, mark: Fingerprint, *, person: str, limit: int
) -> NextGuidelines:
    from labelaudit_dagster.constitution import AcceptanceRule, next_guidelines
    from labelaudit_dagster.store import count_ratings, list_guidelines, list_ratings

    known = {row.guideline_id: row for row in list_guidelines(services.database)}
    counts = services.audit.cache.get(
        ("rating counts", _counted_at(mark, view), hash(tuple(known))),
        lambda: count_ratings(services.database),
        lambda found: 200 * len(found),
    )
    rated = {row.guideline_id for row in list_ratings(services.database, person)}
    chosen = next_guidelines(
        {key: counts.get(key, 0) for key in known},
        {} if view is None else view.by_id,
        AcceptanceRule() if view is None else view.rule(),
        rated=rated,
        limit=limit,
        person=person,
        side=None if view is None else _side(view, person),
        lambda_intercept=0.15 if view is None else view.document["parameters"]["lambda_intercept"],
    )
    return NextGuidelines(
        participant_id=person,
        n_rated=len(rated),
        n_left=len(known.keys() - rated),
        guidelines=[
            NextGuideline(
                guideline_id=found.guideline_id,
                text=known[found.guideline_id].text,
                topic_id=known[found.guideline_id].topic_id,
                topic=known[found.guideline_id].topic,
                why=found.why,
                sentence=found.sentence,
            )
            for found in chosen
        ],
    )


def _counted_at(mark: Fingerprint, view: ConstitutionView | None) -> tuple[str, int]:
    """Return a name for the state of the counts, which lag behind by 0.02 % of the ratings at most.

    Counting reads every rating; nobody's answer depends on the last few of a million.
    """
    total = 0 if view is None else view.document["n_ratings"]
    return mark.database_id, mark.sequence // max(1, total // _COUNTED_AGAIN)


def _side(view: ConstitutionView, person: str) -> Side | None:
    """Return on which side the model sees a person; None for who had not rated then."""
    raters = view.raters()
    found = raters.loc[raters["participant_id"] == person, "factor_0"]
    if found.empty:
        return None
    factor = float(found.iloc[0])
    return "neutral" if factor == 0 else "negative" if factor < 0 else "positive"


def _own_ratings(services: Services, caller: Caller) -> dict[str, RatingName]:
    from labelaudit_dagster.store import list_ratings

    if caller.subject is None:
        return {}
    return {
        row.guideline_id: "helpful" if row.helpful else "not_helpful"
        for row in list_ratings(services.database, caller.subject)
    }
