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
from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups

if TYPE_CHECKING:
    import pandas as pd

SMALLEST_GROUP: Final = MIN_GROUP
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
    masks = _masks(raters, list(conditions))
    return _ids(raters, _all_of(masks, len(raters)))


def shown_members(
    raters: pd.DataFrame, conditions: Iterable[GroupCondition]
) -> NDArray[np.object_]:
    """Return the ids of the raters who meet every condition, if that group may be shown.

    A group of fewer than five is answered as empty. So is one whose size would betray such a
    group: for each condition, those who meet all the others are divided by its column, and what
    `hidden_groups` hides of that division may not be asked for, nor be among several values.

    Raises:
        GroupError: a column does not exist.
    """
    asked = list(conditions)
    masks = _masks(raters, asked)
    members = _all_of(masks, len(raters))
    if members.sum() < SMALLEST_GROUP:
        return _ids(raters, np.zeros(len(raters), dtype=np.bool_))
    for number, condition in enumerate(asked):
        others = _all_of([*masks[:number], *masks[number + 1 :]], len(raters))
        if _betrays(raters[condition.column], condition, others, members):
            return _ids(raters, np.zeros(len(raters), dtype=np.bool_))
    return _ids(raters, members)


def group_size(raters: pd.DataFrame, conditions: Iterable[GroupCondition]) -> int:
    """Return how many raters meet every condition; 0 for a group that is not shown.

    Raises:
        GroupError: a column does not exist.
    """
    return len(shown_members(raters, conditions))


def _masks(raters: pd.DataFrame, conditions: list[GroupCondition]) -> list[NDArray[np.bool_]]:
    for condition in conditions:
        if condition.column not in demographic_columns(raters):
            known = ", ".join(demographic_columns(raters)) or "none"
            raise GroupError(
                f"Raters have no column {condition.column!r}; the columns to group by are: {known}."
            )
    return [_meets(raters[condition.column], condition) for condition in conditions]


def _all_of(masks: list[NDArray[np.bool_]], size: int) -> NDArray[np.bool_]:
    together = np.ones(size, dtype=np.bool_)
    for mask in masks:
        together &= mask
    return together


def _ids(raters: pd.DataFrame, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
    ids: NDArray[np.object_] = raters[RATER_COLUMN].astype(object).to_numpy()[chosen]
    return ids


def _betrays(
    column: pd.Series[Any],
    condition: GroupCondition,
    others: NDArray[np.bool_],
    members: NDArray[np.bool_],
) -> bool:
    """Whether the size of a group tells the size of a small one among `others`."""
    if condition.rule is GroupRule.HOLDS_ALL:
        inside = int(members.sum())
        counts = np.array([[inside, int(others.sum()) - inside]], dtype=np.int64)
        return bool(hidden_groups(counts)[0, 0])
    sizes = _sizes(column[others])
    hidden = _hidden_values(sizes, int(others.sum()))
    return any(_plain(value) in hidden for value in condition.values)


def _sizes(column: pd.Series[Any]) -> dict[str, int]:
    """Return how many people have each value, by plain value."""
    sizes: dict[str, int] = {}
    for value, count in column.dropna().astype(str).value_counts().items():
        plain = _plain(str(value))
        sizes[plain] = sizes.get(plain, 0) + int(count)
    sizes.pop("", None)
    return sizes


def _hidden_values(sizes: Mapping[str, int], total: int) -> set[str]:
    """Return the plain values that are hidden; people without one are a group like any other."""
    names = sorted(sizes)
    unknown = total - sum(sizes.values())
    counts = np.array([[*(sizes[name] for name in names), unknown]], dtype=np.int64)
    return {name for name, hide in zip(names, hidden_groups(counts)[0], strict=False) if hide}


def demographic_values(raters: pd.DataFrame) -> pd.DataFrame:
    """Return the values of every demographic column and how many raters have them.

    Values of fewer than five raters are left out, and those that would betray such a one. Those of
    columns that hold lists are their entries.

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
        people.pop("", None)
        hidden = _hidden_entries(people, len(raters), lists=column in LISTS)
        rows += [
            {"column": column, "value": spelling[key], "n_raters": count}
            for key, count in sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))
            if key not in hidden
        ]
    frame = pd.DataFrame(rows, columns=["column", "value", "n_raters"])
    return frame.astype({"column": "str", "value": "str", "n_raters": "int64"})


def _hidden_entries(people: Mapping[str, int], total: int, *, lists: bool) -> set[str]:
    """Return the values that are hidden; entries of lists overlap, and each divides all people."""
    if not lists:
        return _hidden_values(people, total)
    names = sorted(people)
    counts = np.array([[people[name], total - people[name]] for name in names], dtype=np.int64)
    hidden = hidden_groups(counts.reshape(-1, 2))[:, 0]
    return {name for name, hide in zip(names, hidden, strict=True) if hide}


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
