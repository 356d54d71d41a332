"""Ratings in the order in which a sweep visits them: chunks of whole raters, by level inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError

CHUNK_RATINGS: Final = 1024
"""Ratings per chunk: small enough for the caches, large enough for matrix products."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """The ratings of some raters, ordered by level.

    Attributes:
        start, stop: position among all ratings.
        item: row of the comment, int64, shape (n,).
        rater: rater counted from the first of the chunk, int64, shape (n,).
        n_raters: raters in the chunk.
        level_bounds: ratings of level k are `level_bounds[k]:level_bounds[k + 1]`.
        sum_by_rater: sparse (n_raters, n) matrix of ones.
    """

    start: int
    stop: int
    item: NDArray[np.int64]
    rater: NDArray[np.int64]
    n_raters: int
    level_bounds: NDArray[np.int64]
    sum_by_rater: sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class RatingLayout:
    """All ratings in chunks; the order depends on the set of ratings alone.

    Attributes:
        chunks: in order of raters.
        sum_by_item: sparse (n_items, n_ratings) matrix of ones.
        n_raters: raters with at least one rating.
        n_ratings: ratings.
        ratings_per_item: int64, shape (n_items,).
        level_counts: ratings of each level, int64, shape (K,).
    """

    chunks: tuple[Chunk, ...]
    sum_by_item: sparse.csr_matrix
    n_raters: int
    n_ratings: int
    ratings_per_item: NDArray[np.int64]
    level_counts: NDArray[np.int64]


def arrange(
    rater_index: ArrayLike, item_index: ArrayLike, levels: ArrayLike, *, n_items: int, n_levels: int
) -> RatingLayout:
    """Check the ratings and bring them into order.

    Args:
        rater_index: of each rating, non-negative integers, shape (R,).
        item_index: row of the comment, 0 to n_items - 1, shape (R,).
        levels: 0 to n_levels - 1, shape (R,).
        n_items: number of comments.
        n_levels: number of levels.

    Raises:
        CommentModelError: if there is no rating, lengths differ, an index or level is out of
            range, or a rater rates a comment twice.
    """
    rater = np.asarray(rater_index, dtype=np.int64)
    item = np.asarray(item_index, dtype=np.int64)
    level = np.asarray(levels, dtype=np.int64)
    _check(rater, item, level, n_items, n_levels)
    order = np.lexsort((item, rater))
    rater, item, level = rater[order], item[order], level[order]
    twice = (np.diff(rater) == 0) & (np.diff(item) == 0)
    if twice.any():
        where = int(np.argmax(twice))
        raise CommentModelError(
            f"Rater {rater[where]} rates the comment in row {item[where]} more than once; keep "
            "one rating per pair."
        )
    first = np.flatnonzero(np.diff(rater, prepend=-1))
    dense = np.cumsum(np.diff(rater, prepend=-1) != 0) - 1
    chunks, ordered_item = _chunks(dense, item, level, first, n_levels)
    n_ratings = len(item)
    return RatingLayout(
        chunks=chunks,
        sum_by_item=_indicator(ordered_item, n_items),
        n_raters=len(first),
        n_ratings=n_ratings,
        ratings_per_item=np.bincount(item, minlength=n_items),
        level_counts=np.bincount(level, minlength=n_levels),
    )


def _check(
    rater: NDArray[np.int64],
    item: NDArray[np.int64],
    level: NDArray[np.int64],
    n_items: int,
    n_levels: int,
) -> None:
    if not len(rater) == len(item) == len(level):
        raise CommentModelError(
            f"rater_index, item_index and levels have {len(rater)}, {len(item)} and {len(level)} "
            "entries; a rating needs one of each."
        )
    if len(rater) == 0:
        raise CommentModelError("There is no rating to fit; import ratings first.")
    if rater.min() < 0:
        raise CommentModelError("rater_index holds a negative number.")
    if item.min() < 0 or item.max() >= n_items:
        raise CommentModelError(f"item_index must be between 0 and {n_items - 1}.")
    if level.min() < 0 or level.max() >= n_levels:
        raise CommentModelError(
            f"levels must be between 0 and {n_levels - 1}; a rating off the scale has none."
        )


def _chunks(
    rater: NDArray[np.int64],
    item: NDArray[np.int64],
    level: NDArray[np.int64],
    first: NDArray[np.int64],
    n_levels: int,
) -> tuple[tuple[Chunk, ...], NDArray[np.int64]]:
    """Cut sorted ratings at rater bounds; return the chunks and the items in chunk order."""
    chunks = []
    ordered = np.empty_like(item)
    bounds = np.append(first, len(item))
    begin = 0
    while begin < len(first):
        end = int(np.searchsorted(bounds, bounds[begin] + CHUNK_RATINGS, side="right")) - 1
        end = max(end, begin + 1)
        start, stop = int(bounds[begin]), int(bounds[end])
        by_level = start + np.argsort(level[start:stop], kind="stable")
        local = rater[by_level] - rater[start]
        ordered[start:stop] = item[by_level]
        chunks.append(
            Chunk(
                start=start,
                stop=stop,
                item=ordered[start:stop],
                rater=local,
                n_raters=end - begin,
                level_bounds=np.searchsorted(level[by_level], np.arange(n_levels + 1)),
                sum_by_rater=_indicator(local, end - begin),
            )
        )
        begin = end
    return tuple(chunks), ordered


def _indicator(row: NDArray[np.int64], n_rows: int) -> sparse.csr_matrix:
    """Return the sparse matrix that sums entries by row."""
    ones = np.ones(len(row), dtype=np.float32)
    return sparse.csr_matrix((ones, (row, np.arange(len(row)))), shape=(n_rows, len(row)))
