"""Personal models by name: whose they are and of what kind. What they compute is not kept here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import models, users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidNameError, ModelConflictError
from labelaudit_dagster.store.users import check_name, ensure_user, find_user

ModelKind = Literal["base", "topic", "group"]
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)


@dataclass(frozen=True)
class Model:
    """A personal model's name and kind.

    Attributes:
        user_id: Whose it is.
        name: Its name, distinct among that user's models.
        kind: `base`; `topic` (tuned to one topic); `group` (labels of a group of raters).
        base: Name of the model that a topic or group model goes with, if there is one.
        topic: Topic of a topic model.
        group: The group of a group model: demographic column to value, as it was chosen.
        created_at: When it was first named, in UTC.
    """

    user_id: str
    name: str
    kind: ModelKind
    base: str | None
    topic: str | None
    group: Mapping[str, Any] | None
    created_at: datetime


def ensure_model(
    db: Database,
    user_id: str,
    name: str,
    *,
    kind: str = "base",
    base: str | None = None,
    topic: str | None = None,
    group: Mapping[str, Any] | None = None,
    now: datetime,
) -> Model:
    """Return a model, adding it (and its user) where it is new.

    Args:
        db: The database.
        user_id: Whose it is: any text but the empty one.
        name: Its name: any text but the empty one.
        kind: One of `MODEL_KINDS`.
        base: Name of the model that it goes with; for topic and group models.
        topic: The topic; needed for topic models, refused for others.
        group: The group; needed for group models, refused for others.
        now: The time, with a zone.

    Raises:
        InvalidNameError: A name cannot be kept, or kind, topic and group do not fit together.
        ModelConflictError: The name is taken by a model of another kind, topic or group.
        StoreError: The database failed; nothing was stored.
    """
    check_name(user_id, "The id of a user")
    check_name(name, "The name of a model")
    known = next((one for one in MODEL_KINDS if one == kind), None)
    if known is None:
        raise InvalidNameError(f"There is no kind of model {kind!r}; choose base, topic or group.")
    if (topic is not None) != (known == "topic") or (group is not None) != (known == "group"):
        raise InvalidNameError(
            "A topic model has a topic, a group model has a group, and a base model has neither."
        )
    wanted = Model(
        user_id, name, known, base, topic, None if group is None else dict(group), created_at=now
    )
    # Mostly it is there, and reading holds up nobody.
    with db.read() as reading:
        found = _find(reading, user_id, name)
    if found is None:
        with db.write() as connection:
            found = _find(connection, user_id, name)
            if found is None:
                change = add_change(connection, "model_added", now=now, subject=user_id)
                insert_model(connection, wanted, change=change)
                return wanted
    if (found.kind, found.base, found.topic, found.group) != (
        wanted.kind,
        wanted.base,
        wanted.topic,
        wanted.group,
    ):
        raise ModelConflictError(
            f"The name {name!r} is taken by another model of this user, of the kind {found.kind}; "
            "choose another name."
        )
    return found


def list_models(db: Database, user_id: str | None = None) -> list[Model]:
    """Return the models of a user (or of everybody), by user and name.

    Raises:
        StoreError: The database failed.
    """
    query = _query()
    if user_id is not None:
        query = query.where(users.c.user_id == user_id)
    with db.read() as connection:
        found = [_model(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda model: (model.user_id, model.name))


def find_model_key(connection: Connection, user_id: str, name: str) -> int | None:
    """Return the key of a model, or None."""
    return connection.scalar(
        select(models.c.model_key)
        .join(users)
        .where(users.c.user_id == user_id, models.c.name == name)
    )


def ensure_base_model(
    connection: Connection, user_id: str, name: str, *, change: int, now: datetime
) -> int:
    """Return the key of a model of any kind, adding a base model where it is new."""
    key = find_model_key(connection, user_id, name)
    if key is not None:
        return key
    model = Model(user_id, name, "base", None, None, None, created_at=now)
    return insert_model(connection, model, change=change)


def insert_model(connection: Connection, model: Model, *, change: int) -> int:
    """Add a model that is not there and return its key."""
    user_key = ensure_user(connection, model.user_id, change=change, now=model.created_at)
    key = 1 + (connection.scalar(select(func.max(models.c.model_key))) or 0)
    connection.execute(
        models.insert().values(
            model_key=key,
            user_key=user_key,
            name=model.name,
            kind=model.kind,
            base=model.base,
            topic=model.topic,
            rater_group=model.group,
            created_at=model.created_at,
            recorded_change=change,
        )
    )
    return key


def _find(connection: Connection, user_id: str, name: str) -> Model | None:
    key = find_user(connection, user_id)
    if key is None:
        return None
    query = _query().where(models.c.user_key == key, models.c.name == name)
    row = connection.execute(query).mappings().first()
    return None if row is None else _model(row)


def _query() -> Select[Any]:
    return select(
        users.c.user_id,
        models.c.name,
        models.c.kind,
        models.c.base,
        models.c.topic,
        models.c.rater_group,
        models.c.created_at,
    ).select_from(models.join(users))


def _model(row: RowMapping) -> Model:
    return Model(
        user_id=row["user_id"],
        name=row["name"],
        kind=row["kind"],
        base=row["base"],
        topic=row["topic"],
        group=row["rater_group"],
        created_at=row["created_at"],
    )
