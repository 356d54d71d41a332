"""Why a guideline is in or out: reasons, certainty, who supports it, and what would tip it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions import ConstitutionView, Reading
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.constitutions.guideline_rows import GuidelineRow, row_values
from app_api.routers.constitutions.parameters import GuidelineInPath, OfVersion

router = APIRouter(
    prefix="/v1/constitution", tags=["constitution"], route_class=EncodedSegmentRoute
)


class TestResult(Document):
    """One of the tests that decide."""

    test: Literal["min_ratings", "min_support", "intercept_threshold", "numerical_precision"]
    passed: bool
    value: float | None = Field(description="The guideline's number; null without ratings.")
    threshold: float
    margin: float | None = Field(description="`value` - `threshold`.")
    sentence: str = Field(examples=["It has 202 ratings; 5 are needed."])


class SideSupport(Document):
    """What the raters of one side say; both null where there are one to four of them."""

    side: Literal["negative", "neutral", "positive"] = Field(
        description="Raters with a factor below, equal to and above zero."
    )
    n_ratings: int | None
    raw_support: float | None


class Band(Document):
    """What raters of similar perspective say; null where one to four of them rated it."""

    band: int = Field(description="Its place, 0 at one end of the range of perspectives.")
    side: Literal["negative", "neutral", "positive"]
    low: float = Field(description="Lowest factor of the raters in it.")
    high: float = Field(description="Highest.")
    n_raters: int = Field(description="People of the community in it, whatever they rated.")
    n_ratings: int | None
    n_helpful: int | None
    n_not_helpful: int | None


class TippingPoint(Document):
    """How many more ratings of one kind would turn the decision: an estimate."""

    value: Literal["helpful", "not_helpful"]
    raters: Literal["typical", "demanding"] = Field(
        description="Of median leniency, or of the lower quartile; of neither side."
    )
    n_ratings: int | None = Field(description="Null where no number of them would.")
    outcome: Literal["accepted", "not_accepted"]
    sentence: str = Field(
        examples=[
            "2 more typical raters saying that it does not help would probably take it out, if "
            "nothing else changed."
        ]
    )


class Explanation(Document):
    """Everything that explains the decision on a guideline."""

    version: str
    guideline: GuidelineRow
    reasons: list[TestResult] = Field(description="All tests, passed or not.")
    interval_level: float | None = Field(description="Of the interval: 0.9 is 90 %.")
    certainty: list[str] = Field(description="How far it depends on who was asked, in words.")
    support_by_side: list[SideSupport]
    support: list[str] = Field(description="The same in words.")
    perspectives: list[Band] = Field(
        description="A histogram over the range of perspectives; empty where nobody rated it."
    )
    nearest_change: TippingPoint


@router.get(
    "/guidelines/{guideline}",
    summary="Why a guideline is in or out",
    response_model=Explanation,
    responses=READ_RESPONSES,
)
def explanation(
    request: Request, reader: Reading, guideline: GuidelineInPath, version: OfVersion = None
) -> Response:
    """Explain the decision on a guideline in words and numbers; groups of few people are hidden."""
    view = reader.at(version)
    view.guideline(guideline)
    return document_answer(request, view.state, lambda: explain(view, guideline))


def explain(view: ConstitutionView, guideline: str) -> Explanation:
    """Return everything that explains the decision on a guideline."""
    from labelaudit_dagster.constitution import (
        SIDES,
        certainty_sentences,
        nearest_change,
        support_sentences,
    )

    record = view.guideline(guideline)
    return Explanation(
        version=view.version,
        guideline=GuidelineRow.model_validate(row_values(view, record)),
        reasons=[TestResult.model_validate(reason) for reason in record["reasons"]],
        interval_level=view.interval_level,
        certainty=certainty_sentences(record, view.interval_level),
        support_by_side=[
            SideSupport.model_validate({"side": side, **record["support_by_side"][side]})
            for side in SIDES
        ],
        support=support_sentences(record),
        perspectives=[Band.model_validate(row) for row in view.bands().rows(guideline)],
        nearest_change=TippingPoint.model_validate(
            nearest_change(record, view.rule_for(record), view.figures())
        ),
    )
