"""What a model predicts for every comment, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.audit.user_view import PredictionColumn
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.comment_rows import DECIMALS, comment_frame
from app_api.routers.audit.documents import Document, Scale
from app_api.routers.audit.query_parameters import (
    AfterItem,
    ErrorFilterName,
    ErrorName,
    Format,
    ItemLimit,
    Keyword,
    Topic,
    check_limit,
)
from app_api.routers.audit.results import check_selection
from app_api.routers.audit.table_responses import NEXT_AFTER, PAGED_TABLE_RESPONSES
from app_api.routers.audit.whose import CurrentResults, Results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

router = APIRouter(prefix="/v1", tags=["audit"], route_class=EncodedSegmentRoute)

_FIGURES: tuple[PredictionColumn, ...] = get_args(PredictionColumn)


class PredictionRow(Document):
    """A comment with the distribution of the rating that the person would give."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item_id": 17,
                    "text": "boss loot raid",
                    "topic": "3_loot_boss_raid_squad",
                    "system_rating": 3.1,
                    "mean": 1.2,
                    "median": 1.0,
                    "p_above": 0.09,
                    "quantile_10": 0.0,
                    "quantile_25": 1.0,
                    "quantile_75": 2.0,
                    "quantile_90": 2.0,
                    "error": "over-sensitive",
                }
            ]
        }
    )

    item_id: int
    text: str
    topic: str
    system_rating: float
    mean: float = Field(description="Mean; what is compared with the system.")
    median: float = Field(description="Lower median, a value of the scale: the rating to expect.")
    p_above: float = Field(description="Probability of a rating above the threshold.")
    quantile_10: float = Field(description="A value of the scale, as all quantiles.")
    quantile_25: float
    quantile_75: float
    quantile_90: float
    error: Literal["none", "under-sensitive", "over-sensitive"] = Field(
        description="How the system errs, as the person sees it."
    )


class Predictions(Document):
    """A page of predictions, by ascending item id."""

    version: str = Field(description="Of the results; pages of one version belong together.")
    model_version: int
    scale: Scale
    n_selected: int = Field(description="Comments that the filters let through, on all pages.")
    comments: list[PredictionRow]
    next: int | None = Field(description="`after` of the next page; null on the last one.")


@router.get(
    "/users/{user}/models/{model}/predictions",
    summary="What a model predicts for every comment",
    response_model=Predictions,
    responses=PAGED_TABLE_RESPONSES,
)
def predictions(
    request: Request,
    found: CurrentResults,
    topic: Topic = None,
    keyword: Keyword = None,
    error: ErrorFilterName = "all",
    after: AfterItem = None,
    limit: ItemLimit = 100,
    form: Format = None,
) -> Response:
    """Give predictions page by page; comments must pass every filter that is given.

    A new training or a new corpus between two pages shows as another `version`. CSV and Parquet
    name the next page's `after` in the header `X-Next-After`.
    """
    check_selection(found.view.corpus, topic, keyword)
    check_limit(request, form, limit)
    return table_answer(
        request,
        form,
        found.state,
        lambda: _page(found, _selected(found, topic, keyword, error), after, limit),
    )


def _selected(
    found: Results, topic: str | None, keyword: str | None, error: ErrorName
) -> NDArray[np.int64]:
    """Return the rows that pass all filters, ascending."""
    import numpy as np

    from labelaudit_dagster.auditing.views import ErrorFilter, filter_rows, select_rows

    table = found.view.corpus.table
    rows = np.arange(len(table))
    if topic is not None:
        rows = table.topics.rows_of(topic)
    if keyword is not None:
        rows = np.intersect1d(rows, select_rows(table, keyword=keyword), assume_unique=True)
    return filter_rows(table, found.view.predictions(found.model.name), rows, ErrorFilter(error))


def _page(found: Results, rows: NDArray[np.int64], after: int | None, limit: int) -> Table:
    import numpy as np

    view = found.view
    table = view.corpus.table
    start = 0
    if after is not None:
        start = int(np.searchsorted(table.item_ids[rows], after, side="right"))
    page = rows[start : start + limit]
    frame = comment_frame(table, view.predictions(found.model.name), page)
    for name in _FIGURES:
        figures = view.predictions(found.model.name, name)[page]
        frame[name] = figures.astype(np.float64).round(DECIMALS)
    following = int(table.item_ids[page[-1]]) if start + limit < len(rows) else None
    return Table(
        "predictions",
        frame[list(PredictionRow.model_fields)],
        lambda records: Predictions(
            version=view.version,
            model_version=found.model.version,
            scale=Scale.of(table.scale),
            n_selected=len(rows),
            comments=[PredictionRow.model_validate(record) for record in records],
            next=following,
        ),
        headers={} if following is None else {NEXT_AFTER: str(following)},
    )
