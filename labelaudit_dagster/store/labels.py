"""Labels that people give to comments: a log to which is only added.

The newest label of a person's model and comment counts. A label belongs to the corpus that the
comment came from: where another corpus takes its place the label is kept, and does not count
for a comment that happens to have the same id.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import SupportsFloat

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.store.audit_schema import erasures, labels, models, users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.comment_lookup import chunks, known_items
from labelaudit_dagster.store.corpora import read_scale
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidLabelError, NoCorpusError
from labelaudit_dagster.store.models import ensure_base_model, find_model_key
from labelaudit_dagster.store.users import check_name

_LARGEST_STORABLE = 2**63 - 1


@dataclass(frozen=True)
class Label:
    """One person's rating of one comment.

    Attributes:
        item_id: The comment.
        rating: A value of the corpus' scale; None for "unsure".
    """

    item_id: int
    rating: float | None


@dataclass(frozen=True)
class LabelReceipt:
    """What became of a batch of labels, durably, when `add_labels` returns.

    Attributes:
        sequence: Number of the model's newest label, 0 if it has none; a training with at least
            this `label_sequence` has seen the batch.
        stored: Labels that are new or differ from the one before.
        unchanged: Labels that were current already, so that nothing was stored.
        unknown: Item ids that are no comments of the current corpus, each once, in the order
            of the batch; their labels were not stored.
    """

    sequence: int
    stored: int
    unchanged: int
    unknown: list[int]


def add_labels(
    db: Database, user_id: str, model: str, batch: Sequence[Label], *, now: datetime
) -> LabelReceipt:
    """Store labels durably: all of the batch, or after any failure nothing.

    Of several labels of one comment the last one counts, within the batch too. A user or model
    that is new is added (as a base model) when a label is stored; see `ensure_model` for others.

    Args:
        db: The database.
        user_id: Who labels: any text but the empty one.
        model: Name of the model that the labels are for: any text but the empty one.
        batch: The labels in the order in which they were given.
        now: The time, with a zone.

    Raises:
        NoCorpusError: There are no comments to label yet.
        InvalidLabelError: A rating is no value of the scale, or an item id no whole number.
        InvalidNameError: The user's id or the model's name cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    check_name(user_id, "The id of a user")
    check_name(model, "The name of a model")
    with db.write() as connection:
        scale = read_scale(connection)
        if scale is None:
            raise NoCorpusError("There are no comments to label yet; import ratings first.")
        given = list(zip(map(_item_id, batch), _ratings(batch, scale), strict=True))
        corpora = known_items(connection, [item for item, _ in given])
        unknown = list(dict.fromkeys(item for item, _ in given if item not in corpora))
        model_key = find_model_key(connection, user_id, model)
        before, newest = _current(connection, model_key, corpora)
        fresh: list[tuple[int, float | None]] = []
        unchanged = 0
        for item, rating in given:
            if item not in corpora:
                continue
            if before.get(item, math.nan) == rating:
                unchanged += 1
            else:
                before[item] = rating
                fresh.append((item, rating))
        if not fresh:
            return LabelReceipt(newest, 0, unchanged, unknown)
        change = add_change(connection, "labels_added", now=now, subject=user_id)
        if model_key is None:
            model_key = ensure_base_model(connection, user_id, model, change=change, now=now)
        first = 1 + last_sequence(connection)
        connection.execute(
            labels.insert(),
            [
                {
                    "sequence": sequence,
                    "model_key": model_key,
                    "corpus_key": corpora[item],
                    "item_id": item,
                    "rating": rating,
                    "labelled_at": now,
                    "recorded_change": change,
                }
                for sequence, (item, rating) in enumerate(fresh, start=first)
            ],
        )
    return LabelReceipt(first + len(fresh) - 1, len(fresh), unchanged, unknown)


def label_sequence(db: Database) -> int:
    """Return the number of the newest label of all, 0 before the first; it never falls.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return last_sequence(connection)


def users_labelled_since(db: Database, sequence: int) -> list[str]:
    """Return the ids of users with labels after a number, in alphabetical order.

    Args:
        db: The database.
        sequence: What `label_sequence` said earlier; 0 for everybody who has labelled.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(users.c.user_id)
        .distinct()
        .select_from(labels.join(models).join(users))
        .where(labels.c.sequence > sequence)
    )
    with db.read() as connection:
        return sorted(connection.scalars(query))


def last_sequence(connection: Connection) -> int:
    """Return the number of the newest label; numbers of erased ones are not used again."""
    newest = connection.scalar(select(func.max(labels.c.sequence))) or 0
    erased = connection.scalar(select(func.max(erasures.c.last_label))) or 0
    return max(newest, erased)


def _current(
    connection: Connection, model_key: int | None, corpora: dict[int, int]
) -> tuple[dict[int, float | None], int]:
    """Return the current ratings of the items, and the number of the model's newest label."""
    if model_key is None:
        return {}, 0
    newest = connection.scalar(
        select(func.max(labels.c.sequence)).where(labels.c.model_key == model_key)
    )
    found: dict[int, float | None] = {}
    for chunk in chunks(sorted(corpora)):
        query = (
            select(labels.c.item_id, labels.c.corpus_key, labels.c.rating)
            .where(labels.c.model_key == model_key, labels.c.item_id.in_(chunk))
            .order_by(labels.c.sequence)
        )
        for item, corpus_key, rating in connection.execute(query):
            if corpus_key == corpora[item]:
                found[item] = rating
    return found, newest or 0


def _item_id(label: Label) -> int:
    value = label.item_id
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if isinstance(value, bool | str | bytes) or number != value or number > _LARGEST_STORABLE:
        raise InvalidLabelError(f"A label has the item id {value!r}, which is no whole number.")
    return number


def _ratings(batch: Sequence[Label], scale: RatingScale) -> list[float | None]:
    numbers = [math.nan if label.rating is None else _number(label.rating) for label in batch]
    levels = scale.levels_of(numbers).tolist()
    for label, level in zip(batch, levels, strict=True):
        if level < 0 and label.rating is not None:
            values = ", ".join(f"{value:g}" for value in scale.values)
            raise InvalidLabelError(
                f"The label of item {label.item_id} is {label.rating!r}, which is no value of the "
                f"scale; choose one of {values}, or leave it empty for unsure."
            )
    return [None if level < 0 else scale.values[level] for level in levels]


def _number(rating: object) -> float:
    """Return what can only be meant as a number, or NaN."""
    if isinstance(rating, bool | str | bytes) or not isinstance(rating, SupportsFloat):
        return math.nan
    try:
        return float(rating)
    except (TypeError, ValueError, OverflowError):
        return math.nan
