"""Training a model on its labels of now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ConfigDict, Field
from starlette.responses import JSONResponse, Response

from app_api.encoded_segments import EncodedSegmentRoute, path_of
from app_api.problems import ProblemError
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.versions import VersionDocument, version_documents
from app_api.routers.audit.whose import ModelInPath, OwnUser, ReadableUser
from app_api.services import Provided

router = APIRouter(prefix="/v1/users", tags=["models"], route_class=EncodedSegmentRoute)

RETRY_SECONDS = 5


class TrainingDocument(VersionDocument):
    """A version, and whether this request made it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "my_model",
                    "version": 1,
                    "trained_at": "2026-03-01T12:00:00Z",
                    "label_sequence": 21,
                    "n_labels": 20,
                    "state": "done",
                    "honest_error": {
                        "mae_of_median": 0.55,
                        "mae_of_mean": 0.61,
                        "rmse": 0.83,
                        "decision_error": 0.1,
                    },
                    "disagreement": {
                        "n_compared": 480,
                        "mae": 0.92,
                        "mse": 1.3,
                        "rmse": 1.14,
                        "signed_avg_diff": -0.21,
                        "decision_disagreement": 0.18,
                    },
                    "is_new": True,
                    "status_url": "/v1/users/anna/models/my_model/trainings/1",
                }
            ]
        }
    )

    is_new: bool = Field(description="False where the labels were those of the last version.")
    status_url: str = Field(description="Path where the version can be read again.")


class Trainings(Document):
    """All versions of a model, the first first."""

    trainings: list[VersionDocument]


@router.post(
    "/{user}/models/{model}/trainings",
    summary="Train a model on its labels of now",
    status_code=201,
    response_model=TrainingDocument,
    responses={
        200: {
            "description": "The labels are those of the last version.",
            "model": TrainingDocument,
        },
        202: {
            "description": "The results are made elsewhere; `Location` says where to ask for them.",
            "model": TrainingDocument,
        },
    },
)
def train(services: Provided, user: OwnUser, model: ModelInPath) -> Response:
    """Freeze the labels as the next version, and make its results.

    There is no body. Where the labels are those of the last version nothing is computed. Trainings
    of one person follow each other.
    """
    done = services.trainer.train(user, model)
    version = next(
        one for one in version_documents(services, user, model) if one.version == done.version
    )
    location = path_of("v1", "users", user, "models", model, "trainings", version.version)
    document = TrainingDocument(**dict(version), is_new=done.is_new, status_url=location)
    headers = {"Location": location}
    if done.state == "waiting":
        headers["Retry-After"] = str(RETRY_SECONDS)
        return JSONResponse(document.model_dump(mode="json"), 202, headers)
    return JSONResponse(document.model_dump(mode="json"), 201 if done.is_new else 200, headers)


@router.get(
    "/{user}/models/{model}/trainings",
    summary="The versions of a model",
    response_model=Trainings,
    responses=READ_RESPONSES,
)
def trainings(
    request: Request, services: Provided, user: ReadableUser, model: ModelInPath
) -> Response:
    """List versions with their figures; a model that was never trained has none."""
    return document_answer(
        request, None, lambda: Trainings(trainings=version_documents(services, user, model))
    )


@router.get(
    "/{user}/models/{model}/trainings/{version}",
    summary="A version of a model, and whether its results are there",
    response_model=VersionDocument,
    responses=READ_RESPONSES,
)
def training(
    request: Request,
    services: Provided,
    user: ReadableUser,
    model: ModelInPath,
    version: Annotated[int, Path(ge=0, lt=2**31, description="0, 1, …")],
) -> Response:
    """Give one version; ask here after a training that was answered with 202."""

    def make() -> VersionDocument:
        for document in version_documents(services, user, model):
            if document.version == version:
                return document
        raise ProblemError("not-found", "This model has no such version.")

    return document_answer(request, None, make)
