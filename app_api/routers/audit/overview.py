"""An audit at a glance: where system and person differ, topic by topic."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.comment_rows import error_names
from app_api.routers.audit.documents import Disagreement, Document, HonestError, Quality, Scale
from app_api.routers.audit.query_parameters import Format, Method, MethodName
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.audit.whose import CurrentResults, Results

if TYPE_CHECKING:
    import pandas as pd

router = APIRouter(prefix="/v1", tags=["audit"], route_class=EncodedSegmentRoute)


class TopicDisagreement(Document):
    """How the system decides in a topic, as the person sees it; intervals are of 90 %."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "topic_id": 3,
                    "topic": "3_loot_boss_raid_squad",
                    "n_comments": 180,
                    "direction": "over-sensitive",
                    "severity": 0.52,
                    "n_under": 1,
                    "n_over": 104,
                    "share_under": 0.0056,
                    "share_over": 0.5778,
                    "under_low": 0.0014,
                    "under_high": 0.0219,
                    "over_low": 0.5164,
                    "over_high": 0.6369,
                    "median_you": 1.3,
                    "median_system": 3.2,
                    "mean_you": 1.4,
                    "mean_system": 3.0,
                }
            ]
        }
    )

    topic_id: int
    topic: str
    n_comments: int
    direction: Literal["under-sensitive", "over-sensitive", ""] = Field(
        description="The leading kind of error; empty where there is none."
    )
    severity: float = Field(description="Surely at least this share errs; topics go by it.")
    n_under: int = Field(description="Comments that the system lets pass wrongly.")
    n_over: int = Field(description="Comments that it flags wrongly.")
    share_under: float
    share_over: float
    under_low: float
    under_high: float
    over_low: float
    over_high: float
    median_you: float
    median_system: float
    mean_you: float
    mean_system: float


class Audit(Document):
    """What a person's model says of the system."""

    version: str
    created_at: datetime = Field(description="When it was made, in UTC.")
    user: str
    model: str
    model_version: int
    n_labels: int = Field(description="Labels that the model was trained on.")
    scale: Scale
    honest_error: HonestError
    quality: Quality
    disagreement: Disagreement
    topics: list[TopicDisagreement] = Field(description="The surest disagreement first.")


class TopicOverviewRow(Document):
    """A topic in the overview."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "topic_id": 3,
                    "topic": "3_loot_boss_raid_squad",
                    "n_comments": 180,
                    "system_rating": 3.2,
                    "your_rating": 1.3,
                    "error": "over-sensitive",
                }
            ]
        }
    )

    topic_id: int
    topic: str
    n_comments: int
    system_rating: float = Field(description="Median or mean of the system's ratings.")
    your_rating: float = Field(description="Likewise of the predicted means.")
    error: Literal["none", "under-sensitive", "over-sensitive"]


class TopicOverviewDocument(Document):
    """Every topic with a number below 200, the outliers (-1) among them, by number."""

    version: str
    scale: Scale
    method: MethodName
    topics: list[TopicOverviewRow]


@router.get(
    "/users/{user}/models/{model}/audit",
    summary="Where the system disagrees with a person, and how good the model is",
    response_model=Audit,
    responses=TABLE_RESPONSES,
)
def audit(
    request: Request,
    found: CurrentResults,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Most topics.")] = 10_000,
    form: Format = None,
) -> Response:
    """Give the honest error, the disagreement with the system, and the topics that differ.

    Topics go by how surely they differ, so that a small one does not lead by chance. CSV and
    Parquet hold the topics alone.
    """

    def table() -> Table:
        topics = found.view.topics(found.model.name).head(limit).round(4)
        return Table(
            "audit",
            topics,
            lambda rows: _audit(found, [TopicDisagreement.model_validate(row) for row in rows]),
        )

    return table_answer(request, form, found.state, table)


@router.get(
    "/users/{user}/models/{model}/topics",
    summary="Every topic with the person's and the system's median or mean rating",
    response_model=TopicOverviewDocument,
    responses=TABLE_RESPONSES,
)
def topics(
    request: Request, found: CurrentResults, method: Method = "median", form: Format = None
) -> Response:
    """Give the rows of the topic overview."""

    def table() -> Table:
        corpus = found.view.corpus
        frame = _overview_frame(found, method)
        return Table(
            "topics",
            frame,
            lambda rows: TopicOverviewDocument(
                version=found.view.version,
                scale=Scale.of(corpus.scale),
                method=method,
                topics=[TopicOverviewRow.model_validate(row) for row in rows],
            ),
        )

    return table_answer(request, form, found.state, table)


def _audit(found: Results, topics: list[TopicDisagreement]) -> Audit:
    model, view = found.model, found.view
    honest = HonestError.of(model.metrics, "model_")
    return Audit(
        version=view.version,
        created_at=view.created_at,
        user=view.user,
        model=model.name,
        model_version=model.version,
        n_labels=model.n_labels,
        scale=Scale.of(view.corpus.scale),
        honest_error=honest,
        quality=Quality.of(honest.mae_of_median, view.corpus.scale),
        disagreement=Disagreement.of(model.metrics),
        topics=topics,
    )


def _overview_frame(found: Results, method: MethodName) -> pd.DataFrame:
    import pandas as pd

    from labelaudit_dagster.auditing.views import topic_overview

    view = found.view
    overview = topic_overview(view.corpus.table, view.predictions(found.model.name), method=method)
    you = overview.you
    assert you is not None  # noqa: S101 - for the type checker; predictions were given
    return pd.DataFrame(
        {
            "topic_id": overview.topic_ids,
            "topic": pd.Series(overview.topics, dtype="str"),
            "n_comments": overview.n_comments,
            "system_rating": overview.system.round(4),
            "your_rating": you.round(4),
            "error": pd.Series(error_names(you, overview.system, overview.scale), dtype="str"),
        }
    )
