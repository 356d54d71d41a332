"""Labels: what a person says of comments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from app_api.body_schema import json_body
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problem_handlers import validation_problem
from app_api.problems import ProblemError
from app_api.read_answers import Table, table_answer
from app_api.request_body import read_body, read_object
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import (
    LARGEST_PAGE,
    AfterItem,
    Format,
    ItemLimit,
    check_limit,
)
from app_api.routers.audit.table_responses import NEXT_AFTER, PAGED_TABLE_RESPONSES
from app_api.routers.audit.whose import ModelInPath, OwnUser, ReadableUser
from app_api.services import Provided, Services

if TYPE_CHECKING:
    import pandas as pd

    from app_api.audit import UserView

router = APIRouter(prefix="/v1/users", tags=["labels"], route_class=EncodedSegmentRoute)

MOST_LABELS = 10_000
MAX_BODY_BYTES = 1024 * 1024

_LEFT_OUT = ("left_out_mean", "left_out_median", "left_out_p_above")

Posted = TypeVar("Posted", bound=BaseModel)

ItemId = Annotated[int, Field(ge=0, lt=2**53, description="A comment of the corpus.")]
Rating = Annotated[
    float | None,
    Field(
        allow_inf_nan=False,
        description="A value of the scale; null for unsure, which is kept and not trained on.",
    ),
]


class LabelRow(Document):
    """A label that counts: the newest of its comment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item_id": 17,
                    "text": "boss loot raid",
                    "rating": 1.0,
                    "labelled_at": "2026-03-01T12:00:00Z",
                    "sequence": 4,
                    "left_out_mean": 1.3,
                    "left_out_median": 1.0,
                    "left_out_p_above": 0.12,
                }
            ]
        }
    )

    item_id: int
    text: str | None = Field(description="Null where the prepared corpus lacks the comment.")
    rating: float | None = Field(description="A value of the scale; null for unsure.")
    labelled_at: datetime
    sequence: int = Field(description="Rises with every label that is stored.")
    left_out_mean: float | None = Field(
        description="What the other labels predict; null where this label is not trained on."
    )
    left_out_median: float | None
    left_out_p_above: float | None


class Labels(Document):
    """A model's labels, by item id."""

    user: str
    model: str
    labels: list[LabelRow]
    next: int | None = Field(description="`after` of the next page; null on the last one.")


class PostedLabel(BaseModel):
    """One label of a batch."""

    model_config = ConfigDict(extra="forbid", strict=True)

    item_id: ItemId
    rating: Rating


class PostedLabels(BaseModel):
    """A batch of labels; of several of one comment the last one counts."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"labels": [{"item_id": 17, "rating": 3}, {"item_id": 40, "rating": 0}]}]
        },
    )

    labels: list[PostedLabel] = Field(min_length=1, max_length=MOST_LABELS)


class PutLabel(BaseModel):
    """What a person says of a comment."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"rating": 3}]}
    )

    rating: Rating


class Receipt(Document):
    """What became of a batch; it is on the disk."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sequence": 21, "stored": 20, "unchanged": 1, "unknown": [999]}]
        }
    )

    sequence: int = Field(
        description="Number of the model's newest label; a version with at least this "
        "`label_sequence` has seen the batch."
    )
    stored: int = Field(description="Labels that are new or differ from the one before.")
    unchanged: int = Field(description="Labels that were there already.")
    unknown: list[int] = Field(description="Item ids that the corpus does not have; not stored.")


async def _posted_labels(request: Request, user: OwnUser) -> PostedLabels:
    return _read(PostedLabels, await read_body(request, MAX_BODY_BYTES))


async def _put_label(request: Request, user: OwnUser) -> PutLabel:
    return _read(PutLabel, await read_body(request, MAX_BODY_BYTES))


@router.get(
    "/{user}/models/{model}/labels",
    summary="The labels of a model",
    response_model=Labels,
    responses=PAGED_TABLE_RESPONSES,
)
def labels(
    request: Request,
    services: Provided,
    user: ReadableUser,
    model: ModelInPath,
    after: AfterItem = None,
    limit: ItemLimit = LARGEST_PAGE,
    form: Format = None,
) -> Response:
    """Give every label that counts, and what the others predict for it, page by page."""
    from labelaudit_dagster.store import corpus_fingerprint, current_labels

    check_limit(request, form, limit)
    stored = current_labels(services.database, user, model)
    view = services.audit.user(user)
    state = " ".join(
        (
            str(len(stored)),
            str(stored["sequence"].max() if len(stored) else 0),
            corpus_fingerprint(services.database),
            "" if view is None else view.version,
        )
    )

    def table() -> Table:
        rest = stored if after is None else stored[stored["item_id"] > after]
        page = rest.head(limit).reset_index(drop=True)
        following = int(page["item_id"].iloc[-1]) if len(rest) > len(page) else None
        return Table(
            "labels",
            _label_frame(services, page, view, model),
            lambda rows: Labels(
                user=user,
                model=model,
                labels=[LabelRow.model_validate(row) for row in rows],
                next=following,
            ),
            headers={} if following is None else {NEXT_AFTER: str(following)},
        )

    return table_answer(request, form, state, table)


@router.post(
    "/{user}/models/{model}/labels",
    summary="Give labels",
    openapi_extra=json_body(PostedLabels),
)
def add(
    services: Provided,
    user: OwnUser,
    model: ModelInPath,
    posted: Annotated[PostedLabels, Depends(_posted_labels)],
) -> Receipt:
    """Store a batch on the disk before the answer: all of it, or after a failure nothing.

    Ids that the corpus does not have are named and hold up nothing; a rating that is no value of
    the scale refuses the batch. The same batch again stores nothing. A model that is new is added
    as a base model. Nothing is trained: that is `POST …/trainings`.
    """
    return _store(services, user, model, [(one.item_id, one.rating) for one in posted.labels])


@router.put(
    "/{user}/models/{model}/labels/{item_id}",
    summary="Say what you think of one comment",
    openapi_extra=json_body(PutLabel),
)
def put(
    services: Provided,
    user: OwnUser,
    model: ModelInPath,
    item_id: Annotated[int, Path(ge=0, lt=2**53, description="A comment of the corpus.")],
    posted: Annotated[PutLabel, Depends(_put_label)],
) -> Receipt:
    """Store one label; it takes the place of an earlier one.

    Labels are not deleted one by one: null says unsure, and takes a label out of the training.
    """
    receipt = _store(services, user, model, [(item_id, posted.rating)])
    if receipt.unknown:
        raise ProblemError("not-found", "The corpus has no comment with this item id.")
    return receipt


def _store(
    services: Services, user: str, model: str, batch: list[tuple[int, float | None]]
) -> Receipt:
    from labelaudit_dagster.store import Label, add_labels

    receipt = add_labels(
        services.database,
        user,
        model,
        [Label(item, rating) for item, rating in batch],
        now=services.now(),
    )
    services.trainer.warm_soon()
    return Receipt(
        sequence=receipt.sequence,
        stored=receipt.stored,
        unchanged=receipt.unchanged,
        unknown=receipt.unknown,
    )


def _label_frame(
    services: Services, stored: pd.DataFrame, view: UserView | None, model: str
) -> pd.DataFrame:
    """Join labels with texts, and with the predictions that were made without them."""
    import pandas as pd

    frame = stored.drop(columns=["user_id", "model"])
    corpus = services.audit.corpus() if view is None else view.corpus
    texts = corpus.texts_of(frame["item_id"].tolist())
    found = [texts.get(item) for item in frame["item_id"].tolist()]
    frame.insert(1, "text", pd.Series(found, dtype="str", index=frame.index))
    if view is not None and model in view.models:
        trained = view.labels(model)[["item_id", "rating", *_LEFT_OUT]].astype(
            dict.fromkeys(_LEFT_OUT, "float64")
        )
        # A label that was changed since has no prediction yet.
        return frame.merge(trained.round(4), on=["item_id", "rating"], how="left")
    return frame.assign(**dict.fromkeys(_LEFT_OUT, float("nan")))


def _read(kind: type[Posted], body: bytes) -> Posted:
    try:
        return kind.model_validate(read_object(body))
    except ValidationError as error:
        raise validation_problem(error) from None
