"""Labels in, a trained model out: the routes by which a user makes and sees their models."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.callers import Caller, Calling, require_own, user_or_self
from app_api.encoded_segments import path_of
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body
from app_api.routers.indielabel.answers import json_answer
from app_api.routers.indielabel.changes import check_change_by_get
from app_api.routers.indielabel.given import (
    GivenText,
    Parameters,
    parameters_from,
    required,
)
from app_api.routers.indielabel.model_document import empty_document, model_document
from app_api.routers.indielabel.ratings_given import (
    KeptRatings,
    keep_ratings,
    previous_ratings,
    read_ratings,
)
from app_api.routers.indielabel.results import view_of_model
from app_api.services import Provided, Services
from app_api.training import TrainingStatus
from labelaudit_dagster.store import InvalidNameError, ModelConflictError, ensure_model

router = APIRouter(tags=["indielabel"])

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Of posted ratings with the comments' texts: some thousands."""

_OBJECT: Any = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}},
    202: {
        "description": "The labels are kept, and the model is trained elsewhere; see `status_url`.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


class ModelParameters(Parameters):
    """A model, and ratings for it."""

    model_name: GivenText = Field(default=None, description="Name of the model.")
    user: GivenText = Field(default=None, description="Whose model.")
    mode: GivenText = Field(default=None, description="train or view.")
    ratings: Any = Field(
        default=None,
        description='For training: {comment: "0" … "4", or "-1" for unsure}.',
    )


class TopicModelParameters(Parameters):
    """A topic to tune a model to, and ratings of its comments."""

    model_name: GivenText = Field(default=None, description="Name of the model to tune.")
    user: GivenText = Field(default=None, description="Whose model.")
    topic: GivenText = Field(default=None, description="Name of the topic.")
    ratings: Any = Field(
        default=None, description='{comment: "0" … "4", or "-1" for unsure}, of the topic.'
    )


def posted(model: type[Parameters]) -> dict[str, Any]:
    """Return the OpenAPI entry of a route whose parameters come as a JSON object."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": model.model_json_schema()}},
        }
    }


async def body_of(request: Request) -> bytes:
    """Return the body of a POST."""
    return await read_body(request, MAX_BODY_BYTES)


Body = Annotated[bytes, Depends(body_of)]


@router.get(
    "/get_personalized_model",
    summary="A trained model with its labels; or train one, by the original client",
    response_class=Response,
    responses=_OBJECT,
)
def get_personalized_model(
    request: Request,
    query: Annotated[ModelParameters, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """View a model, or on an installation without tokens train it."""
    if query.mode == "train":
        check_change_by_get(request, caller, services)
    return _personalized_model(query, services, caller)


@router.post(
    "/get_personalized_model",
    summary="Keep ratings and train a model",
    response_class=Response,
    responses=_OBJECT,
    openapi_extra=posted(ModelParameters),
)
def post_personalized_model(body: Body, services: Provided, caller: Calling) -> Response:
    """Keep ratings, then train; the answer comes when both are done."""
    return _personalized_model(parameters_from(ModelParameters, body), services, caller)


@router.get(
    "/get_personalized_model_topic",
    summary="Tune a model to a topic, by the original client",
    response_class=Response,
    responses=_OBJECT,
)
def get_personalized_model_topic(
    request: Request,
    query: Annotated[TopicModelParameters, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """As the POST, on an installation without tokens."""
    check_change_by_get(request, caller, services)
    return _topic_model(query, services, caller)


@router.post(
    "/get_personalized_model_topic",
    summary="Tune a model to a topic",
    response_class=Response,
    responses=_OBJECT,
    openapi_extra=posted(TopicModelParameters),
)
def post_personalized_model_topic(body: Body, services: Provided, caller: Calling) -> Response:
    """Train a model of its own, `<model_name>_<topic>`, on ratings of a topic's comments."""
    return _topic_model(parameters_from(TopicModelParameters, body), services, caller)


def _personalized_model(asked: ModelParameters, services: Services, caller: Caller) -> Response:
    model = required(asked.model_name, "model_name")
    user = user_or_self(caller, asked.user)
    if asked.mode == "view":
        view_of_model(services, caller, user, model)
        return _answer(services, user, model, None, None)
    if asked.mode != "train":
        raise field_problem("invalid-value", "mode", "must be train or view")
    require_own(caller, user)
    kept = keep_ratings(services, user, model, read_ratings(asked.ratings))
    return _answer(services, user, model, kept, services.trainer.train(user, model))


def _topic_model(asked: TopicModelParameters, services: Services, caller: Caller) -> Response:
    base = required(asked.model_name, "model_name")
    topic = required(asked.topic, "topic")
    user = user_or_self(caller, asked.user)
    require_own(caller, user)
    if topic not in services.audit.corpus().topics.position:
        raise field_problem("unknown-id", "topic", "is no topic of this corpus")
    name = f"{base}_{topic}"
    kept = keep_ratings(
        services,
        user,
        name,
        read_ratings(asked.ratings),
        before=lambda: make_model(services, user, name, kind="topic", base=base, topic=topic),
    )
    status = services.trainer.train(user, name)
    document = {
        "success": "success",
        "ratings_prev": previous_ratings(services, user, name),
        "new_model_name": name,
        **kept.to_document(),
    }
    return trained_answer(document, status)


def make_model(services: Services, user: str, name: str, **options: Any) -> None:
    """Name a topic or group model in the database.

    Raises:
        ProblemError: A name cannot be kept, or is taken by another model.
    """
    try:
        ensure_model(services.database, user, name, now=services.now(), **options)
    except (InvalidNameError, ModelConflictError) as error:
        raise field_problem("invalid-value", "model_name", f"cannot be used: {error}") from None


def trained_answer(document: dict[str, Any], status: TrainingStatus) -> Response:
    """Answer after a training: 200, or 202 with an address that tells when it is done."""
    if status.state == "done":
        return json_answer(document)
    where = path_of(
        "v1", "users", status.user, "models", status.model, "trainings", status.version or 0
    )
    return json_answer(
        {**document, "status": "waiting", "status_url": where},
        status=202,
        headers={"Location": where},
    )


def _answer(
    services: Services,
    user: str,
    model: str,
    kept: KeptRatings | None,
    status: TrainingStatus | None,
) -> Response:
    view = services.audit.user(user)
    found = None if view is None else view.models.get(model)
    previous = previous_ratings(services, user, model)
    if view is None or found is None:
        if status is None or status.state == "done":
            raise ProblemError("unavailable", "The results were removed; train the model again.")
        document = empty_document(model)
    else:
        document = model_document(view, model)
    document["ratings_prev"] = previous
    if kept is None or status is None:
        return json_answer(document)
    return trained_answer({**document, **kept.to_document()}, status)
