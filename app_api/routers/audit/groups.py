"""Groups of the crowd: by what they can be told apart, and how many people are in one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.group_models import checked_conditions
from app_api.problems import field_problem
from app_api.read_answers import Table, document_answer, table_answer
from app_api.routers.audit.documents import Document, generation
from app_api.routers.audit.query_parameters import Format
from app_api.routers.audit.table_responses import READ_RESPONSES, TABLE_RESPONSES
from app_api.services import Provided

router = APIRouter(prefix="/v1/groups", tags=["groups"])

_MOST_CONDITIONS = 100


class GroupValue(Document):
    """A value of a demographic column."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"column": "gender", "value": "Female", "n_raters": 112}]}
    )

    column: str
    value: str
    n_raters: int = Field(description="People with it, five or more.")


class GroupColumns(Document):
    """Columns by which people can be grouped, with the values that five people or more have."""

    version: str
    columns: list[str] = Field(description="All columns, those without such a value too.")
    values: list[GroupValue] = Field(description="By column, the commonest value first.")


class GroupSize(Document):
    """How many people are in a group."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"version": "8d02c1f0a9b7e654", "conditions": {"gender": ["Female"]}, "size": 112}
            ]
        }
    )

    version: str
    conditions: dict[str, list[str]] = Field(description="As they were understood.")
    size: int = Field(
        description="People who meet all conditions; 0 for a group that is not shown."
    )


@router.get(
    "/columns",
    summary="By what the crowd can be grouped",
    response_model=GroupColumns,
    responses=TABLE_RESPONSES,
)
def columns(request: Request, services: Provided, form: Format = None) -> Response:
    """Give demographic columns and their values; CSV and Parquet hold the values."""
    view = services.audit.corpus()

    def table() -> Table:
        from labelaudit_dagster.auditing.groups import demographic_columns, demographic_values

        return Table(
            "columns",
            demographic_values(view.raters()),
            lambda rows: GroupColumns(
                version=generation(view),
                columns=demographic_columns(view.raters()),
                values=[GroupValue.model_validate(row) for row in rows],
            ),
        )

    return table_answer(request, form, view.version, table)


async def _conditions(request: Request) -> dict[str, list[str]]:
    pairs = request.query_params.multi_items()
    if len(pairs) > _MOST_CONDITIONS:
        raise field_problem(
            "invalid-value", "conditions", f"are at most {_MOST_CONDITIONS} column=value pairs"
        )
    found: dict[str, list[str]] = {}
    for column, value in pairs:
        found.setdefault(column, []).append(value)
    return found


@router.get(
    "/size",
    summary="How many people a group has",
    response_model=GroupSize,
    responses=READ_RESPONSES,
    openapi_extra={
        "parameters": [
            {
                "name": "conditions",
                "in": "query",
                "description": (
                    "`column=value` for each condition, as `/v1/groups/columns` names them. "
                    "Several values of one column: any of them; of `race`: all of them."
                ),
                "style": "form",
                "explode": True,
                "schema": {
                    "type": "object",
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
                "example": {"gender": ["Female"]},
            }
        ]
    },
)
def size(
    request: Request,
    services: Provided,
    conditions: Annotated[dict[str, list[str]], Depends(_conditions)],
) -> Response:
    """Count the people of the crowd who meet all conditions; without one, everybody.

    Case and white space at the ends do not count. Groups of fewer than five are answered as 0,
    and so is one whose size would betray such a group by subtraction.
    """
    view = services.audit.corpus()
    checked = checked_conditions(view, conditions)

    def make() -> GroupSize:
        from labelaudit_dagster.auditing.groups import group_size

        return GroupSize(
            version=generation(view),
            conditions=conditions,
            size=group_size(view.raters(), checked),
        )

    return document_answer(request, view.version, make)
