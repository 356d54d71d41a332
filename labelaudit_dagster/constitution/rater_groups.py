"""Who took part: raters by what is known of them, without showing few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups

if TYPE_CHECKING:
    import pandas as pd

VALUE, UNKNOWN, REST = "value", "unknown", "rest"
"""Kinds of groups: people with a value, people of whom none is known, and all hidden groups."""

COLUMNS: Final = ("column", "kind", "value", "n_raters", "share")


def rater_groups(
    participants: pd.DataFrame, rater_ids: Collection[str], *, min_group: int = MIN_GROUP
) -> pd.DataFrame:
    """Count raters by each column of the table of participants.

    Groups of 1 to `min_group` - 1 people, and those that would betray them, are joined in one row
    of the kind `rest`. People of whom a value is not known are a group like any other. Values that
    differ in case and blanks alone are one, spelt as it is commonest.

    Args:
        participants: `participant_id` and columns of strings, nullable.
        rater_ids: ids of those who took part; raters who are not in the table are unknown.
        min_group: smallest group that is shown, 1 or more.

    Returns:
        Frame with `column`, `kind`, `value` (missing but for the kind `value`), `n_raters` (Int64)
        and `share` of all raters, missing where even all hidden groups together are fewer than
        `min_group`. Columns in the order of the table; in each the largest group first, then by
        value, then `rest`, then `unknown`.
    """
    import pandas as pd

    raters = pd.Index(list(dict.fromkeys(rater_ids)), dtype="str")
    known = participants.set_index("participant_id").reindex(raters)
    rows: list[dict[str, Any]] = []
    for column in known.columns:
        rows += _groups(str(column), known[column], min_group)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(
        {"column": "str", "kind": "str", "value": "str", "n_raters": "Int64", "share": "float64"}
    )


def _groups(column: str, values: pd.Series[Any], min_group: int) -> list[dict[str, Any]]:
    spellings: dict[str, Counter[str]] = {}
    for value, count in values.dropna().value_counts().items():
        text = " ".join(str(value).split())
        spellings.setdefault(text.casefold(), Counter())[text] += int(count)
    n_unknown = int(values.isna().sum()) + sum(spellings.pop("", Counter()).values())
    groups: list[tuple[str, str | None, int]] = []
    for found in spellings.values():
        # Of two spellings as common as each other the first by code point.
        spelling = min(found, key=lambda text: (-found[text], text))
        groups.append((VALUE, spelling, found.total()))
    if not groups:
        return []
    groups.sort(key=lambda group: (-group[2], str(group[1])))
    groups.append((UNKNOWN, None, n_unknown))
    counts = np.array([[count for _, _, count in groups]], dtype=np.int64)
    hidden = hidden_groups(counts, min_group)[0].tolist()
    total = len(values)
    shown: list[dict[str, Any]] = [
        {"column": column, "kind": kind, "value": value, "n_raters": n, "share": n / total}
        for (kind, value, n), hide in zip(groups, hidden, strict=True)
        if n and not hide
    ]
    if any(hidden):
        rest = sum(count for (_, _, count), hide in zip(groups, hidden, strict=True) if hide)
        is_shown = rest >= min_group
        row = {
            "column": column,
            "kind": REST,
            "value": None,
            "n_raters": rest if is_shown else None,
            "share": rest / total if is_shown else None,
        }
        place = len(shown) - (1 if shown and shown[-1]["kind"] == UNKNOWN else 0)
        shown.insert(place, row)
    return shown
