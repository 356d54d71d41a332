"""Charts as Vega-Lite specifications, with their data inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import document_answer
from app_api.routers.audit.comparisons import (
    MOST_POINTS_OF_VIEW,
    By,
    MostTopics,
    OptionalBy,
    Others,
    TopicNames,
    Values,
    compared,
    group_series,
    person_series,
)
from app_api.routers.audit.query_parameters import ErrorFilterName, Keyword, Method, Topic
from app_api.routers.audit.results import check_selection, find_comments
from app_api.routers.audit.table_responses import CHART_RESPONSES
from app_api.routers.audit.whose import CurrentResults
from app_api.services import Provided

router = APIRouter(prefix="/v1", tags=["charts"], route_class=EncodedSegmentRoute)

_OF_MODEL = "/users/{user}/models/{model}/charts"


def _answer(request: Request, state: str, draw: Callable[[], dict[str, Any]]) -> Response:
    return document_answer(request, state, lambda: orjson.dumps(draw()))


@router.get(
    "/charts/topic-overview",
    summary="How the system rates the topics",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def system_topic_overview(
    request: Request, services: Provided, method: Method = "median"
) -> Response:
    """Draw every topic in the column of the system's rating."""
    view = services.audit.corpus()

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import topic_overview_chart
        from labelaudit_dagster.auditing.views import topic_overview

        return topic_overview_chart(topic_overview(view.table, None, method=method))

    return _answer(request, view.version, draw)


@router.get(
    "/charts/topic-results",
    summary="Comments of a topic or with a keyword, as the system rates them",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def system_topic_results(
    request: Request, services: Provided, topic: Topic = None, keyword: Keyword = None
) -> Response:
    """Draw the comments of `/v1/results`."""
    view = services.audit.corpus()
    check_selection(view, topic, keyword, needed=True)

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import topic_results_chart

        found = find_comments(view, None, topic, keyword, "all")
        return topic_results_chart(found, subject=topic or keyword or "")

    return _answer(request, view.version, draw)


@router.get(
    "/charts/group-comparison",
    summary="Groups of the crowd beside the system, topic by topic",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def group_comparison(
    request: Request,
    services: Provided,
    by: By,
    value: Values = [],  # noqa: B006 - FastAPI copies defaults
    topic: TopicNames = [],  # noqa: B006 - likewise
    method: Method = "mean",
    most: MostTopics = 12,
) -> Response:
    """Draw the comparison of `/v1/groups/comparison`."""
    view = services.audit.corpus()

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import group_comparison_chart

        series = group_series(services, view, by, value, MOST_POINTS_OF_VIEW)
        frame = compared(view, series, topic, method, most)
        return group_comparison_chart(frame, scale=view.scale, method=method)

    return _answer(request, f"{view.version} {services.settings.seed}", draw)


@router.get(
    f"{_OF_MODEL}/topic-overview",
    summary="How a person rates the topics, and where the system differs",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def topic_overview(request: Request, found: CurrentResults, method: Method = "median") -> Response:
    """Draw every topic in the column of the person's rating."""

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing import views
        from labelaudit_dagster.auditing.charts import topic_overview_chart

        you = found.view.predictions(found.model.name)
        overview = views.topic_overview(found.view.corpus.table, you, method=method)
        return topic_overview_chart(overview)

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/topic-results",
    summary="Comments of a topic or with a keyword, as person and system rate them",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def topic_results(
    request: Request,
    found: CurrentResults,
    topic: Topic = None,
    keyword: Keyword = None,
    error: ErrorFilterName = "all",
) -> Response:
    """Draw the comments of `…/results`."""
    view = found.view
    check_selection(view.corpus, topic, keyword, needed=True)

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import topic_results_chart

        you = view.predictions(found.model.name)
        results = find_comments(view.corpus, you, topic, keyword, error)
        return topic_results_chart(results, subject=topic or keyword or "")

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/topic-disagreement",
    summary="The topics in which the system most surely disagrees with a person",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def topic_disagreement(request: Request, found: CurrentResults) -> Response:
    """Draw the first topics of `…/audit` with their intervals."""

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import topic_disagreement_chart

        return topic_disagreement_chart(found.view.topics(found.model.name))

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/performance",
    summary="The honest error of a model by version",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def performance(request: Request, found: CurrentResults) -> Response:
    """Draw the mean absolute error on the person's own labels against the bands of quality."""

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import performance_chart

        errors = found.view.versions(found.model.name)["mae_of_median"]
        known = [None if error != error else float(error) for error in errors.tolist()]
        return performance_chart(known, found.model.name, scale=found.view.corpus.scale)

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/labels",
    summary="A person's labels against predictions made without them",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def labels(request: Request, found: CurrentResults) -> Response:
    """Draw each label that the version was trained on."""

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import labels_chart

        frame = found.view.labels(found.model.name)
        used = frame[frame["used"]].rename(columns={"left_out_mean": "mean"})
        return labels_chart(used, scale=found.view.corpus.scale)

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/against-system",
    summary="All predictions of a model against the system's ratings",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def against_system(request: Request, found: CurrentResults) -> Response:
    """Draw how many comments have which pair of ratings."""

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import against_system_chart

        table = found.view.corpus.table
        you = found.view.predictions(found.model.name)
        return against_system_chart(you, table.system, scale=table.scale)

    return _answer(request, found.state, draw)


@router.get(
    f"{_OF_MODEL}/comparison",
    summary="A person beside the system, groups and further models, topic by topic",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def comparison(
    request: Request,
    services: Provided,
    found: CurrentResults,
    by: OptionalBy = None,
    value: Values = [],  # noqa: B006 - FastAPI copies defaults
    others: Others = [],  # noqa: B006 - likewise
    topic: TopicNames = [],  # noqa: B006 - likewise
    method: Method = "mean",
    most: MostTopics = 12,
) -> Response:
    """Draw the comparison of `…/comparison`."""
    corpus = found.view.corpus

    def draw() -> dict[str, Any]:
        from labelaudit_dagster.auditing.charts import group_comparison_chart

        series = person_series(services, found, others, by, value)
        frame = compared(corpus, series, topic, method, most)
        return group_comparison_chart(frame, scale=corpus.scale, method=method)

    return _answer(request, f"{found.state} {services.settings.seed}", draw)
