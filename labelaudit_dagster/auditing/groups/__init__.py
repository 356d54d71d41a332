"""Groups of raters by demographic columns: members, sizes, and the labels of a group's model."""

from labelaudit_dagster.auditing.groups.contract_groups import (
    ContractGroup,
    contract_members,
    shown_contract_members,
)
from labelaudit_dagster.auditing.groups.errors import GroupError
from labelaudit_dagster.auditing.groups.labels import GROUP_LABELS, group_labels, group_medians
from labelaudit_dagster.auditing.groups.selection import (
    SMALLEST_GROUP,
    GroupCondition,
    GroupRule,
    conditions_from,
    demographic_columns,
    demographic_values,
    group_members,
    group_size,
    shown_members,
)

__all__ = [
    "GROUP_LABELS",
    "SMALLEST_GROUP",
    "ContractGroup",
    "GroupCondition",
    "GroupError",
    "GroupRule",
    "conditions_from",
    "contract_members",
    "demographic_columns",
    "demographic_values",
    "group_labels",
    "group_medians",
    "group_members",
    "group_size",
    "shown_contract_members",
    "shown_members",
]
