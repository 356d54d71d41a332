"""A random sample of comments that does not depend on who asks, when, or for what else."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LARGEST_SAMPLE: Final = 500
"""A view of a topic or keyword holds at most so many comments."""


def sample_priorities(item_ids: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return one pseudo-random number for each comment, from its id and the seed alone.

    The mixing function is splitmix64 (Steele, Lea and Flood 2014). The comments with the smallest
    numbers are the sample of any selection, so that a comment that is shown stays in the sample
    when the selection shrinks, and whatever else the corpus holds.

    Args:
        item_ids: int64, shape (n,).
        seed: non-negative.

    Returns:
        uint64, shape (n,).
    """
    mixed = item_ids.astype(np.uint64) ^ _mix(np.array([seed], dtype=np.uint64))
    return _mix(mixed)


def sample_rows(
    rows: NDArray[np.int64], priorities: NDArray[np.uint64], most: int = LARGEST_SAMPLE
) -> NDArray[np.int64]:
    """Return at most `most` of the rows, in their order.

    Args:
        rows: positions of the selected comments.
        priorities: `sample_priorities` of all comments.
        most: size of the sample.
    """
    if len(rows) <= most:
        return rows
    chosen = np.argpartition(priorities[rows], most - 1)[:most]
    return rows[np.sort(chosen)]


def _mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
