"""The comments of a topic or with a keyword, as the original's result view has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problems import ProblemError, field_problem
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.comment_rows import CommentRow, comment_frame
from app_api.routers.audit.documents import Document, Scale, generation
from app_api.routers.audit.query_parameters import (
    ErrorFilterName,
    ErrorName,
    Format,
    Keyword,
    Topic,
)
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.audit.whose import CurrentResults
from app_api.services import Provided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelaudit_dagster.auditing.views import CommentResults

router = APIRouter(prefix="/v1", tags=["audit"], route_class=EncodedSegmentRoute)


class ResultsDocument(Document):
    """Comments of a topic or with a keyword."""

    version: str
    scale: Scale
    n_hits: int = Field(description="Comments found.")
    n_sampled: int = Field(description="Of them in the sample: all, or 500.")
    comments: list[CommentRow] = Field(
        description=(
            "The sample after the filter: by the distance of the system's rating from the "
            "threshold, the largest first; without a model by the system's rating."
        )
    )


@router.get(
    "/results",
    summary="Comments of a topic or with a keyword, as the system rates them",
    response_model=ResultsDocument,
    responses=TABLE_RESPONSES,
)
def system_results(
    request: Request,
    services: Provided,
    topic: Topic = None,
    keyword: Keyword = None,
    form: Format = None,
) -> Response:
    """Find comments without a model. Give `topic` or `keyword`; both find either."""
    view = services.audit.corpus()
    check_selection(view, topic, keyword, needed=True)
    return table_answer(
        request,
        form,
        view.version,
        lambda: _table(generation(view), find_comments(view, None, topic, keyword, "all")),
    )


@router.get(
    "/users/{user}/models/{model}/results",
    summary="Comments of a topic or with a keyword, as person and system rate them",
    response_model=ResultsDocument,
    responses=TABLE_RESPONSES,
)
def results(
    request: Request,
    found: CurrentResults,
    topic: Topic = None,
    keyword: Keyword = None,
    error: ErrorFilterName = "all",
    form: Format = None,
) -> Response:
    """Find comments where a person and the system may differ.

    Of more than 500 a sample is shown that depends on the corpus alone. The filter comes after the
    sample, so that the share of errors in it is that of the hits. All comments, page by page, are
    under `…/predictions`.
    """
    view = found.view
    check_selection(view.corpus, topic, keyword, needed=True)

    def table() -> Table:
        you = view.predictions(found.model.name)
        return _table(view.version, find_comments(view.corpus, you, topic, keyword, error))

    return table_answer(request, form, found.state, table)


def check_selection(
    view: CorpusView, topic: str | None, keyword: str | None, *, needed: bool = False
) -> None:
    """End a request that names an unknown topic, or nothing where something is needed.

    Raises:
        ProblemError: `invalid-value` or `not-found`.
    """
    if needed and topic is None and keyword is None:
        raise field_problem("invalid-value", "topic", "is missing; give a topic or a keyword")
    if topic is not None and topic not in view.topics.position:
        raise ProblemError("not-found", "There is no such topic; GET /v1/topics lists them.")


def find_comments(
    view: CorpusView,
    you: NDArray[np.floating[Any]] | None,
    topic: str | None,
    keyword: str | None,
    error: ErrorName,
) -> CommentResults:
    """Find and sample comments."""
    from labelaudit_dagster.auditing.views import ErrorFilter, comment_results

    return comment_results(
        view.table,
        you,
        topic=topic,
        keyword=keyword,
        error_filter=ErrorFilter(error),
        use_model=you is not None,
    )


def _table(version: str, found: CommentResults) -> Table:
    return Table(
        "results",
        comment_frame(found.table, found.you, found.shown),
        lambda rows: ResultsDocument(
            version=version,
            scale=Scale.of(found.table.scale),
            n_hits=len(found.hits),
            n_sampled=len(found.sample),
            comments=[CommentRow.model_validate(row) for row in rows],
        ),
    )
