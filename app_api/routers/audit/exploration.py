"""A look into the corpus before any label."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document, generation
from app_api.routers.audit.query_parameters import Format, Keyword, Topic
from app_api.routers.audit.results import check_selection
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.services import Provided

router = APIRouter(prefix="/v1", tags=["corpus"])


class ExploredComment(Document):
    """A comment and what the system says of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item_id": 17,
                    "text": "boss loot raid",
                    "topic": "3_loot_boss_raid_squad",
                    "system_rating": 3.1,
                    "system_positive": True,
                }
            ]
        }
    )

    item_id: int
    text: str
    topic: str
    system_rating: float
    system_positive: bool = Field(description="Whether that is above the threshold.")


class Exploration(Document):
    """Some comments, in random order."""

    version: str
    n_found: int = Field(description="Comments that these were chosen from.")
    comments: list[ExploredComment]


@router.get(
    "/exploration",
    summary="Random comments and what the system says of them",
    response_model=Exploration,
    responses=TABLE_RESPONSES,
)
def exploration(
    request: Request,
    services: Provided,
    n: Annotated[int, Query(ge=1, le=500, description="How many.")] = 20,
    seed: Annotated[int, Query(ge=0, lt=2**32, description="Another seed, other comments.")] = 0,
    topic: Topic = None,
    keyword: Keyword = None,
    system_positive: Annotated[
        bool | None, Query(description="What the system decided: above the threshold or not.")
    ] = None,
    form: Format = None,
) -> Response:
    """Give a random sample of the corpus; the same seed gives the same comments.

    Of topic, keyword and decision, all that are given must hold.
    """
    view = services.audit.corpus()
    check_selection(view, topic, keyword)

    def table() -> Table:
        import pandas as pd

        found, rows = explored_comments(
            view, n, seed, topic=topic, keyword=keyword, system_positive=system_positive
        )
        return Table(
            "exploration",
            pd.DataFrame(rows, columns=list(ExploredComment.model_fields)),
            lambda rows: Exploration(
                version=generation(view),
                n_found=found,
                comments=[ExploredComment.model_validate(row) for row in rows],
            ),
        )

    return table_answer(request, form, view.version, table)


def explored_comments(
    view: CorpusView,
    n: int,
    seed: int,
    *,
    topic: str | None,
    keyword: str | None,
    system_positive: bool | None,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many comments meet the conditions, and a sample of them, as rows.

    Args:
        view: The corpus.
        n: Size of the sample.
        seed: Of the choice.
        topic: Of the comments; a known one, or None for all.
        keyword: In their texts, or None.
        system_positive: What the system decided, or None.
    """
    from labelaudit_dagster.auditing.views import DECISIONS, explorable_rows, exploration_sample

    among = explorable_rows(
        view.table, topic=topic, keyword=keyword, system_positive=system_positive
    )
    return len(among), [
        {
            "item_id": row["item_id"],
            "text": row["comment"],
            "topic": row["topic"],
            "system_rating": row["rating"],
            "system_positive": row["system_decision"] == DECISIONS[1],
        }
        for row in exploration_sample(view.table, n, seed=seed, among=among)
    ]
