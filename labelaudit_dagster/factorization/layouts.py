"""Arrange ratings for fast sums over each rater's and each item's ratings (NumPy only).

Two layouts stand behind one interface (`moments.py` sums over either):

- dense: all cells as matrices, absent ratings weigh 0;
- bucketed (ELLPACK by length): rows of similar length share one padded block of indices and
  values, so that a sum over a row is a regular loop. Rows are renumbered by block ("positions").

Every shape is rounded up to a coarse grid. A few new ratings then leave the shapes, and with
them the compiled programs, as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.ratings import RatingTriples

Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
AnyArray = NDArray[np.generic]

_SMALLEST_WIDTH = 4
_MERGE_SHARE = 0.015
"""Padding, as a share of all ratings, that one block less is worth."""


class Bucket(NamedTuple):
    """Rows of similar length, padded: column, value and weight, each of shape (rows, width)."""

    column: AnyArray
    value: AnyArray
    weight: AnyArray | None


class BucketedSide(NamedTuple):
    """One side's rows in blocks; `mass` and `total` as in `DenseSide`."""

    buckets: tuple[Bucket, ...]
    mass: AnyArray
    total: AnyArray


class DenseSide(NamedTuple):
    """One side's cells, its own rows first.

    weight is (rows, columns); value is weight times rating. `mass` is the sum of weights of each
    row, `total` the sum of weighted ratings, both (rows,).
    """

    weight: AnyArray
    value: AnyArray
    mass: AnyArray
    total: AnyArray


Side = BucketedSide | DenseSide


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Both sides of the ratings, arranged, with the way back.

    Attributes:
        raters: rows are raters.
        items: rows are items.
        rater_position: position of each rater inside the arrangement; -1 without ratings.
        item_position: likewise for items.
        total_weight: sum of all weights.
        total_square: sum of weight times squared rating.
        backend: "dense" or "bucketed".
    """

    raters: Side
    items: Side
    rater_position: IntArray
    item_position: IntArray
    total_weight: float
    total_square: float
    backend: str

    @property
    def n_rater_positions(self) -> int:
        """Padded number of raters."""
        return int(self.raters.mass.shape[0])

    @property
    def n_item_positions(self) -> int:
        """Padded number of items."""
        return int(self.items.mass.shape[0])


def coarse(size: int, smallest: int = 8) -> int:
    """Round up to a grid of eight steps for each doubling."""
    if size <= smallest:
        return smallest
    step = 1 << max((size - 1).bit_length() - 4, 0)
    return -(-size // step) * step


def choose_backend(ratings: RatingTriples) -> str:
    """Pick the layout: dense where at least a third of the cells is filled and they are few."""
    cells = ratings.n_rows * ratings.n_cols
    return "dense" if cells <= 4_000_000 and 3 * len(ratings) >= cells else "bucketed"


def arrange(ratings: RatingTriples, backend: str) -> Arrangement:
    """Arrange ratings whose weights are positive; drop those of weight zero."""
    row, col, value = ratings.row, ratings.col, ratings.value
    weight = ratings.weight
    if weight is not None:
        kept = weight > 0
        if not kept.all():
            row, col, value, weight = row[kept], col[kept], value[kept], weight[kept]
        if weight.size and np.all(weight == weight[0]):
            weight = None  # equal weights cancel in the objective
    row_length = np.bincount(row, minlength=ratings.n_rows)
    col_length = np.bincount(col, minlength=ratings.n_cols)
    build = _dense if backend == "dense" else _bucketed
    raters, items, row_position, col_position = build(
        row, col, value, weight, row_length, col_length
    )
    weighted = value if weight is None else value * weight
    return Arrangement(
        raters=raters,
        items=items,
        rater_position=row_position,
        item_position=col_position,
        total_weight=float(value.size if weight is None else weight.sum()),
        total_square=float(weighted @ value),
        backend=backend,
    )


def compact_values(value: Float64Array) -> NDArray[np.floating]:
    """Store as float32 where that loses nothing (0 and 1, levels of a scale)."""
    with np.errstate(over="ignore"):
        single = value.astype(np.float32)
    return single if np.array_equal(single, value) else value


def _row_sums(index: AnyArray, weight: Float64Array | None, size: int) -> Float64Array:
    return np.bincount(index, weights=weight, minlength=size).astype(np.float64)


def _dense(
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    value: Float64Array,
    weight: Float64Array | None,
    row_length: IntArray,
    col_length: IntArray,
) -> tuple[DenseSide, DenseSide, IntArray, IntArray]:
    row_position, n_rows = _consecutive(row_length)
    col_position, n_cols = _consecutive(col_length)
    at = (row_position[row], col_position[col])
    weights = np.zeros((n_rows, n_cols))
    weights[at] = 1.0 if weight is None else weight
    values = np.zeros((n_rows, n_cols))
    values[at] = value if weight is None else value * weight
    raters = DenseSide(weights, values, weights.sum(axis=1), values.sum(axis=1))
    items = DenseSide(
        np.ascontiguousarray(weights.T),
        np.ascontiguousarray(values.T),
        weights.sum(axis=0),
        values.sum(axis=0),
    )
    return raters, items, row_position, col_position


def _consecutive(length: IntArray) -> tuple[IntArray, int]:
    rated = length > 0
    position = np.where(rated, np.cumsum(rated) - 1, -1)
    return position, coarse(int(rated.sum()))


def _bucketed(
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    value: Float64Array,
    weight: Float64Array | None,
    row_length: IntArray,
    col_length: IntArray,
) -> tuple[BucketedSide, BucketedSide, IntArray, IntArray]:
    row_blocks, row_position, n_rows = _plan(row_length)
    col_blocks, col_position, n_cols = _plan(col_length)
    compact = compact_values(value)

    def side(
        own: AnyArray,
        other_position: AnyArray,
        order: IntArray | slice,
        blocks: list[_Block],
        length: IntArray,
        position: IntArray,
        n_positions: int,
        padding: int,
    ) -> BucketedSide:
        start = np.concatenate([[0], np.cumsum(length)])
        indices = other_position[order]
        values = compact[order]
        weights = None if weight is None else weight[order]
        buckets = []
        for block in blocks:
            column = np.arange(block.width)
            filled = column < length[block.members][:, None]
            source = (start[block.members][:, None] + column)[filled]
            shape = (block.n_rows, block.width)
            index = np.full(shape, padding, dtype=np.int32)
            index[: len(filled)][filled] = indices[source]
            entry = np.zeros(shape, dtype=values.dtype)
            entry[: len(filled)][filled] = values[source]
            weighing = None
            if weights is not None:
                weighing = np.zeros(shape)
                weighing[: len(filled)][filled] = weights[source]
            buckets.append(Bucket(index, entry, weighing))
        count = np.zeros(n_positions)
        total = np.zeros(n_positions)
        rated = position >= 0
        weighted = value if weight is None else value * weight
        count[position[rated]] = _row_sums(own, weight, length.size)[rated]
        total[position[rated]] = _row_sums(own, weighted, length.size)[rated]
        return BucketedSide(tuple(buckets), count, total)

    # The last position of either side is never used: padded entries point there.
    raters = side(
        row,
        col_position[col].astype(np.int32),
        slice(None),
        row_blocks,
        row_length,
        row_position,
        n_rows,
        n_cols - 1,
    )
    items = side(
        col,
        row_position[row].astype(np.int32),
        np.argsort(col, kind="stable"),
        col_blocks,
        col_length,
        col_position,
        n_cols,
        n_rows - 1,
    )
    return raters, items, row_position, col_position


class _Block(NamedTuple):
    width: int
    n_rows: int
    members: IntArray


def _widths(longest: int) -> IntArray:
    """Return the widths of the blocks: 4, 6, 8, 12, 16, 24, ... up to the longest row."""
    widths = [_SMALLEST_WIDTH]
    while widths[-1] < longest:
        last = widths[-1]
        widths.append(last * 3 // 2 if last & (last - 1) == 0 else last * 4 // 3)
    return np.array(widths)


def _plan(length: IntArray) -> tuple[list[_Block], IntArray, int]:
    """Assign rows to blocks by length, rows within a block in their own order."""
    position = np.full(length.size, -1, dtype=np.int64)
    widths = _merged(_widths(int(length.max(initial=0))), length)
    block_of = np.searchsorted(widths, length)
    block_of[length == 0] = -1
    blocks = []
    used = 0
    for number, width in enumerate(widths):
        members = np.flatnonzero(block_of == number)
        n_rows = coarse(int(members.size), smallest=max(1, min(8, 4096 // int(width))))
        position[members] = used + np.arange(members.size)
        blocks.append(_Block(int(width), n_rows, members))
        used += n_rows
    return blocks, position, used + 1


def _merged(widths: IntArray, length: IntArray) -> IntArray:
    """Drop widths whose rows cost little padding in the next wider block.

    Every block is a loop to compile, so that a few rows of their own length are better padded.
    """
    rows = np.bincount(np.searchsorted(widths, length[length > 0]), minlength=widths.size)
    allowed = _MERGE_SHARE * float(length.sum())
    kept = []
    waiting: list[int] = []  # widths of rows that wait for a wider block
    for number, width in enumerate(widths):
        waiting += [number] if rows[number] else []
        if not waiting:
            continue
        if number + 1 < widths.size:
            wider = widths[number + 1]
            extra = sum(int(rows[one]) * int(wider - widths[one]) for one in waiting)
            if extra <= allowed:
                continue
        kept.append(int(width))
        waiting = []
    return np.array(kept)
