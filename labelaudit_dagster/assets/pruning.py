"""`prune_job`: what `labelaudit prune` does, as a run of Dagster."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.home import GROUP_TAG
from labelaudit_dagster.run_pruning import prune_run_records
from labelaudit_dagster.settings import Settings

JOB = "prune_job"
GROUP = "pruning"


@dg.op(
    name="prune",
    out=dg.Out(dg.Nothing),
    description="Removes old versions of results and the records of old runs; nothing current.",
)
def prune(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    artifact_store: dg.ResourceParam[ArtifactStore],
) -> None:
    """Prune by the settings, and say in the log of the run what is gone."""
    with explained():
        versions = artifact_store.prune(
            retention=settings.retention, grace=timedelta(hours=settings.prune_grace_hours)
        )
        runs = prune_run_records(
            context.instance,
            artifact_store,
            older_than=timedelta(days=settings.run_retention_days),
            now=datetime.now(UTC),
        )
    context.log.info(
        f"{len(versions.versions):,} versions and {len(versions.leftovers):,} leftovers "
        f"({versions.size / 1024**2:,.1f} MiB) and the records of {len(runs.run_ids):,} runs are "
        f"gone; {runs.kept:,} older runs stay, since something current is of them."
    )


def pruning_jobs() -> list[Any]:
    """Return the job."""

    @dg.job(
        name=JOB,
        description="Removes old versions of results and the records of old runs.",
        tags={GROUP_TAG: GROUP},
    )
    def prune_job() -> None:
        prune()

    return [prune_job]
