"""Support on each side of the factor axis: is a guideline carried by different perspectives?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import unique_ids
from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups

SIDES = ("negative", "neutral", "positive")
"""Raters with a factor below, equal to and above zero."""


def support_by_side(
    item_index: ArrayLike,
    rater_index: ArrayLike,
    helpful: ArrayLike,
    rater_factors: ArrayLike,
    guideline_ids: Sequence[str],
    *,
    dimension: int = 0,
    min_group: int = MIN_GROUP,
) -> pd.DataFrame:
    """Return, for each guideline, count and helpful share on both sides of the factor axis.

    Groups of 1 to `min_group` - 1 raters are hidden. As the totals of a guideline are public, a
    hidden group could be had by subtraction; therefore the smallest other groups are hidden
    with it until what is hidden is at least two groups of `min_group` raters in all.

    Args:
        item_index: guideline of each rating, indexes into `guideline_ids`, shape (N,).
        rater_index: rater of each rating, indexes into `rater_factors`, shape (N,).
        helpful: value of each rating, 0 or 1 (or booleans), shape (N,).
        rater_factors: x_u, shape (n,) or (n, k), finite.
        guideline_ids: the m ids, unique.
        dimension: the column of `rater_factors` that splits the raters.
        min_group: smallest group that is shown, 1 or more.

    Returns:
        Frame with `guideline_id` and for every side of `SIDES` the columns `n_<side>` (Int64) and
        `support_<side>` (float64), one row per guideline in the given order. Hidden: both
        missing. An empty group: 0 and missing.

    Raises:
        ConstitutionError: shapes do not fit, an index is out of range, or a rating is not 0 or 1.
    """
    ids = unique_ids("guideline_ids", guideline_ids)
    m = len(ids)
    factors = np.asarray(rater_factors, dtype=np.float64)
    if factors.ndim == 2:
        if not 0 <= dimension < factors.shape[1]:
            raise ConstitutionError(
                f"dimension must lie in 0 to {factors.shape[1] - 1}, not {dimension}."
            )
        factors = factors[:, dimension]
    if factors.ndim != 1 or not np.all(np.isfinite(factors)):
        raise ConstitutionError("rater_factors must be finite and of shape (n,) or (n, k).")
    if min_group < 1:
        raise ConstitutionError(f"min_group must be 1 or more, not {min_group}.")
    items = _index("item_index", item_index, m)
    raters = _index("rater_index", rater_index, len(factors))
    values = np.asarray(helpful, dtype=np.float64)
    if not items.shape == raters.shape == values.shape:
        raise ConstitutionError("item_index, rater_index and helpful must have the same length.")
    if not np.all((values == 0) | (values == 1)):
        raise ConstitutionError("helpful must hold 0 and 1 only.")

    cell = items * 3 + (np.sign(factors).astype(np.int64) + 1)[raters]
    counts = np.bincount(cell, minlength=3 * m).reshape(m, 3)
    helpful_counts = np.bincount(cell, weights=values, minlength=3 * m).reshape(m, 3)
    shares = np.full((m, 3), np.nan)
    np.divide(helpful_counts, counts, out=shares, where=counts > 0)
    hidden = hidden_groups(counts, min_group)
    shares[hidden] = np.nan
    columns: dict[str, object] = {"guideline_id": list(ids)}
    for column, side in enumerate(SIDES):
        shown = pd.array(counts[:, column], dtype="Int64")
        shown[hidden[:, column]] = pd.NA
        columns[f"n_{side}"] = shown
        columns[f"support_{side}"] = shares[:, column]
    return pd.DataFrame(columns)


def _index(field: str, values: ArrayLike, size: int) -> NDArray[np.int64]:
    """Return one-dimensional indexes within `size`."""
    index = np.asarray(values)
    if index.size == 0:
        return np.zeros(0, dtype=np.int64)
    if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
        raise ConstitutionError(f"{field} must be a one-dimensional array of whole numbers.")
    if index.min() < 0 or index.max() >= size:
        raise ConstitutionError(f"{field} must lie in 0 to {size - 1}.")
    return index.astype(np.int64)
