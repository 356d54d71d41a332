"""The corpus under audit: what there is, and on which scale."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document, Scale, generation
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.services import Provided, Services

router = APIRouter(prefix="/v1", tags=["corpus"])


class CorpusSummary(Document):
    """Comments, people and topics of one generation of the corpus."""

    version: str = Field(description="Changes with everything that audits are made from.")
    created_at: datetime = Field(description="When its comment model was fitted, in UTC.")
    scale: Scale
    n_comments: int = Field(description="Comments that can be audited.")
    n_without_system_rating: int = Field(description="Further ones, which the system did not rate.")
    n_topics: int = Field(description="Topics; the outliers are none.")
    n_raters: int = Field(description="People of the crowd.")
    n_ratings: int = Field(description="Ratings that they gave.")
    n_training: int = Field(description="Comments that are offered for labelling.")
    n_evaluation: int = Field(description="Comments on which people and system are compared.")
    demographic_columns: list[str] = Field(description="What is known of the people of the crowd.")


@router.get(
    "/corpus",
    summary="What is audited, and on which scale",
    response_model=CorpusSummary,
    responses=READ_RESPONSES,
)
def corpus(request: Request, services: Provided) -> Response:
    """Give the size of the corpus and the scale of its ratings.

    All ratings of the routes under `/v1` are on this scale.
    """
    view = services.audit.corpus()
    return document_answer(request, view.version, lambda: _summary(services, view))


def _summary(services: Services, view: CorpusView) -> CorpusSummary:
    from labelaudit_dagster.auditing.groups import demographic_columns
    from labelaudit_dagster.auditing.views import topic_choices

    raters = view.raters()
    return CorpusSummary(
        version=generation(view),
        created_at=services.artifacts.manifest(view.refs["comment_model"]).created_at,
        scale=Scale.of(view.scale),
        n_comments=len(view.table),
        n_without_system_rating=view.table.n_left_out,
        n_topics=len(topic_choices(view.topics)),
        n_raters=len(raters),
        n_ratings=len(view.comment_ratings()),
        n_training=len(view.training_rows()),
        n_evaluation=len(view.side.evaluation),
        demographic_columns=demographic_columns(raters),
    )
