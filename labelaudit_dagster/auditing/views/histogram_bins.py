"""The bins in which plots collect ratings: eighty, open on the left, closed on the right."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale

N_BINS: Final = 80


def bin_midpoints(ratings: ArrayLike, scale: RatingScale) -> NDArray[np.float64]:
    """Return the midpoint of the bin that each rating falls into.

    On 0 … 4 the edges are 0, 0.05, …, 4 and the midpoints 0.025 … 3.975. The lowest value of the
    scale belongs to the first bin; ratings outside the scale fall into its first or last bin.

    Args:
        ratings: in units of the scale, any shape.
        scale: gives the range.
    """
    edges, midpoints = _bins(scale.values[0], scale.values[-1])
    place = np.searchsorted(edges, np.asarray(ratings, dtype=np.float64), side="left") - 1
    return midpoints[np.clip(place, 0, N_BINS - 1)]


def rows_within_bins(midpoints: NDArray[np.float64], order_by: NDArray[Any]) -> NDArray[np.int64]:
    """Number the members of each bin from 1, the largest `order_by` first.

    Equal values keep their order.

    Args:
        midpoints: bin of each member, shape (n,).
        order_by: what the order goes by, shape (n,).

    Returns:
        int64, shape (n,).
    """
    order = np.lexsort((-np.asarray(order_by, dtype=np.float64), midpoints))
    ordered = midpoints[order]
    numbers = np.empty(len(ordered), dtype=np.int64)
    starts = np.searchsorted(ordered, ordered, side="left")
    numbers[order] = np.arange(len(ordered)) - starts + 1
    return numbers


@lru_cache(maxsize=16)
def _bins(low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    edges = np.linspace(low, high, N_BINS + 1)
    midpoints = np.round((edges[:-1] + edges[1:]) / 2, 12)
    # A rating kept as float32 is an ulp or two beside the edge that it means.
    return edges + (high - low) * 1e-7, midpoints
