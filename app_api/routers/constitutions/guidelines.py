"""Guidelines of the constitution as a table: filtered, paged, as JSON, CSV or Parquet."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions import Reading
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.constitutions.guideline_rows import GuidelineRow, row_frame
from app_api.routers.constitutions.parameters import (
    LONGEST_ID,
    After,
    Limit,
    OfVersion,
    StatusName,
    page_of,
    page_size,
)

router = APIRouter(prefix="/v1/constitution", tags=["constitution"])


class Guidelines(Document):
    """Guidelines in the order of the constitution: accepted ones first, by score."""

    version: str
    n_selected: int = Field(description="Guidelines that the filters let pass, on all pages.")
    guidelines: list[GuidelineRow]
    next: str | None = Field(description="`after` of the next page; null on the last one.")


@router.get(
    "/guidelines",
    summary="Guidelines with their decisions",
    response_model=Guidelines,
    responses=TABLE_RESPONSES,
)
def guidelines(
    request: Request,
    reader: Reading,
    status: Annotated[
        list[StatusName],
        Query(description="Only guidelines of this status; may be given several times."),
    ] = [],  # noqa: B006 - FastAPI copies defaults
    topic: Annotated[
        str | None,
        Query(max_length=LONGEST_ID, description="Only guidelines of the topic of this id."),
    ] = None,
    version: OfVersion = None,
    after: After = None,
    limit: Limit = None,
    form: Format = None,
) -> Response:
    """List guidelines; `X-Next-After` names a table's next page, percent-encoded."""
    view = reader.at(version)
    most = page_size(request, form, limit)

    def make() -> Table:
        selected = [
            row
            for row in view.document["guidelines"]
            if (not status or row["status"] in status)
            and (topic is None or row["topic_id"] == topic)
        ]
        page, following = page_of(selected, lambda row: str(row["guideline_id"]), after, most)
        return Table(
            "guidelines",
            row_frame(view, page),
            lambda rows: Guidelines(
                version=view.version,
                n_selected=len(selected),
                guidelines=[GuidelineRow.model_validate(row) for row in rows],
                next=following,
            ),
            headers={} if following is None else {"X-Next-After": quote(following, safe="")},
        )

    return table_answer(request, form, view.state, make)
