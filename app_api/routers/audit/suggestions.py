"""Which comments a person should label next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document, Scale, generation
from app_api.routers.audit.query_parameters import Topic
from app_api.routers.audit.results import check_selection
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.whose import ModelInPath, ReadableUser
from app_api.services import Provided, Services

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

router = APIRouter(prefix="/v1/users", tags=["labels"], route_class=EncodedSegmentRoute)

PickMethod = Literal["active", "stratified"]


class SuggestedComment(Document):
    """A comment to label."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"item_id": 17, "text": "boss loot raid"}]}
    )

    item_id: int
    text: str


class Suggestions(Document):
    """Comments of the training split that the person has not labelled for any model."""

    version: str
    scale: Scale = Field(description="Ratings are values of it.")
    method: PickMethod
    comments: list[SuggestedComment] = Field(
        description="In the order in which to label them; fewer where there are no more."
    )


@router.get(
    "/{user}/models/{model}/suggestions",
    summary="Comments to label next",
    response_model=Suggestions,
    responses=READ_RESPONSES,
)
def suggestions(
    request: Request,
    services: Provided,
    user: ReadableUser,
    model: ModelInPath,
    n: Annotated[int, Query(ge=1, le=200, description="How many.")] = 20,
    method: Annotated[
        PickMethod,
        Query(
            description=(
                "`active`: those whose labels are expected to teach most, blind to the system's "
                "ratings; `stratified`: some of every level of the system's rating."
            )
        ),
    ] = "active",
    topic: Topic = None,
    seed: Annotated[
        int, Query(ge=0, lt=2**32, description="Of `stratified`; another seed, other comments.")
    ] = 0,
) -> Response:
    """Choose comments; the same ones until a label is added. The model need not exist yet."""
    view = services.audit.corpus()
    check_selection(view, topic, None)
    services.trainer.warm_soon()

    def make() -> Suggestions:
        if method == "active":
            chosen = _active(services, view, user, model, n, topic)
        else:
            chosen = _stratified(services, view, user, n, topic, seed)
        return Suggestions(
            version=generation(view),
            scale=Scale.of(view.scale),
            method=method,
            comments=[SuggestedComment.model_validate(one) for one in chosen],
        )

    return document_answer(request, None, make)


def _active(
    services: Services, view: CorpusView, user: str, model: str, n: int, topic: str | None
) -> list[dict[str, Any]]:
    from labelaudit_dagster.labelling_suggestions import suggest_comments

    among = None if topic is None else view.table.item_ids[view.topics.rows_of(topic)]
    return suggest_comments(
        services.artifacts, services.database, view.side, user, model, n, among=among
    )


def _stratified(
    services: Services, view: CorpusView, user: str, n: int, topic: str | None, seed: int
) -> list[dict[str, Any]]:
    import pandas as pd

    from labelaudit_dagster.auditing.stratified_sample import stratified_sample
    from labelaudit_dagster.store import current_labels

    table = view.table
    rows = _offered_rows(view, topic)
    labelled = current_labels(services.database, user)["item_id"].tolist()
    chosen = stratified_sample(
        pd.DataFrame({"item_id": table.item_ids[rows], "system_rating": table.system[rows]}),
        scale=view.scale,
        n=n,
        seed=seed,
        exclude=labelled,
    )
    text_of = dict(zip(table.item_ids[rows].tolist(), rows.tolist(), strict=True))
    return [{"item_id": item, "text": table.texts[text_of[item]]} for item in chosen]


def _offered_rows(view: CorpusView, topic: str | None) -> NDArray[np.int64]:
    import numpy as np

    rows = view.training_rows()
    if topic is None:
        return rows
    return np.intersect1d(rows, view.topics.rows_of(topic), assume_unique=True)
