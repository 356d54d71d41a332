"""Who has labelled, for operators and analysts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import LARGEST_PAGE
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.services import Provided

router = APIRouter(prefix="/v1", tags=["models"])


class UserRow(Document):
    """A person."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user": "anna", "n_models": 2, "has_results": True}]}
    )

    user: str
    n_models: int = Field(description="Models that were named, trained or not.")
    has_results: bool = Field(description="Whether there is an audit of theirs to read.")


class Users(Document):
    """People in alphabetical order."""

    users: list[UserRow]
    next: str | None = Field(description="`after` of the next page; null on the last one.")


@router.get(
    "/users",
    summary="Everybody who has labelled, named a model or written a report",
    response_model=Users,
    responses=READ_RESPONSES,
)
def users(
    request: Request,
    services: Provided,
    after: Annotated[
        str | None, Query(max_length=2_000, description="Go on after this id.", examples=["anna"])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Most rows.")] = 100,
) -> Response:
    """List people by their ids, page by page."""
    from labelaudit_dagster.store import list_models, list_users

    def make() -> Users:
        known = [user for user in list_users(services.database) if after is None or user > after]
        page = known[:limit]
        counts: dict[str, int] = {}
        for model in list_models(services.database):
            counts[model.user_id] = counts.get(model.user_id, 0) + 1
        audited = set(services.audit.users())
        return Users(
            users=[
                UserRow(user=user, n_models=counts.get(user, 0), has_results=user in audited)
                for user in page
            ],
            next=page[-1] if len(known) > limit else None,
        )

    return document_answer(request, None, make)
