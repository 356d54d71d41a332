"""`labelaudit prune`: remove old versions of results and the records of old runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, progress, say_result


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@json_option
def prune(dry_run: bool, as_json: bool) -> None:
    """Remove versions of results that nobody needs, and the records of old runs.

    What is current, was published, or was used for either always stays; so do the newest
    LABELAUDIT_RETENTION versions and everything younger than LABELAUDIT_PRUNE_GRACE_HOURS. Records
    of runs go after LABELAUDIT_RUN_RETENTION_DAYS.
    """
    from labelaudit_dagster.run_pruning import prune_runs

    settings = opening.settings()
    store = opening.artifact_store(settings)
    with progress("starting") as tell:
        tell("versions of results")
        versions = store.prune(
            retention=settings.retention,
            grace=timedelta(hours=settings.prune_grace_hours),
            dry_run=dry_run,
        )
        tell("records of runs")
        runs = prune_runs(
            settings,
            older_than=timedelta(days=settings.run_retention_days),
            now=datetime.now(UTC),
            dry_run=dry_run,
        )
    if as_json:
        emit_json(
            {
                "dry_run": dry_run,
                "versions": [{"artifact": key, "version": one} for key, one in versions.versions],
                "leftovers": list(versions.leftovers),
                "bytes": versions.size,
                "runs": list(runs.run_ids),
                "old_runs_kept": runs.kept,
            }
        )
        return
    verb = "would go" if dry_run else "are gone"
    mib = versions.size / 1024**2
    say_result(
        f"{len(versions.versions):,} versions and {len(versions.leftovers):,} leftovers "
        f"({mib:,.1f} MiB) and the records of {len(runs.run_ids):,} runs {verb}."
    )
