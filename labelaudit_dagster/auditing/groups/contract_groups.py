"""Groups as the IndieLabel-compatible routes ask for them, by five fixed parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.groups.selection import (
    GroupCondition,
    GroupRule,
    demographic_columns,
    group_members,
    shown_members,
)

if TYPE_CHECKING:
    import pandas as pd

LGBTQ: Final = "LGBTQ+"
LGBTQ_VALUES: Final = ("Homosexual", "Bisexual")
OTHER_VALUES: Final = ("Heterosexual",)


@dataclass(frozen=True)
class ContractGroup:
    """The parameters `sel_*` of `/get_group_size` and `/get_group_model`; None is no filter.

    Attributes:
        gender: value of the column gender.
        politics: value of the column political_affilation (spelt so).
        religion: value of the column religion_important.
        race: races, all of which the rater's list must hold, between commas.
        lgbtq: "LGBTQ+" stands for Homosexual or Bisexual, anything else for Heterosexual.
    """

    gender: str | None = None
    politics: str | None = None
    religion: str | None = None
    race: str | None = None
    lgbtq: str | None = None

    def conditions(self) -> list[GroupCondition]:
        """Return the conditions on the columns of raters."""
        found = [
            GroupCondition(column, (value,))
            for column, value in (
                ("gender", self.gender),
                ("political_affilation", self.politics),
                ("religion_important", self.religion),
            )
            if value is not None
        ]
        if self.lgbtq is not None:
            values = LGBTQ_VALUES if self.lgbtq == LGBTQ else OTHER_VALUES
            found.append(GroupCondition("lgbtq_status", values))
        races = tuple(part for entry in (self.race or "").split(",") if (part := entry.strip()))
        if races:
            found.append(GroupCondition("race", races, GroupRule.HOLDS_ALL))
        return found

    def model_name(self, base: str) -> str:
        """Return the name of this group's model beside the model `base`.

        Values stand in it as they were given; what was not given is "null", of races "".
        """
        return (
            f"{base}_group_gender{_given(self.gender)}_relig{_given(self.religion)}"
            f"_pol{_given(self.politics)}_race{self.race or ''}_lgbtq_{_given(self.lgbtq)}"
        )


def contract_members(raters: pd.DataFrame, group: ContractGroup) -> NDArray[np.object_]:
    """Return the ids of the group's members.

    A corpus need not know everything that the five parameters ask for: nobody meets a condition
    on a column that does not exist.
    """
    return _members(group_members, raters, group)


def shown_contract_members(raters: pd.DataFrame, group: ContractGroup) -> NDArray[np.object_]:
    """Return the ids of the group's members, none of a group that is not shown."""
    return _members(shown_members, raters, group)


def _members(
    select: Callable[[pd.DataFrame, list[GroupCondition]], NDArray[np.object_]],
    raters: pd.DataFrame,
    group: ContractGroup,
) -> NDArray[np.object_]:
    conditions = group.conditions()
    known = demographic_columns(raters)
    if any(condition.column not in known for condition in conditions):
        return np.empty(0, dtype=object)
    return select(raters, conditions)


def _given(value: str | None) -> str:
    return "null" if value is None else value
