"""What a group would label: the median of its members' ratings of a sample of comments."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.groups.errors import GroupError
from labelaudit_dagster.auditing.groups.selection import SMALLEST_GROUP
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.stratified_sample import stratified_sample

if TYPE_CHECKING:
    import pandas as pd

GROUP_LABELS: Final = 20
"""A group's model is made from so many labels, as a person's is."""


def group_labels(
    comment_ratings: pd.DataFrame,
    members: Collection[str],
    system_ratings: pd.DataFrame,
    *,
    scale: RatingScale,
    seed: int,
    training_items: NDArray[np.int64] | None = None,
    n: int = GROUP_LABELS,
) -> pd.DataFrame:
    """Label a stratified sample of the comments that a group has rated with its medians.

    Args:
        comment_ratings: `rater_id`, `item_id`, `rating` (values of the scale).
        members: ids of the group, at least five.
        system_ratings: `item_id`, `system_rating`, by which the sample is stratified.
        scale: of both.
        seed: of the sample.
        training_items: ids of the training comments; None means all.
        n: size of the sample.

    Returns:
        `item_id` int64 ascending, `rating` float64 (a value of the scale), `n_ratings` int64
        (of members); at most n rows.

    Raises:
        GroupError: the group has fewer than five members, or has rated no such comment.
    """
    if len(members) < SMALLEST_GROUP:
        raise GroupError(
            f"No model is made from a group of fewer than {SMALLEST_GROUP} people, nor from one"
            " that differs from another by fewer; choose a wider group."
        )
    medians = group_medians(comment_ratings, members, scale=scale)
    rated = medians["item_id"].to_numpy()
    if training_items is not None:
        rated = rated[np.isin(rated, training_items)]
    offered = system_ratings[system_ratings["item_id"].isin(rated)]
    if offered.empty:
        raise GroupError(
            "The people of this group have rated no training comment that the system rates;"
            " choose a wider group."
        )
    chosen = stratified_sample(offered, scale=scale, n=n, seed=seed)
    return medians[medians["item_id"].isin(chosen)].reset_index(drop=True)


def group_medians(
    comment_ratings: pd.DataFrame, members: Collection[str], *, scale: RatingScale
) -> pd.DataFrame:
    """Return the median rating of a group for every comment that a member has rated.

    A median is a level of the scale. With an even number of ratings it is the level in the
    middle between the two middle ones where there is one; between two levels it is the one
    nearer to the mean level of all the group's ratings of that comment, and the lower one where
    the mean lies exactly between them. Ratings that are no value of the scale do not count.

    Returns:
        `item_id` int64 ascending, `rating` float64 (a value of the scale), `n_ratings` int64.
    """
    import pandas as pd

    mine = comment_ratings[comment_ratings["rater_id"].isin(list(members))]
    items = mine["item_id"].to_numpy(np.int64)
    levels = scale.levels_of(mine["rating"].to_numpy(np.float64, na_value=np.nan)).astype(np.int64)
    items, levels = items[levels >= 0], levels[levels >= 0]
    order = np.lexsort((levels, items))
    items, levels = items[order], levels[order]
    distinct, starts, counts = np.unique(items, return_index=True, return_counts=True)
    if not len(distinct):
        median = np.empty(0, dtype=np.int64)
    else:
        double = levels[starts + (counts - 1) // 2] + levels[starts + counts // 2]
        total = np.add.reduceat(levels, starts)
        # In whole numbers: is the mean above double / 2?
        upwards = (double % 2 == 1) & (2 * total > double * counts)
        median = double // 2 + upwards
    return pd.DataFrame(
        {
            "item_id": distinct,
            "rating": np.asarray(scale.values)[median],
            "n_ratings": counts.astype(np.int64),
        }
    )
