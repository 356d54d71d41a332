"""Which guidelines a community accepts, with scores, reasons and differences."""

from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import ItemEstimates, ItemUncertainty
from labelaudit_dagster.constitution.rule import (
    AcceptanceRule,
    accepted_mask,
    consensus_score,
    raw_support,
)

__all__ = [
    "AcceptanceRule",
    "ConstitutionError",
    "ItemEstimates",
    "ItemUncertainty",
    "accepted_mask",
    "consensus_score",
    "raw_support",
]
