"""Points of view side by side: the system, groups of the crowd, a person's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.group_models import checked_conditions, ratings_of_group
from app_api.problems import ProblemError, field_problem
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document, Scale, generation
from app_api.routers.audit.query_parameters import Format, Method, MethodName
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.audit.whose import CurrentResults, Results
from app_api.services import Provided, Services

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

router = APIRouter(prefix="/v1", tags=["groups"], route_class=EncodedSegmentRoute)

MOST_POINTS_OF_VIEW: Final = 6
"""Beside the system; a chart has no more colours."""

Series = Mapping[str, "NDArray[np.floating[Any]]"]

By = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description="Demographic column whose values are compared.",
        examples=["gender"],
    ),
]
OptionalBy = Annotated[
    str | None,
    Query(alias="by", min_length=1, max_length=200, description="Demographic column to add."),
]
Values = Annotated[
    list[str],
    Query(
        alias="value",
        max_length=MOST_POINTS_OF_VIEW,
        description="Values of the column; default: the commonest of those that are large enough.",
    ),
]
Others = Annotated[
    list[str],
    Query(
        alias="with",
        max_length=MOST_POINTS_OF_VIEW - 1,
        description="Further models of the same person, group models among them.",
    ),
]
TopicNames = Annotated[
    list[str],
    Query(
        alias="topic",
        max_length=50,
        description="Topics; default: those in which the points of view lie farthest apart.",
    ),
]
MostTopics = Annotated[int, Query(alias="topics", ge=1, le=50, description="Most topics.")]


class ComparedTopic(Document):
    """One point of view on one topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "topic_id": 3,
                    "topic": "3_loot_boss_raid_squad",
                    "n_comments": 180,
                    "series": "gender: Female",
                    "value": 1.8,
                }
            ]
        }
    )

    topic_id: int
    topic: str
    n_comments: int
    series: str = Field(description="`System`, a value of the column, or the name of a model.")
    value: float = Field(description="Median or mean rating of the topic's comments.")


class Comparison(Document):
    """Points of view on the same topics."""

    version: str
    scale: Scale
    method: MethodName
    series: list[str] = Field(description="The points of view, the system first.")
    topics: list[ComparedTopic]


@router.get(
    "/groups/comparison",
    summary="Groups of the crowd beside the system, topic by topic",
    response_model=Comparison,
    responses=TABLE_RESPONSES,
)
def groups(
    request: Request,
    services: Provided,
    by: By,
    value: Values = [],  # noqa: B006 - FastAPI copies defaults
    topic: TopicNames = [],  # noqa: B006 - likewise
    method: Method = "mean",
    most: MostTopics = 12,
    form: Format = None,
) -> Response:
    """Compare what models of groups predict, each made from the group's median labels.

    A group of fewer than five people is refused, and never among the defaults.
    """
    view = services.audit.corpus()

    def table() -> Table:
        series = group_series(services, view, by, value, MOST_POINTS_OF_VIEW)
        return _table(view, compared(view, series, topic, method, most), generation(view), method)

    return table_answer(request, form, f"{view.version} {services.settings.seed}", table)


@router.get(
    "/users/{user}/models/{model}/comparison",
    summary="A person beside the system, groups and further models, topic by topic",
    response_model=Comparison,
    responses=TABLE_RESPONSES,
)
def person(
    request: Request,
    services: Provided,
    found: CurrentResults,
    by: OptionalBy = None,
    value: Values = [],  # noqa: B006 - FastAPI copies defaults
    others: Others = [],  # noqa: B006 - likewise
    topic: TopicNames = [],  # noqa: B006 - likewise
    method: Method = "mean",
    most: MostTopics = 12,
    form: Format = None,
) -> Response:
    """Compare a model with others of the same person, and with groups of the crowd."""
    view = found.view.corpus

    def table() -> Table:
        series = person_series(services, found, others, by, value)
        return _table(view, compared(view, series, topic, method, most), found.view.version, method)

    return table_answer(request, form, f"{found.state} {services.settings.seed}", table)


def person_series(
    services: Services, found: Results, others: list[str], by: str | None, values: list[str]
) -> Series:
    """Return a person's model, further ones and groups, at most six.

    Raises:
        ProblemError: There is no such model, column or value, or a group is too small.
    """
    names = list(dict.fromkeys([found.model.name, *others]))
    series: dict[str, NDArray[np.floating[Any]]] = {}
    for name in names:
        if name not in found.view.models:
            raise field_problem("invalid-value", "with", "names a model that has no results")
        series[name] = found.view.predictions(name)
    if by is not None:
        left = MOST_POINTS_OF_VIEW - len(series)
        series |= group_series(services, found.view.corpus, by, values, left)
    return series


def group_series(
    services: Services, view: CorpusView, by: str, values: list[str], most: int
) -> Series:
    """Return what models of groups predict, by value of a column.

    Raises:
        ProblemError: There is no such column, or a group is too small.
    """
    checked_conditions(view, {by: values})
    chosen = list(dict.fromkeys(values)) or _values(view, by)[:most]
    if not chosen:
        raise ProblemError(
            "invalid-value", "No value of this column is shared by five people; choose another."
        )
    return {
        f"{by}: {one}": ratings_of_group(
            view, services.audit.cache, {by: [one]}, seed=services.settings.seed
        )
        for one in chosen[:most]
    }


def compared(
    view: CorpusView, series: Series, topics: list[str], method: MethodName, most: int
) -> pd.DataFrame:
    """Return one row for each topic and point of view."""
    from labelaudit_dagster.auditing.views import topic_comparison

    return topic_comparison(view.table, dict(series), method=method, topics=topics, most=most)


def _values(view: CorpusView, column: str) -> list[str]:
    from labelaudit_dagster.auditing.groups import demographic_values

    found = demographic_values(view.raters())
    return found.loc[found["column"] == column, "value"].tolist()


def _table(view: CorpusView, frame: pd.DataFrame, version: str, method: MethodName) -> Table:
    return Table(
        "comparison",
        frame.round(4),
        lambda rows: Comparison(
            version=version,
            scale=Scale.of(view.scale),
            method=method,
            series=list(dict.fromkeys(row["series"] for row in rows)),
            topics=[ComparedTopic.model_validate(row) for row in rows],
        ),
    )
