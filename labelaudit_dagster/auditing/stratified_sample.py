"""Which comments to show for labelling: some of every level of the system's rating."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.splits import uniform_of_items
from labelaudit_dagster.failures import ExpectedFailure

BIN_EDGES: Final = (0.5, 1.5, 2.5, 3.5)
"""Where one bin ends and the next begins, on 0 … 4; a rating on an edge is in the upper bin."""

PER_BIN: Final = (2, 4, 8, 4, 2)
"""Comments of each bin in a sample of twenty: most where the decision is close."""

FEWEST_DRAWN: Final = sum(PER_BIN)


class SampleError(ExpectedFailure, ValueError):
    """A sample that cannot be drawn; the message says why and what to do."""


def stratified_sample(
    system_ratings: pd.DataFrame,
    *,
    scale: RatingScale,
    n: int,
    seed: int,
    exclude: Collection[int] = (),
) -> list[int]:
    """Draw comments for labelling, without replacement.

    The system's ratings, mapped to 0 … 4, fall into five bins with edges at 0.5, 1.5, 2.5 and
    3.5. Twenty comments are drawn, 2, 4, 8, 4 and 2 of the bins, shuffled, and the first n
    returned; for more than twenty the numbers grow in proportion (`numbers_per_bin`). What a bin
    lacks is taken from the bins nearest to it; of two equally near ones that with more left over.

    Which comments come, and in what order, depends on seed and ids alone, not on the order of
    the rows. To leave out some, name them in `exclude`: the same seed then goes on with others.

    Args:
        system_ratings: columns `item_id` (distinct whole numbers of 0 or more) and
            `system_rating` (within the scale; NaN is never drawn), of the comments to choose
            among: those of the training split, or of one topic of it.
        scale: the scale of the ratings.
        n: how many, 0 or more.
        seed: any whole number.
        exclude: item ids that must not come, such as those already labelled.

    Returns:
        Item ids, at most n of them, fewer where there are not so many.

    Raises:
        SampleError: n is negative, a column is missing, an id repeats, or a rating lies outside
            the scale.
    """
    if n < 0:
        raise SampleError(f"The number of comments to draw must be 0 or more, not {n}.")
    ids, ratings = _columns(system_ratings)
    low, high = scale.values[0], scale.values[-1]
    known = np.isfinite(ratings)
    outside = ids[known & ((ratings < low) | (ratings > high)) | np.isinf(ratings)]
    if len(outside):
        raise SampleError(
            f"The system's rating of item_id {outside[0]} lies outside the scale, {low:g} to "
            f"{high:g}."
        )
    allowed = known & ~np.isin(ids, np.fromiter(exclude, dtype=np.int64, count=len(exclude)))
    ids, ratings = ids[allowed], ratings[allowed]
    bins = np.searchsorted(BIN_EDGES, scale.to_contract(ratings), side="right")
    drawing = np.lexsort((ids, uniform_of_items(ids, seed, "sample")))
    taken = _numbers_taken(np.bincount(bins, minlength=len(PER_BIN)), max(n, FEWEST_DRAWN))
    drawn = [drawing[bins[drawing] == number][:some] for number, some in enumerate(taken)]
    chosen = ids[np.concatenate(drawn)]
    shuffled = np.lexsort((chosen, uniform_of_items(chosen, seed, "sample order")))
    return [int(item) for item in chosen[shuffled][:n]]


def numbers_per_bin(n: int) -> list[int]:
    """Split n over the five bins as 2, 4, 8, 4, 2, by largest remainders.

    Of equal remainders the bin nearer to the middle comes first, then the lower one.

    Args:
        n: 0 or more; 20 gives 2, 4, 8, 4, 2.
    """
    numbers = [n * share // FEWEST_DRAWN for share in PER_BIN]
    middle = len(PER_BIN) // 2
    order = sorted(
        range(len(PER_BIN)),
        key=lambda number: (-(n * PER_BIN[number] % FEWEST_DRAWN), abs(number - middle), number),
    )
    for number in order[: n - sum(numbers)]:
        numbers[number] += 1
    return numbers


def _numbers_taken(available: NDArray[np.int64], n: int) -> list[int]:
    """Return how many of each bin to take, neighbours filling what a bin lacks.

    Args:
        available: comments in each of the five bins.
        n: how many are wanted in all.
    """
    wanted = numbers_per_bin(n)
    taken = [min(want, have) for want, have in zip(wanted, available.tolist(), strict=True)]
    lacking = [at for at, want in enumerate(wanted) for _ in range(want - taken[at])]
    for at in lacking:
        left = [int(have) - some for have, some in zip(available, taken, strict=True)]
        distances = [(abs(near - at), -left[near], near) for near in range(len(left)) if left[near]]
        if not distances:
            break
        taken[min(distances)[2]] += 1
    return taken


def _columns(frame: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ids and ratings, refusing what is not there or repeats."""
    for name in ("item_id", "system_rating"):
        if name not in frame.columns:
            raise SampleError(f"The system's ratings have no column {name}.")
    ids = frame["item_id"].to_numpy(dtype=np.int64)
    found, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise SampleError(
            f"item_id {found[counts > 1][0]} has more than one system rating; keep one row of it."
        )
    return ids, frame["system_rating"].to_numpy(dtype=np.float64)
