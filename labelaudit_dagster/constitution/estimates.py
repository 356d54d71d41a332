"""What the rules need to know about rated guidelines: counts, parameters, uncertainty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.constitution.errors import ConstitutionError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ItemEstimates:
    """Counts and fitted parameters of the rated guidelines, one row each, in one order.

    Attributes:
        guideline_ids: the m ids, unique.
        n_ratings: ratings of each guideline, whole numbers of 1 or more, shape (m,).
        n_helpful: helpful ones among them, shape (m,).
        intercepts: c_g, finite, shape (m,).
        factors: y_g, finite, shape (m, k); a shape of (m,) is read as k = 1.
        numerical_errors: how far an intercept may lie from the exact optimum, one number for all
            or shape (m,), finite and not negative. Sampling error does not belong here.

    Raises:
        ConstitutionError: a shape does not fit, or a value is out of range.
    """

    guideline_ids: Sequence[str]
    n_ratings: IntArray
    n_helpful: IntArray
    intercepts: FloatArray
    factors: FloatArray
    numerical_errors: FloatArray

    @classmethod
    def from_arrays(
        cls,
        guideline_ids: Sequence[str],
        *,
        n_ratings: ArrayLike,
        n_helpful: ArrayLike,
        intercepts: ArrayLike,
        factors: ArrayLike,
        numerical_error: ArrayLike = 0.0,
    ) -> ItemEstimates:
        """Build from anything array-like; see the class for shapes, ranges and errors."""
        ids = unique_ids("guideline_ids", guideline_ids)
        m = len(ids)
        ratings = _counts("n_ratings", n_ratings, m)
        helpful = _counts("n_helpful", n_helpful, m)
        if np.any(ratings < 1):
            raise ConstitutionError(
                "n_ratings must be 1 or more for every estimated guideline; leave unrated ones out."
            )
        if np.any(helpful > ratings):
            raise ConstitutionError("n_helpful must not exceed n_ratings.")
        y = np.asarray(factors, dtype=np.float64)
        if y.ndim == 1:
            y = y[:, None]
        if y.ndim != 2 or y.shape[0] != m:
            raise ConstitutionError(f"factors must have shape ({m}, k), not {y.shape}.")
        if not np.all(np.isfinite(y)):
            raise ConstitutionError("factors must be finite numbers; the solution has diverged.")
        errors = np.asarray(numerical_error, dtype=np.float64)
        if errors.ndim == 0:
            errors = np.full(m, errors)
        errors = _column("numerical_error", errors, m)
        if np.any(errors < 0):
            raise ConstitutionError("numerical_error must not be negative.")
        return cls(ids, ratings, helpful, _column("intercepts", intercepts, m), y, errors)


@dataclass(frozen=True, slots=True, eq=False)
class ItemUncertainty:
    """Sampling uncertainty of guidelines, from resampling raters.

    Attributes:
        guideline_ids: the m ids, unique, in any order; they need not cover every guideline.
        standard_error: of the intercept, shape (m,), not negative.
        interval_low: lower end of the intercept's interval, shape (m,).
        interval_high: upper end, shape (m,).
        p_accepted: share of replicates in which the guideline is accepted, in [0, 1], shape (m,).
        n_flipping_raters: raters whose removal alone changes whether the guideline is accepted,
            shape (m,), or None where that was not computed.
    """

    guideline_ids: Sequence[str]
    standard_error: FloatArray
    interval_low: FloatArray
    interval_high: FloatArray
    p_accepted: FloatArray
    n_flipping_raters: IntArray | None = None

    @classmethod
    def from_arrays(
        cls,
        guideline_ids: Sequence[str],
        *,
        standard_error: ArrayLike,
        interval_low: ArrayLike,
        interval_high: ArrayLike,
        p_accepted: ArrayLike,
        n_flipping_raters: ArrayLike | None = None,
    ) -> ItemUncertainty:
        """Build from anything array-like.

        Raises:
            ConstitutionError: a shape does not fit, or a value is out of range.
        """
        ids = unique_ids("guideline_ids", guideline_ids)
        m = len(ids)
        error = _column("standard_error", standard_error, m)
        low = _column("interval_low", interval_low, m)
        high = _column("interval_high", interval_high, m)
        share = _column("p_accepted", p_accepted, m)
        if np.any(error < 0):
            raise ConstitutionError("standard_error must not be negative.")
        if np.any(low > high):
            raise ConstitutionError("interval_low must not exceed interval_high.")
        if np.any((share < 0) | (share > 1)):
            raise ConstitutionError("p_accepted must lie between 0 and 1.")
        flips = (
            None
            if n_flipping_raters is None
            else _counts("n_flipping_raters", n_flipping_raters, m)
        )
        return cls(ids, error, low, high, share, flips)


def unique_ids(field: str, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids as a tuple, refusing what is no string and what occurs twice."""
    values = tuple(ids)
    wrong = next((value for value in values if not isinstance(value, str)), None)
    if wrong is not None:
        raise ConstitutionError(f"{field} must hold strings only, not {wrong!r}.")
    if len(set(values)) != len(values):
        twice = min(value for value, count in Counter(values).items() if count > 1)
        raise ConstitutionError(f"{field} holds {twice!r} more than once; ids must be unique.")
    return values


def _column(field: str, values: ArrayLike, m: int) -> FloatArray:
    """Return one finite float64 per guideline."""
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (m,):
        raise ConstitutionError(f"{field} must have shape ({m},), not {column.shape}.")
    if not np.all(np.isfinite(column)):
        raise ConstitutionError(f"{field} must be finite numbers; the solution has diverged.")
    return column


def _counts(field: str, values: ArrayLike, m: int) -> IntArray:
    """Return one whole number of 0 or more per guideline."""
    column = _column(field, values, m)
    counts = column.astype(np.int64)
    if np.any(counts != column) or np.any(counts < 0):
        raise ConstitutionError(f"{field} must be whole numbers of 0 or more.")
    return counts
