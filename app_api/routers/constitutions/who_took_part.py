"""Who took part in a constitution: raters by what is known of them, small groups hidden."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.constitutions import Reading
from app_api.read_answers import Table, table_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import TABLE_RESPONSES
from app_api.routers.constitutions.parameters import OfVersion

router = APIRouter(prefix="/v1/constitution", tags=["constitution"])


class RaterGroup(Document):
    """People with the same value of a column."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"column": "Sex", "kind": "value", "value": "Female", "n_raters": 112, "share": 0.4}
            ]
        }
    )

    column: str
    kind: Literal["value", "rest", "unknown"] = Field(
        description="`rest`: all groups together that are too small to be shown, or would betray "
        "such a one; `unknown`: people of whom no value is known."
    )
    value: str | None = Field(description="Null but for the kind `value`.")
    n_raters: int | None = Field(description="Five or more; null where even the rest is fewer.")
    share: float | None = Field(description="Of all raters.")


class WhoTookPart(Document):
    """Raters of a constitution by what is known of them."""

    version: str
    n_raters: int = Field(description="Everybody who has rated.")
    groups: list[RaterGroup] = Field(description="By column, the largest value first.")


@router.get(
    "/who-took-part",
    summary="Raters by what is known of them",
    response_model=WhoTookPart,
    responses=TABLE_RESPONSES,
)
def who_took_part(
    request: Request, reader: Reading, version: OfVersion = None, form: Format = None
) -> Response:
    """Count raters by each demographic column. No group of fewer than five can be told."""
    view = reader.at(version)

    def make() -> Table:
        return Table(
            "who-took-part",
            view.who_took_part(),
            lambda rows: WhoTookPart(
                version=view.version,
                n_raters=len(view.raters()),
                groups=[RaterGroup.model_validate(row) for row in rows],
            ),
        )

    return table_answer(request, form, view.version, make)
