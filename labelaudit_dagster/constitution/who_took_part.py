"""Who took part: counts of raters by attribute, without groups of few people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups

MOST_GROUPS = 30
"""An attribute with more values than this says who people are, not to which group they belong."""


@dataclass(frozen=True)
class Attribute:
    """How many raters have each value of an attribute.

    Attributes:
        name: the column.
        groups: value and number of raters, largest first; None for those who have none is among
            the values.
        n_hidden: groups that are not shown, since they or others would be too small.
    """

    name: str
    groups: tuple[tuple[str | None, int], ...]
    n_hidden: int


def who_took_part(
    participants: pd.DataFrame, raters: Collection[str], *, min_group: int = MIN_GROUP
) -> list[Attribute]:
    """Return the attributes of the raters by their values, in the order of the columns.

    Groups of 1 to `min_group` - 1 raters are hidden, and as the total is public, the smallest
    others with them until no hidden group follows by subtraction. An attribute of which nothing
    can be shown, or with too many values to be groups, is left out.

    Args:
        participants: `participant_id` and one column of texts for each attribute.
        raters: ids of those whose ratings count.
        min_group: smallest group that is shown.
    """
    chosen = participants[participants["participant_id"].isin(set(raters))]
    found = []
    for name in participants.columns:
        if name == "participant_id":
            continue
        column = chosen[name].astype(object).where(chosen[name].notna(), None)
        counts = column.value_counts(dropna=False)
        if len(counts) < 2 or len(counts) > MOST_GROUPS:
            continue
        sizes = np.array(counts.tolist(), dtype=np.int64)
        hidden = hidden_groups(sizes[None, :], min_group)[0]
        shown = [
            (None if pd.isna(value) else str(value), int(count))
            for value, count, hide in zip(counts.index, counts, hidden, strict=True)
            if not hide
        ]
        if shown:
            shown.sort(key=lambda group: (-group[1], group[0] or ""))
            found.append(Attribute(str(name), tuple(shown), int(hidden.sum())))
    return found
