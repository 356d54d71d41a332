"""Trainings: which labels a version of a model was made from. Nothing computed is kept here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import labels, models, trainings, users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.columns import json_text
from labelaudit_dagster.store.comment_lookup import chunks
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import UnknownModelError
from labelaudit_dagster.store.label_table import newest_labels
from labelaudit_dagster.store.models import find_model_key


@dataclass(frozen=True)
class Training:
    """A version of a model.

    Attributes:
        user_id: Whose model it is.
        model: Name of the model.
        version: 0, 1, … for each model.
        label_sequence: Number of the model's newest label that this version has seen; with
            `current_labels(…, up_to=label_sequence)` its labels come back.
        n_labels: Comments with a rating among them, "unsure" and those outside the current
            corpus aside or not: every comment whose newest label then was a rating.
        trained_at: When it was frozen, in UTC.
        is_new: Whether this call made it.
    """

    user_id: str
    model: str
    version: int
    label_sequence: int
    n_labels: int
    trained_at: datetime
    is_new: bool = False


@dataclass(frozen=True)
class _State:
    """A model's labels as of now, and its last version."""

    model_key: int
    user_id: str
    name: str
    sequence: int
    ratings: tuple[tuple[int, int, float], ...]
    last: Training | None
    last_hash: str | None

    @property
    def label_hash(self) -> str:
        """SHA-256 of the ratings: equal for equal label sets, whatever their history."""
        return hashlib.sha256(json_text(self.ratings).encode()).hexdigest()


def record_training(db: Database, user_id: str, model: str, *, now: datetime) -> Training:
    """Freeze a model's labels as of now as its next version.

    Where the labels (each comment's newest rating; "unsure" is none) are those of the last
    version, that version is returned and nothing is stored.

    Args:
        db: The database.
        user_id: Whose model.
        model: Its name.
        now: The time, with a zone.

    Raises:
        UnknownModelError: There is no such model, or it was never labelled for.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        key = find_model_key(connection, user_id, model)
        states = [] if key is None else _states(connection, [key])
        if not states:
            raise UnknownModelError(
                f"There are no labels of {user_id!r} for a model {model!r}; label comments first."
            )
        (recorded,) = _record(connection, states, kind="model_trained", now=now, subject=user_id)
        return recorded


def record_due_trainings(db: Database, user_ids: Iterable[str], *, now: datetime) -> list[Training]:
    """Freeze the next version of every model whose labels are others than at its last version.

    Args:
        db: The database.
        user_ids: Whose models; who is unknown or has not labelled is passed over.
        now: The time, with a zone.

    Returns:
        The new versions, by user and model.

    Raises:
        StoreError: The database failed; nothing was stored.
    """
    wanted = sorted(set(user_ids))
    with db.write() as connection:
        keys: list[int] = []
        for chunk in chunks(wanted):
            query = select(models.c.model_key).join(users).where(users.c.user_id.in_(chunk))
            keys += connection.scalars(query)
        states = _states(connection, keys)
        recorded = _record(connection, states, kind="models_trained", now=now, subject=None)
    return [training for training in recorded if training.is_new]


def waiting_labels_since(db: Database) -> datetime | None:
    """Return when the oldest label was given that no training has seen; None where there is none.

    Models whose labels are those of their last version again have nothing that waits.

    Raises:
        StoreError: The database failed.
    """
    seen = (
        select(trainings.c.model_key, func.max(trainings.c.label_sequence).label("sequence"))
        .group_by(trainings.c.model_key)
        .subquery()
    )
    newer = (
        select(labels.c.model_key, func.min(labels.c.labelled_at))
        .outerjoin(seen, seen.c.model_key == labels.c.model_key)
        .where(labels.c.sequence > func.coalesce(seen.c.sequence, 0))
        .group_by(labels.c.model_key)
    )
    with db.read() as connection:
        waiting = {row[0]: row[1] for row in connection.execute(newer)}
        states = _states(connection, sorted(waiting))
    due = [waiting[one.model_key] for one in states if one.last_hash != one.label_hash]
    return min(due, default=None)


def list_trainings(
    db: Database, user_id: str | None = None, model: str | None = None
) -> list[Training]:
    """Return the versions of a user's models (or of everybody's), by user, model and version.

    Raises:
        StoreError: The database failed.
    """
    query = _trainings()
    if user_id is not None:
        query = query.where(users.c.user_id == user_id)
    if model is not None:
        query = query.where(models.c.name == model)
    with db.read() as connection:
        found = [_training(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.user_id, one.model, one.version))


def untrained_models(connection: Connection, model_keys: Sequence[int]) -> dict[int, str]:
    """Return the models, with whose they are, whose labels are others than at their last version.

    Args:
        connection: Of a `Database.read` or `write` block.
        model_keys: Those to look at.
    """
    return {
        state.model_key: state.user_id
        for state in _states(connection, model_keys)
        if state.last is None or state.last_hash != state.label_hash
    }


def _record(
    connection: Connection,
    states: Sequence[_State],
    *,
    kind: Any,
    now: datetime,
    subject: str | None,
) -> list[Training]:
    """Return each model's version of now; one change if any of them is new."""
    found: list[Training] = []
    fresh: list[dict[str, Any]] = []
    for state in states:
        digest = state.label_hash
        if state.last is not None and state.last_hash == digest:
            found.append(state.last)
            continue
        version = 0 if state.last is None else state.last.version + 1
        count = len(state.ratings)
        training = Training(
            state.user_id, state.name, version, state.sequence, count, now, is_new=True
        )
        found.append(training)
        fresh.append(
            {
                "model_key": state.model_key,
                "version": version,
                "label_sequence": state.sequence,
                "n_labels": count,
                "label_hash": digest,
                "trained_at": now,
            }
        )
    if fresh:
        change = add_change(connection, kind, now=now, subject=subject)
        connection.execute(trainings.insert(), [row | {"recorded_change": change} for row in fresh])
    return found


def _states(connection: Connection, model_keys: Sequence[int]) -> list[_State]:
    """Return the models that have labels, by user and name."""
    names: dict[int, tuple[str, str]] = {}
    sequences: dict[int, int] = defaultdict(int)
    ratings: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    last: dict[int, tuple[Training, str]] = {}
    for chunk in chunks(sorted(model_keys)):
        owners = select(models.c.model_key, users.c.user_id, models.c.name).join(users)
        for key, user_id, name in connection.execute(owners.where(models.c.model_key.in_(chunk))):
            names[key] = (user_id, name)
        for row in connection.execute(newest_labels([labels.c.model_key.in_(chunk)])):
            sequences[row.model_key] = max(sequences[row.model_key], row.sequence)
            if row.rating is not None:
                ratings[row.model_key].append((row.corpus_key, row.item_id, row.rating))
        for row in connection.execute(_last_trainings(chunk)):
            last[row.model_key] = (_training(row), row.label_hash)
    states = []
    for key, (user_id, name) in names.items():
        if key not in sequences:
            continue
        training, digest = last.get(key, (None, None))
        state = _State(
            key, user_id, name, sequences[key], tuple(sorted(ratings[key])), training, digest
        )
        states.append(state)
    return sorted(states, key=lambda state: (state.user_id, state.name))


def _last_trainings(model_keys: Sequence[int]) -> Select[Any]:
    newest = (
        select(trainings.c.model_key, func.max(trainings.c.version).label("version"))
        .where(trainings.c.model_key.in_(model_keys))
        .group_by(trainings.c.model_key)
        .subquery()
    )
    return _trainings().join(
        newest,
        and_(newest.c.model_key == trainings.c.model_key, newest.c.version == trainings.c.version),
    )


def _trainings() -> Select[Any]:
    return select(trainings, users.c.user_id, models.c.name.label("model")).select_from(
        trainings.join(models).join(users)
    )


def _training(row: Any) -> Training:
    return replace(
        Training(
            row.user_id,
            row.model,
            row.version,
            row.label_sequence,
            row.n_labels,
            row.trained_at,
        ),
        is_new=False,
    )
