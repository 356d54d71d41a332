"""The jobs: which assets are made together."""

from typing import Any

import dagster as dg

from labelaudit_dagster.assets.freshness import CHECK
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.home import GROUP_TAG

PUBLISHED = dg.AssetSelection.assets("published_constitution")


def constitution_jobs() -> list[Any]:
    """Return the jobs of the group `constitution` (Dagster keeps their type to itself)."""
    # A sensor evaluates the check of freshness; the others belong to their assets.
    late = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("constitution"), CHECK))
    group = dg.AssetSelection.groups(GROUP) - late
    tags = {GROUP_TAG: GROUP}
    return [
        dg.define_asset_job(
            "constitution_job",
            selection=group - PUBLISHED,
            description="Ratings to constitution, with its uncertainty; nothing is published.",
            tags=tags,
        ),
        dg.define_asset_job(
            "constitution_and_publish_job",
            selection=group,
            description="Ratings to constitution, and what the gate lets pass is published.",
            tags=tags,
        ),
        dg.define_asset_job(
            "publish_job",
            selection=PUBLISHED,
            description="Publish the current constitution, if the gate lets it pass.",
            tags=tags,
        ),
    ]
