"""Personal models: which there are, how good they are, and new ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.responses import JSONResponse, Response

from app_api.body_schema import json_body
from app_api.encoded_segments import EncodedSegmentRoute, path_of
from app_api.group_models import labels_of_group
from app_api.problem_handlers import validation_problem
from app_api.problems import ProblemError
from app_api.read_answers import document_answer
from app_api.request_body import read_body, read_object
from app_api.routers.audit.documents import Disagreement, Document, HonestError, Quality
from app_api.routers.audit.results import check_selection
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.versions import VersionDocument, version_documents
from app_api.routers.audit.whose import ModelInPath, OwnUser, ReadableUser
from app_api.services import Provided, Services

router = APIRouter(prefix="/v1/users", tags=["models"], route_class=EncodedSegmentRoute)

MAX_BODY_BYTES = 64 * 1024
DEFAULT_BASE = "my_model"

State = Literal["none", "waiting", "done"]
Kind = Literal["base", "topic", "group"]


class CurrentFigures(Document):
    """What is known of the version whose results are current."""

    version: int
    trained_at: datetime
    n_labels: int = Field(description="Labels that train it.")
    n_unsure: int = Field(description="Labels without a rating.")
    n_unknown: int = Field(description="Labels of comments that the corpus no longer has.")
    honest_error: HonestError
    quality: Quality
    disagreement: Disagreement


class ModelDocument(Document):
    """A personal model."""

    user: str
    name: str
    kind: Kind = Field(description="`topic`: tuned to one; `group`: labelled by a group's medians.")
    base: str | None = Field(description="The model that it goes with.")
    topic: str | None
    group: dict[str, Any] | None = Field(description="Conditions on the group, by column.")
    created_at: datetime
    version: int | None = Field(description="Newest version; null before the first training.")
    state: State = Field(
        description="`done`: results are those of the newest version; `waiting`: still to come."
    )
    results: CurrentFigures | None = Field(description="Of what can be read now.")


class Models(Document):
    """A person's models, by name."""

    user: str
    models: list[ModelDocument]


class ModelWithVersions(ModelDocument):
    """A personal model with its history."""

    versions: list[VersionDocument] = Field(description="The first first.")


class NewModel(BaseModel):
    """A model to be named; it learns from labels that are given to it afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"kind": "base", "name": "my_model"},
                {"kind": "topic", "base": "my_model", "topic": "3_loot_boss_raid_squad"},
                {"kind": "group", "base": "my_model", "group": {"gender": ["Female"]}},
            ]
        },
    )

    kind: Kind = "base"
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=2_000,
        description="Default: `my_model`; for others made from base and topic or group.",
    )
    base: str | None = Field(default=None, min_length=1, max_length=2_000)
    topic: str | None = Field(default=None, min_length=1, max_length=200)
    group: dict[str, list[str]] | None = Field(
        default=None,
        description="Demographic column to values, any of which (of `race`: all of which) hold.",
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> NewModel:
        if (self.topic is not None) != (self.kind == "topic"):
            raise ValueError("a model of the kind topic, and no other, has a topic")
        if (self.group is not None) != (self.kind == "group"):
            raise ValueError("a model of the kind group, and no other, has a group")
        if self.kind == "base" and self.base is not None:
            raise ValueError("a base model goes with no other")
        if self.group is not None and not any(self.group.values()):
            raise ValueError("a group needs a condition: a column with values")
        return self

    @property
    def parent(self) -> str | None:
        """The model that it goes with; None for base models."""
        return None if self.kind == "base" else self.base or DEFAULT_BASE

    @property
    def full_name(self) -> str:
        """Its name, made up where none was given."""
        if self.name is not None:
            return self.name
        if self.topic is not None:
            return f"{self.parent}_{self.topic}"
        if self.group is not None:
            conditions = (f"{column}={','.join(values)}" for column, values in self.group.items())
            return f"{self.parent}_group_{';'.join(conditions)}"
        return DEFAULT_BASE


async def _posted(request: Request, user: OwnUser) -> NewModel:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return NewModel.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.get(
    "/{user}/models",
    summary="A person's models",
    response_model=Models,
    responses=READ_RESPONSES,
)
def models(request: Request, services: Provided, user: ReadableUser) -> Response:
    """List models with what is known of their current results; somebody unknown has none."""
    return document_answer(
        request, None, lambda: Models(user=user, models=_documents(services, user))
    )


@router.post(
    "/{user}/models",
    summary="Name a model",
    status_code=201,
    response_model=ModelDocument,
    responses={200: {"description": "It was there already.", "model": ModelDocument}},
    openapi_extra=json_body(NewModel),
)
def create(
    services: Provided, user: OwnUser, posted: Annotated[NewModel, Depends(_posted)]
) -> Response:
    """Name a base, topic or group model.

    Base and topic models are labelled afterwards; base models also come into being with their first
    label. A group model gets its labels at once: the median ratings of a group of five people or
    more, on twenty comments. Train it with `POST …/trainings`.
    """
    from labelaudit_dagster.store import add_labels, ensure_model

    name = posted.full_name
    labels = []
    if posted.topic is not None:
        check_selection(services.audit.corpus(), posted.topic, None)
    if posted.group is not None:
        labels = labels_of_group(services.audit.corpus(), posted.group, seed=services.settings.seed)
    known = any(model.name == name for model in _stored(services, user))
    ensure_model(
        services.database,
        user,
        name,
        kind=posted.kind,
        base=posted.parent,
        topic=posted.topic,
        group=posted.group,
        now=services.now(),
    )
    if labels:
        add_labels(services.database, user, name, labels, now=services.now())
    (document,) = (one for one in _documents(services, user) if one.name == name)
    return JSONResponse(
        document.model_dump(mode="json"),
        status_code=200 if known else 201,
        headers={"Location": path_of("v1", "users", user, "models", name)},
    )


@router.get(
    "/{user}/models/{model}",
    summary="A model with its versions, honest error beside disagreement",
    response_model=ModelWithVersions,
    responses=READ_RESPONSES,
)
def model_with_versions(
    request: Request, services: Provided, user: ReadableUser, model: ModelInPath
) -> Response:
    """Give a model and the figures of each of its versions."""

    def make() -> ModelWithVersions:
        for document in _documents(services, user):
            if document.name == model:
                return ModelWithVersions(
                    **dict(document), versions=version_documents(services, user, model)
                )
        raise ProblemError("not-found", "This person has no such model.")

    return document_answer(request, None, make)


def _stored(services: Services, user: str) -> list[Any]:
    from labelaudit_dagster.store import list_models

    return list_models(services.database, user)


def _documents(services: Services, user: str) -> list[ModelDocument]:
    from labelaudit_dagster.store import list_trainings

    newest = {one.model: one.version for one in list_trainings(services.database, user)}
    view = services.audit.user(user)
    found = {} if view is None else view.models
    documents = []
    for stored in _stored(services, user):
        results = None
        current = found.get(stored.name)
        if view is not None and current is not None:
            honest = HonestError.of(current.metrics, "model_")
            results = CurrentFigures(
                version=current.version,
                trained_at=current.trained_at,
                n_labels=current.n_labels,
                n_unsure=current.n_unsure,
                n_unknown=current.n_unknown,
                honest_error=honest,
                quality=Quality.of(honest.mae_of_median, view.corpus.scale),
                disagreement=Disagreement.of(current.metrics),
            )
        version = newest.get(stored.name)
        documents.append(
            ModelDocument(
                user=user,
                name=stored.name,
                kind=stored.kind,
                base=stored.base,
                topic=stored.topic,
                group=None if stored.group is None else dict(stored.group),
                created_at=stored.created_at,
                version=version,
                state=_state(version, None if current is None else current.version),
                results=results,
            )
        )
    return documents


def _state(newest: int | None, shown: int | None) -> State:
    if newest is None:
        return "none"
    return "done" if shown is not None and shown >= newest else "waiting"
