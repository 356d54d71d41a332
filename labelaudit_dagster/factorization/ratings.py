"""Ratings as sparse triples, validated and put into one canonical order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.factorization.errors import FactorizationError

Float64Array = NDArray[np.float64]
Int32Array = NDArray[np.int32]
Scalar = TypeVar("Scalar", bound=np.generic)
_LARGEST_SIDE = 2**31 - 2
_LARGEST_NUMBER = 1e30


@dataclass(frozen=True, eq=False)
class RatingTriples:
    """Observed ratings: rows are raters, columns are items (guidelines or comments).

    Use `from_arrays`, which validates and sorts. Everything downstream relies on the order
    by (row, col), which makes every result independent of the order in which ratings came.

    Attributes:
        row: int32, shape (n,), rater index in [0, n_rows).
        col: int32, shape (n,), item index in [0, n_cols).
        value: float64, shape (n,), finite.
        n_rows: number of raters, those without ratings included.
        n_cols: number of items, those without ratings included.
        weight: float64, shape (n,), finite and not negative; None stands for all ones.
    """

    row: Int32Array
    col: Int32Array
    value: Float64Array
    n_rows: int
    n_cols: int
    weight: Float64Array | None = None

    @classmethod
    def from_arrays(
        cls,
        row: ArrayLike,
        col: ArrayLike,
        value: ArrayLike,
        *,
        n_rows: int | None = None,
        n_cols: int | None = None,
        weight: ArrayLike | None = None,
    ) -> Self:
        """Validate, sort by (row, col) and keep.

        Args:
            row: integer rater indices, shape (n,).
            col: integer item indices, shape (n,).
            value: finite numbers, shape (n,).
            n_rows: number of raters; by default one more than the largest index.
            n_cols: number of items; by default one more than the largest index.
            weight: finite numbers >= 0, shape (n,); by default every rating weighs 1.

        Raises:
            FactorizationError: on shapes that differ, indices out of range, values or weights
                that are not finite, negative weights, or a pair that occurs twice.
        """
        rows = _indices(row, "row")
        cols = _indices(col, "col")
        values = _numbers(value, "value")
        weights = None if weight is None else _numbers(weight, "weight")
        for name, array in (("col", cols), ("value", values), ("weight", weights)):
            if array is not None and array.shape != rows.shape:
                raise FactorizationError(
                    f"{name} has {array.size} entries and row has {rows.size}; give one per rating."
                )
        if weights is not None and np.any(weights < 0):
            raise FactorizationError(
                f"weight holds {weights.min()}, a negative number; weights must be 0 or more."
            )
        n_rows = _extent(rows, n_rows, "row", "n_rows")
        n_cols = _extent(cols, n_cols, "col", "n_cols")
        key = rows * np.int64(max(n_cols, 1)) + cols
        if np.any(key[1:] <= key[:-1]):
            order = np.argsort(key, kind="stable")
            key = key[order]
            repeated = np.flatnonzero(key[1:] == key[:-1])
            if repeated.size:
                pair = int(key[repeated[0]])
                raise FactorizationError(
                    f"rater {pair // n_cols} rated item {pair % n_cols} more than once "
                    f"({repeated.size} repeats in all); keep one rating per pair."
                )
            rows, cols, values = rows[order], cols[order], values[order]
            weights = None if weights is None else weights[order]
        return cls(
            row=_frozen(rows.astype(np.int32)),
            col=_frozen(cols.astype(np.int32)),
            value=_frozen(values),
            n_rows=n_rows,
            n_cols=n_cols,
            weight=None if weights is None else _frozen(weights),
        )

    def __len__(self) -> int:
        return int(self.row.size)

    def weights(self) -> Float64Array:
        """Return one weight per rating, shape (n,): the given ones, or ones."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def row_weights(self) -> Float64Array:
        """Return each rater's sum of weights, shape (n_rows,)."""
        return np.bincount(self.row, weights=self.weight, minlength=self.n_rows).astype(np.float64)

    def col_weights(self) -> Float64Array:
        """Return each item's sum of weights, shape (n_cols,)."""
        return np.bincount(self.col, weights=self.weight, minlength=self.n_cols).astype(np.float64)

    def with_rater_weights(self, rater_weight: ArrayLike) -> RatingTriples:
        """Multiply every rating's weight by its rater's, given as shape (n_rows,)."""
        factor = _numbers(rater_weight, "rater_weight")
        if factor.shape != (self.n_rows,):
            raise FactorizationError(
                f"rater_weight has {factor.size} entries for {self.n_rows} raters; "
                "give one per rater."
            )
        if np.any(factor < 0):
            raise FactorizationError("rater_weight holds a negative number; give 0 or more.")
        weight = _frozen(self.weights() * factor[self.row])
        return RatingTriples(self.row, self.col, self.value, self.n_rows, self.n_cols, weight)


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return a read-only view, so that nobody changes ratings under a solution."""
    view = array.view()
    view.flags.writeable = False
    return view


def _indices(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise FactorizationError(f"{name} has {array.ndim} dimensions; give a flat array.")
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise FactorizationError(f"{name} has dtype {array.dtype}; give integer indices.")
    if int(array.min()) < 0 or int(array.max()) > _LARGEST_SIDE:
        raise FactorizationError(f"{name} holds an index outside [0, 2^31 - 2]; number from 0.")
    return array.astype(np.int64)


def _numbers(values: ArrayLike, name: str) -> Float64Array:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FactorizationError(f"{name} holds something that is no number: {error}.") from error
    if array.ndim != 1:
        raise FactorizationError(f"{name} has {array.ndim} dimensions; give a flat array.")
    if not np.all(np.isfinite(array)):
        first = int(np.flatnonzero(~np.isfinite(array))[0])
        raise FactorizationError(
            f"{name} holds {array[first]} at position {first}; leave such ratings out."
        )
    if array.size and float(np.abs(array).max()) > _LARGEST_NUMBER:
        raise FactorizationError(
            f"{name} holds {array[np.abs(array).argmax()]}; beyond 1e30 squares lose all precision."
        )
    return array


def _extent(index: NDArray[np.int64], given: int | None, name: str, limit_name: str) -> int:
    needed = int(index.max()) + 1 if index.size else 0
    if given is None:
        return needed
    if given < needed:
        raise FactorizationError(
            f"{name} holds index {needed - 1} but {limit_name} is {given}; "
            f"{limit_name} must be larger than every index."
        )
    if given > _LARGEST_SIDE:
        raise FactorizationError(f"{limit_name} is {given}; at most 2^31 - 2 can be handled.")
    return int(given)
