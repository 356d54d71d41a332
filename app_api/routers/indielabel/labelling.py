"""Comments to label."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.callers import Caller, Calling, require_may_read
from app_api.routers.indielabel.answers import json_answer
from app_api.routers.indielabel.given import GivenCount, GivenText, Parameters
from app_api.services import Provided, Services
from labelaudit_dagster.store import current_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

router = APIRouter(tags=["indielabel"])

MOST_COMMENTS: Final = 20
"""More are not given at once, however many are asked for."""

_SEED_BITS: Final = 32
_ANSWER: Any = {
    200: {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["to_label"],
                    "properties": {"to_label": {"type": "array", "items": {"type": "string"}}},
                }
            }
        }
    }
}


class CommentsQuery(Parameters):
    """How many comments, and for whom."""

    n: GivenCount = Field(default=None, description="How many; at most 20, which is the default.")
    user: GivenText = Field(
        default=None, description="Leave out what this user has labelled; not sent by the client."
    )


class TopicCommentsQuery(Parameters):
    """Of which topic, and for whom."""

    topic: GivenText = Field(default=None, description="Name of a topic.")
    user: GivenText = Field(
        default=None, description="Leave out what this user has labelled; not sent by the client."
    )


@router.get(
    "/get_comments_to_label",
    summary="Comments to label, some of every level of the system's rating",
    response_class=Response,
    responses=_ANSWER,
)
def get_comments_to_label(
    query: Annotated[CommentsQuery, Query()], services: Provided, caller: Calling
) -> Response:
    """Draw at most 20 training comments with distinct texts; other ones at each call."""
    corpus = services.audit.corpus()
    labelled = _labelled(services, caller, query.user)
    services.trainer.warm_soon()
    n = MOST_COMMENTS if query.n is None else min(query.n, MOST_COMMENTS)
    return json_answer({"to_label": _drawn(corpus, corpus.labelling_rows(), n, labelled)})


@router.get(
    "/get_comments_to_label_topic",
    summary="Comments of one topic to label",
    response_class=Response,
    responses=_ANSWER,
)
def get_comments_to_label_topic(
    query: Annotated[TopicCommentsQuery, Query()], services: Provided, caller: Calling
) -> Response:
    """Draw at most 20 training comments of a topic; none where there is no such topic."""
    import numpy as np

    corpus = services.audit.corpus()
    labelled = _labelled(services, caller, query.user)
    if query.topic is None:
        return json_answer({"to_label": []})
    rows = np.intersect1d(
        corpus.labelling_rows(), corpus.topics.rows_of(query.topic), assume_unique=True
    )
    return json_answer({"to_label": _drawn(corpus, rows, MOST_COMMENTS, labelled)})


def _labelled(services: Services, caller: Caller, user: str | None) -> frozenset[int]:
    who = caller.subject if user is None else user
    if who is None:
        return frozenset()
    require_may_read(caller, who)
    return frozenset(current_labels(services.database, who)["item_id"].tolist())


def _drawn(
    corpus: CorpusView, rows: NDArray[np.int64], n: int, exclude: frozenset[int]
) -> list[str]:
    import pandas as pd

    from labelaudit_dagster.auditing.stratified_sample import stratified_sample

    table = corpus.table
    offered = pd.DataFrame({"item_id": table.item_ids[rows], "system_rating": table.system[rows]})
    drawn = stratified_sample(
        offered, scale=corpus.scale, n=n, seed=secrets.randbits(_SEED_BITS), exclude=exclude
    )
    texts = corpus.texts_of(drawn)
    return [texts[item] for item in drawn]
