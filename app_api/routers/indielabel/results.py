"""Where a user and the system differ: the overview of topics, and the comments of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.audit import CorpusView, UserView
from app_api.callers import Caller, Calling, user_or_self
from app_api.problems import ProblemError, field_problem
from app_api.read_answers import document_answer
from app_api.routers.indielabel.answers import json_answer, json_text, strict_json
from app_api.routers.indielabel.given import GivenFlag, GivenIds, GivenText, Parameters
from app_api.routers.indielabel.settings import user_and_view
from app_api.services import Provided, Services

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.views import TopicMethod
    from labelaudit_dagster.auditing.views.decisions import Ratings

router = APIRouter(tags=["indielabel"])

_OBJECT: Any = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
_KEYWORD: Final = "keyword"
_NEVER_FILLED: Final = (
    "user_perf_rounded",
    "user_direction",
    "other_perf_rounded",
    "other_direction",
    "n_other_users",
    "cluster_examples",
    "odds_ratio",
    "odds_ratio_explanation",
)
EMPTY_PLOT: Final = {
    "datasets": {"e": []},
    "layer": [{"data": {"name": "e"}, "mark": "point", "encoding": {}}],
}
"""What the client can draw where there is nothing; without it it stops."""


class AuditQuery(Parameters):
    """Which model, and how topics are summed up."""

    pers_model: GivenText = Field(default=None, description="Name of the model.")
    cur_user: GivenText = Field(default=None, description="Whose model.")
    topic_vis_method: GivenText = Field(default=None, description="median (default) or mean.")
    error_type: GivenText = Field(default=None, description="Not used.")


class ResultsQuery(Parameters):
    """Which comments, seen how."""

    pers_model: GivenText = Field(default=None, description="Name of the model.")
    cur_user: GivenText = Field(default=None, description="Whose model.")
    search_type: GivenText = Field(default=None, description="cluster (default) or keyword.")
    cluster: GivenText = Field(default=None, description="Name of a topic, -1_… among them.")
    keyword: GivenText = Field(default=None, description="Text to find, without regard to case.")
    topic_df_ids: GivenIds = Field(
        default=(), description="Ids of further comments, between commas."
    )
    error_type: GivenText = Field(
        default=None,
        description="System is under-sensitive, System is over-sensitive, or Both; others: all.",
    )
    use_model: GivenFlag = Field(
        default=False, description="Order and plot by the model (true) or by the system."
    )


@router.get(
    "/get_audit", summary="Topics as a user sees them", response_class=Response, responses=_OBJECT
)
def get_audit(
    request: Request,
    query: Annotated[AuditQuery, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """Give the chart of topics as a Vega-Lite specification; null without a model."""
    if query.pers_model is None:
        return json_answer({"overall_perf": None})
    model = query.pers_model
    view = view_of_model(services, caller, query.cur_user, model)
    method = _topic_method(query.topic_vis_method)

    def drawn() -> bytes:
        from labelaudit_dagster.auditing.charts import topic_overview_chart
        from labelaudit_dagster.auditing.views import topic_overview

        overview = topic_overview(
            view.corpus.contract_table, view.contract_predictions(model), method=method
        )
        return strict_json(
            {"overall_perf": {"topic_overview_plot_json": topic_overview_chart(overview)}}
        )

    return document_answer(
        request,
        f"{view.version} {view.corpus.version}",
        lambda: view.remembered(("get_audit", model, method), drawn, len),
    )


@router.get(
    "/get_cluster_results",
    summary="Comments of a topic or with a keyword",
    response_class=Response,
    responses=_OBJECT,
)
def get_cluster_results(
    request: Request,
    query: Annotated[ResultsQuery, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """Give ids of all hits, a chart and the table of at most 500 of them."""
    if query.pers_model is None:
        _, view = user_and_view(services, caller, query.cur_user)
        corpus = services.audit.corpus() if view is None else view.corpus
        return document_answer(request, corpus.version, lambda: _results(corpus, None, query))
    model = query.pers_model
    view = view_of_model(services, caller, query.cur_user, model)
    return document_answer(
        request,
        f"{view.version} {view.corpus.version}",
        lambda: _results(view.corpus, view.contract_predictions(model), query),
    )


def view_of_model(services: Services, caller: Caller, user: str | None, model: str) -> UserView:
    """Return the results that hold a model of a user.

    Raises:
        ProblemError: Nobody is named, the caller may not read them, or there are none.
    """
    _, view = user_and_view(services, caller, user_or_self(caller, user, field="cur_user"))
    if view is None or model not in view.models:
        raise ProblemError("not-found", f"There are no results of a model {model[:80]!r} yet.")
    return view


def _topic_method(given: str | None) -> TopicMethod:
    if given is None or given == "median":
        return "median"
    if given == "mean":
        return "mean"
    raise field_problem("invalid-value", "topic_vis_method", "must be median or mean")


def _results(corpus: CorpusView, you: Ratings | None, query: ResultsQuery) -> bytes:
    import numpy as np

    from labelaudit_dagster.auditing.charts import topic_results_chart
    from labelaudit_dagster.auditing.views import ErrorFilter, comment_results

    by_keyword = query.search_type == _KEYWORD
    topic = None if by_keyword else query.cluster
    keyword = query.keyword if by_keyword else None
    found = comment_results(
        corpus.contract_table,
        you,
        topic=topic,
        keyword=keyword,
        item_ids=np.array(query.topic_df_ids, dtype=np.int64),
        error_filter=ErrorFilter.from_text(query.error_type),
        use_model=query.use_model,
    )
    if not len(found.hits):
        return strict_json(_nothing_found(by_keyword=by_keyword))
    return strict_json(
        {
            "topic_df_ids": found.item_ids,
            "cluster_overview_plot_json": topic_results_chart(
                found, subject=topic or keyword or ""
            ),
            "cluster_comments": json_text(found.records()),
        }
    )


def _nothing_found(*, by_keyword: bool) -> dict[str, Any]:
    """Return the answer without a hit: the client takes null for that with keywords alone."""
    return {
        "topic_df_ids": [],
        "cluster_overview_plot_json": None if by_keyword else EMPTY_PLOT,
        "cluster_comments": None if by_keyword else "[]",
        **dict.fromkeys(_NEVER_FILLED),
    }
