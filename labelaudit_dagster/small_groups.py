"""Which groups of people are too small to be shown, and which others would betray them.

The one rule for every view, export, route and picture that counts people by what is known of
them. Pure.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_GROUP: Final = 5
"""Groups of fewer people are not shown."""


def hidden_groups(counts: NDArray[np.int64], min_group: int = MIN_GROUP) -> NDArray[np.bool_]:
    """Return which groups to hide, so that no small group follows from the totals.

    Groups of 1 to `min_group` - 1 people are hidden. The total of a row is taken to be public, and
    a single hidden group would follow from it by subtraction; therefore the smallest other groups
    are hidden with it until at least two groups with `min_group` people in all are.

    Args:
        counts: people by group, shape (rows, groups); the groups of a row do not overlap.
        min_group: smallest group that is shown, 1 or more.

    Returns:
        bool, the shape of `counts`. Empty groups are never hidden.
    """
    hidden: NDArray[np.bool_] = (counts > 0) & (counts < min_group)
    for _ in range(counts.shape[1] - 1):
        total = np.where(hidden, counts, 0).sum(axis=1)
        exposed = hidden.any(axis=1) & ((hidden.sum(axis=1) == 1) | (total < min_group))
        candidates = np.where(hidden | (counts == 0), np.iinfo(np.int64).max, counts)
        smallest = candidates.argmin(axis=1)
        rows = np.flatnonzero(exposed & (candidates.min(axis=1) < np.iinfo(np.int64).max))
        hidden[rows, smallest[rows]] = True
    return hidden
