"""The labels that count, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import labels, models, users
from labelaudit_dagster.store.corpus_schema import comments
from labelaudit_dagster.store.database import Database

if TYPE_CHECKING:
    import pandas as pd

LABEL_COLUMNS = ("user_id", "model", "item_id", "rating", "labelled_at", "sequence")


def current_labels(
    db: Database, user_id: str | None = None, model: str | None = None, *, up_to: int | None = None
) -> pd.DataFrame:
    """Return the newest label of each person's model and comment of the current corpus.

    Args:
        db: The database.
        user_id: Only this user's; None for everybody's.
        model: Only those for this model; None for all of them.
        up_to: Only labels with numbers up to this one, such as `Training.label_sequence`; None
            for all.

    Returns:
        user_id and model (str), item_id (int64), rating (float64, NaN for unsure), labelled_at
        (UTC), sequence (int64); ordered by user, model and item.

    Raises:
        StoreError: The database failed.
    """
    return _table(db, _in_corpus(), user_id, model, up_to)


def labels_outside_corpus(
    db: Database, user_id: str | None = None, model: str | None = None
) -> pd.DataFrame:
    """Return the newest labels whose comments the home does not hold at present.

    They are kept, and count again when their comments come back with the same source.

    Returns:
        As `current_labels`.

    Raises:
        StoreError: The database failed.
    """
    return _table(db, ~_in_corpus(), user_id, model, None)


def newest_labels(conditions: list[ColumnElement[bool]]) -> Select[Any]:
    """Select the newest label of each model, corpus and item among those that fit."""
    newest = (
        select(func.max(labels.c.sequence))
        .where(*conditions)
        .group_by(labels.c.model_key, labels.c.corpus_key, labels.c.item_id)
    )
    return select(labels).where(labels.c.sequence.in_(newest))


def count_outside_corpus(connection: Connection) -> int:
    """Return how many labels would count if their comments were there."""
    outside = newest_labels([]).where(~_in_corpus()).subquery()
    return connection.scalar(select(func.count()).select_from(outside)) or 0


def _in_corpus() -> ColumnElement[bool]:
    return exists().where(
        comments.c.item_id == labels.c.item_id,
        comments.c.corpus_key == labels.c.corpus_key,
        comments.c.ended_change.is_(None),
    )


def _table(
    db: Database,
    chosen: ColumnElement[bool],
    user_id: str | None,
    model: str | None,
    up_to: int | None,
) -> pd.DataFrame:
    import pandas as pd

    conditions: list[ColumnElement[bool]] = []
    owners = select(models.c.model_key).join(users)
    if user_id is not None:
        owners = owners.where(users.c.user_id == user_id)
    if model is not None:
        owners = owners.where(models.c.name == model)
    if user_id is not None or model is not None:
        conditions.append(labels.c.model_key.in_(owners))
    if up_to is not None:
        conditions.append(labels.c.sequence <= up_to)
    query = (
        newest_labels(conditions)
        .with_only_columns(
            users.c.user_id,
            models.c.name,
            labels.c.item_id,
            labels.c.rating,
            labels.c.labelled_at,
            labels.c.sequence,
        )
        .select_from(labels.join(models).join(users))
        .where(chosen)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    rows = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
    columns: Any = list(zip(*rows, strict=True)) if rows else [()] * len(LABEL_COLUMNS)
    dtypes = ("str", "str", "int64", "float64", "datetime64[us, UTC]", "int64")
    return pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=dtype)
            for name, values, dtype in zip(LABEL_COLUMNS, columns, dtypes, strict=True)
        }
    )
