"""The current numbers of the corpus, as the database holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.bulk import read_numbers
from labelaudit_dagster.store.corpus_schema import (
    comment_ratings,
    comments,
    raters,
    system_ratings,
)

if TYPE_CHECKING:
    import numpy.typing as npt


def current_ratings(
    connection: Connection, corpus_key: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Return rater_key and item_id (int64) and rating (float64) of current ratings.

    Args:
        connection: Of the snapshot.
        corpus_key: Only ratings of this source; None for all.
    """
    query = select(
        comment_ratings.c.rater_key, comment_ratings.c.item_id, comment_ratings.c.rating
    ).where(comment_ratings.c.ended_change.is_(None))
    if corpus_key is not None:
        people = select(raters.c.rater_key).where(raters.c.corpus_key == corpus_key)
        query = query.where(comment_ratings.c.rater_key.in_(people))
    return read_numbers(
        connection,
        query,
        ("rater_key", "item_id", "rating"),
        fractional=frozenset({"rating"}),
    )


def current_scores(
    connection: Connection, corpus_key: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Return item_id (int64) and system_rating (float64) of the current comments.

    Args:
        connection: Of the snapshot.
        corpus_key: Only scores of comments of this source; None for all.
    """
    query = (
        select(system_ratings.c.item_id, system_ratings.c.system_rating)
        .join(comments, comments.c.item_id == system_ratings.c.item_id)
        .where(system_ratings.c.ended_change.is_(None), comments.c.ended_change.is_(None))
        .order_by(system_ratings.c.item_id)
    )
    if corpus_key is not None:
        query = query.where(comments.c.corpus_key == corpus_key)
    return read_numbers(
        connection,
        query,
        ("item_id", "system_rating"),
        fractional=frozenset({"system_rating"}),
    )
