"""The topics of the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document, generation
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.services import Provided

if TYPE_CHECKING:
    import pandas as pd

router = APIRouter(prefix="/v1", tags=["corpus"])


class TopicRow(Document):
    """A topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "topic_id": 3,
                    "topic": "3_loot_boss_raid_squad",
                    "n_comments": 180,
                    "words": ["loot", "boss", "raid", "squad"],
                    "tunable": True,
                    "median_system": 3.2,
                    "mean_system": 3.0,
                }
            ]
        }
    )

    topic_id: int
    topic: str = Field(description="Its name, by which other routes know it.")
    n_comments: int = Field(description="Comments of it that can be audited.")
    words: list[str] = Field(description="Its most characteristic words.")
    tunable: bool = Field(description="Whether it is large enough to tune a model to it.")
    median_system: float = Field(description="Median of the system's ratings.")
    mean_system: float = Field(description="Their mean.")


class Topics(Document):
    """All topics, by number; the outliers are no topic."""

    version: str
    topics: list[TopicRow]


@router.get(
    "/topics",
    summary="The topics of the corpus",
    response_model=Topics,
    responses=TABLE_RESPONSES,
)
def topics(request: Request, services: Provided, form: Format = None) -> Response:
    """Give every topic with its words, its size and how the system rates it."""
    view = services.audit.corpus()

    def table() -> Table:
        return Table(
            "topics",
            _topic_frame(view),
            lambda rows: Topics(
                version=generation(view), topics=[TopicRow.model_validate(row) for row in rows]
            ),
        )

    return table_answer(request, form, view.version, table)


def _topic_frame(view: CorpusView) -> pd.DataFrame:
    import pandas as pd

    from labelaudit_dagster.auditing.views import topic_choices, tuning_choices

    index = view.topics
    choices = topic_choices(index)
    places = [index.position[choice.topic] for choice in choices]
    tunable = {choice.topic for choice in tuning_choices(index)}
    about = view.topic_table()
    words = dict(zip(about["topic"].astype(str), about["words"].astype(str), strict=True))
    return pd.DataFrame(
        {
            "topic_id": pd.Series([choice.topic_id for choice in choices], dtype="int64"),
            "topic": pd.Series([choice.topic for choice in choices], dtype="str"),
            "n_comments": pd.Series([choice.n_comments for choice in choices], dtype="int64"),
            "words": pd.Series(
                [_listed(words.get(choice.topic, "")) for choice in choices], dtype=object
            ),
            "tunable": pd.Series([choice.topic in tunable for choice in choices], dtype="bool"),
            "median_system": view.table.system_by_topic("median")[places],
            "mean_system": view.table.system_by_topic("mean")[places],
        }
    ).round(4)


def _listed(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]
