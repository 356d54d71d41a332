"""Finding comments of the current corpus by their ids or texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.corpus_schema import comments
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.text_hash import text_hash

_MOST_PER_STATEMENT = 500
_LARGEST_ITEM_ID_DIGITS = 16

T = TypeVar("T")


def find_items(
    db: Database,
    *,
    ids: Iterable[int | str] | None = None,
    texts: Iterable[str] | None = None,
) -> dict[Any, int]:
    """Return the item id of each comment that is in the current corpus; others are left out.

    A whole number is an item id. A text among `ids` is an id of the source, or else an item id
    in decimal digits. A comment's text must be exact; of several comments with the same text
    the one with the smallest item id counts.

    Args:
        db: The database.
        ids: Item ids or ids of the source.
        texts: Texts of comments; give either `ids` or `texts`.

    Returns:
        What was asked for to its item id.

    Raises:
        ValueError: Both or neither of `ids` and `texts` are given.
        StoreError: The database failed.
    """
    if (ids is None) == (texts is None):
        raise ValueError("find_items needs either ids or texts")
    with db.read() as connection:
        if texts is not None:
            return _by_text(connection, set(texts))
        wanted = set(ids or ())
        found: dict[Any, int] = _by_source_id(
            connection, [one for one in wanted if isinstance(one, str)]
        )
        numbers = {one: int(one) for one in wanted if one not in found and _is_number(one)}
        known = known_items(connection, list(numbers.values()))
        found.update((one, number) for one, number in numbers.items() if number in known)
        return found


def known_items(connection: Connection, item_ids: Sequence[int]) -> dict[int, int]:
    """Return the corpus key of each item id that is a current comment."""
    current = comments.c
    found: dict[int, int] = {}
    for chunk in chunks(sorted(set(item_ids))):
        query = select(current.item_id, current.corpus_key).where(
            current.item_id.in_(chunk), current.ended_change.is_(None)
        )
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def count_comments(connection: Connection) -> int:
    """Return how many comments the corpus has."""
    current = select(func.count()).select_from(comments).where(comments.c.ended_change.is_(None))
    return connection.scalar(current) or 0


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that one statement can take."""
    for start in range(0, len(values), _MOST_PER_STATEMENT):
        yield values[start : start + _MOST_PER_STATEMENT]


def _by_text(connection: Connection, texts: set[str]) -> dict[Any, int]:
    current = comments.c
    found: dict[Any, int] = {}
    for chunk in chunks(sorted({text_hash(text) for text in texts})):
        query = (
            select(current.text, current.item_id)
            .where(current.text_hash.in_(chunk), current.ended_change.is_(None))
            .order_by(current.item_id)
        )
        for text, item_id in connection.execute(query):
            if text in texts:
                found.setdefault(text, item_id)
    return found


def _by_source_id(connection: Connection, ids: Sequence[str]) -> dict[Any, int]:
    current = comments.c
    found: dict[Any, int] = {}
    for chunk in chunks(sorted(ids)):
        query = (
            select(current.source_item_id, current.item_id)
            .where(current.source_item_id.in_(chunk), current.ended_change.is_(None))
            .order_by(current.item_id)
        )
        for source_item_id, item_id in connection.execute(query):
            found.setdefault(source_item_id, item_id)
    return found


def _is_number(value: int | str) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= _LARGEST_ITEM_ID_DIGITS
    return 0 <= int(value) < 2**63
