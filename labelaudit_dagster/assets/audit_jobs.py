"""The jobs of the audit half."""

from typing import Any

import dagster as dg

from labelaudit_dagster.assets.audit_users import audit_users_job
from labelaudit_dagster.assets.corpus_tables import GROUP
from labelaudit_dagster.assets.freshness import CHECK
from labelaudit_dagster.home import GROUP_TAG

PERSONAL = dg.AssetSelection.assets("personal_models", "personal_predictions", "personal_audit")
_LATE = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("personal_audit"), CHECK))
"""A sensor evaluates it."""
PERSONAL_GROUP = "personal"
"""Tag of runs for users, which need not wait for those of the corpus."""


def audit_jobs() -> list[Any]:
    """Return the jobs of the group `audit` (Dagster keeps their type to itself)."""
    return [
        dg.define_asset_job(
            "audit_job",
            selection=dg.AssetSelection.groups(GROUP) - PERSONAL - _LATE,
            description="The corpus side: topics, the system's ratings, splits, comment model.",
            tags={GROUP_TAG: GROUP},
        ),
        dg.define_asset_job(
            "personal_audit_job",
            selection=PERSONAL - _LATE,
            description="Models, predictions and audit of the users of a partition or a range.",
            tags={GROUP_TAG: PERSONAL_GROUP},
        ),
        audit_users_job,
    ]
