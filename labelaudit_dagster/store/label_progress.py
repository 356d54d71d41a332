"""How far the labels of people are, and how far the trainings that were made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from labelaudit_dagster.store.audit_schema import labels, models, trainings, users
from labelaudit_dagster.store.comment_lookup import chunks
from labelaudit_dagster.store.database import Database


@dataclass(frozen=True)
class LabelProgress:
    """Labels of one person, over all models.

    Attributes:
        user_id: Who labels.
        first: Number of their first label that was asked for.
        labelled_at: When they labelled last, in UTC.
    """

    user_id: str
    first: int
    labelled_at: datetime


@dataclass(frozen=True)
class ModelProgress:
    """One model's labels and trainings.

    Attributes:
        user_id: Whose model.
        model: Its name.
        label_sequence: Number of its newest label.
        trained_sequence: Number of the newest label that its last version has seen; None
            where it was never trained.
        version: Its last version; None where it was never trained.
    """

    user_id: str
    model: str
    label_sequence: int
    trained_sequence: int | None
    version: int | None


def label_progress(
    db: Database, *, after: int = 0, user_ids: Sequence[str] | None = None
) -> list[LabelProgress]:
    """Return everybody with labels after a number, in alphabetical order.

    Args:
        db: The database.
        after: What `label_sequence` said earlier; 0 for all labels.
        user_ids: Only of these people; None for everybody.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(users.c.user_id, func.min(labels.c.sequence), func.max(labels.c.labelled_at))
        .select_from(labels.join(models).join(users))
        .where(labels.c.sequence > after)
        .group_by(users.c.user_id)
    )
    found: list[LabelProgress] = []
    with db.read() as connection:
        for part in _parts(query, user_ids):
            found += [LabelProgress(*row) for row in connection.execute(part)]
    return sorted(found, key=lambda one: one.user_id)


def model_progress(db: Database, user_ids: Sequence[str]) -> list[ModelProgress]:
    """Return the models of some people that have labels, by user and name.

    Raises:
        StoreError: The database failed.
    """
    newest = (
        select(labels.c.model_key, func.max(labels.c.sequence).label("sequence"))
        .group_by(labels.c.model_key)
        .subquery()
    )
    last = (
        select(trainings.c.model_key, func.max(trainings.c.version).label("version"))
        .group_by(trainings.c.model_key)
        .subquery()
    )
    query = (
        select(
            users.c.user_id,
            models.c.name,
            newest.c.sequence,
            trainings.c.label_sequence,
            last.c.version,
        )
        .select_from(models.join(users).join(newest, newest.c.model_key == models.c.model_key))
        .outerjoin(last, last.c.model_key == models.c.model_key)
        .outerjoin(
            trainings,
            (trainings.c.model_key == last.c.model_key) & (trainings.c.version == last.c.version),
        )
    )
    found: list[ModelProgress] = []
    with db.read() as connection:
        for part in _parts(query, user_ids):
            found += [ModelProgress(*row) for row in connection.execute(part)]
    return sorted(found, key=lambda one: (one.user_id, one.model))


def _parts(query: Select[Any], user_ids: Sequence[str] | None) -> list[Select[Any]]:
    if user_ids is None:
        return [query]
    return [query.where(users.c.user_id.in_(part)) for part in chunks(sorted(set(user_ids)))]
