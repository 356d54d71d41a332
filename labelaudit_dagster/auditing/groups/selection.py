"""Groups of raters by what is known of them: who belongs to one, and how many they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.groups.errors import GroupError

if TYPE_CHECKING:
    import pandas as pd

SMALLEST_GROUP: Final = 5
"""Smaller groups are answered as empty: a count of one or two points at people."""
RATER_COLUMN: Final = "rater_id"


class GroupRule(StrEnum):
    """How a rater's value must relate to those of a condition."""

    ANY_OF = "any_of"
    """It is one of them."""
    HOLDS_ALL = "holds_all"
    """It is a list, and every one of them is an entry of it."""


@dataclass(frozen=True)
class GroupCondition:
    """One condition on a demographic column; case and white space at the ends do not count.

    Attributes:
        column: name of a column of raters.
        values: what the rule speaks of, at least one.
        rule: how. Lists are entries between commas, semicolons or upright lines.

    Raises:
        GroupError: there is no value.
    """

    column: str
    values: tuple[str, ...]
    rule: GroupRule = GroupRule.ANY_OF

    def __post_init__(self) -> None:
        if not self.values:
            raise GroupError(f"The condition on {self.column} names no value; leave it out.")


def demographic_columns(raters: pd.DataFrame) -> list[str]:
    """Return the columns by which raters can be grouped, in the order of the table."""
    return [str(name) for name in raters.columns if name != RATER_COLUMN]


def group_members(
    raters: pd.DataFrame, conditions: Iterable[GroupCondition]
) -> NDArray[np.object_]:
    """Return the ids of the raters who meet every condition, in the order of the table.

    Without a condition these are all raters. Somebody of whom a value is not known meets no
    condition on it.

    Args:
        raters: `rater_id` and demographic columns of strings, nullable.
        conditions: all must hold.

    Raises:
        GroupError: a column does not exist.
    """
    belongs = np.ones(len(raters), dtype=np.bool_)
    for condition in conditions:
        if condition.column not in demographic_columns(raters):
            known = ", ".join(demographic_columns(raters)) or "none"
            raise GroupError(
                f"Raters have no column {condition.column!r}; the columns to group by are: {known}."
            )
        belongs &= _meets(raters[condition.column], condition)
    ids: NDArray[np.object_] = raters[RATER_COLUMN].astype(object).to_numpy()[belongs]
    return ids


def group_size(raters: pd.DataFrame, conditions: Iterable[GroupCondition]) -> int:
    """Return how many raters meet every condition; fewer than five are answered as 0.

    Raises:
        GroupError: a column does not exist.
    """
    return shown_size(len(group_members(raters, conditions)))


def shown_size(n_members: int) -> int:
    """Return a group's size as it may be shown: 0 below five."""
    return n_members if n_members >= SMALLEST_GROUP else 0


def demographic_values(raters: pd.DataFrame) -> pd.DataFrame:
    """Return the values of every demographic column and how many raters have them.

    Values of fewer than five raters are left out. Those of columns that hold lists are their
    entries.

    Returns:
        Rows (column str, value str, n_raters int64), columns in the order of the table, the
        commonest value first, then by name.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for column in demographic_columns(raters):
        counts = raters[column].dropna().astype(str).value_counts()
        spelling: dict[str, str] = {}
        people: dict[str, int] = {}
        for text, count in sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))):
            whole = " ".join(str(text).split())
            entries = _entries(whole) if column in LISTS else [whole]
            for entry in {_plain(entry): entry for entry in entries}.values():
                # Spellings that conditions do not tell apart are one value, as it is commonest.
                spelling.setdefault(_plain(entry), entry)
                people[_plain(entry)] = people.get(_plain(entry), 0) + int(count)
        rows += [
            {"column": column, "value": spelling[key], "n_raters": count}
            for key, count in sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))
            if key and count >= SMALLEST_GROUP
        ]
    frame = pd.DataFrame(rows, columns=["column", "value", "n_raters"])
    return frame.astype({"column": "str", "value": "str", "n_raters": "int64"})


LISTS: Final = frozenset({"race"})
"""Columns that hold lists: somebody may have several races."""


def conditions_from(filters: Mapping[str, str | Iterable[str]]) -> list[GroupCondition]:
    """Return conditions by column: any of the values, for columns of lists all of them.

    Args:
        filters: column → value or values; columns without any value are left out.
    """
    found = []
    for column, given in filters.items():
        values = (given,) if isinstance(given, str) else tuple(given)
        if values:
            rule = GroupRule.HOLDS_ALL if column in LISTS else GroupRule.ANY_OF
            found.append(GroupCondition(column, values, rule))
    return found


def _meets(column: pd.Series[Any], condition: GroupCondition) -> NDArray[np.bool_]:
    """Return which values meet a condition; each distinct value is looked at once."""
    wanted = {_plain(value) for value in condition.values}
    codes, values = column.astype(object).factorize(use_na_sentinel=True)
    if condition.rule is GroupRule.HOLDS_ALL:
        met = [wanted <= {_plain(entry) for entry in _entries(str(value))} for value in values]
    else:
        met = [_plain(str(value)) in wanted for value in values]
    # The last one is what -1, the code of an unknown value, finds.
    by_code: NDArray[np.bool_] = np.array([*met, False], dtype=np.bool_)
    return np.asarray(by_code[codes], dtype=np.bool_)


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in re.split(r"[,;|]", text) if entry.strip()]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
