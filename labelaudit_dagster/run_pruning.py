"""Removing the records of old runs: that of a constitution takes ten megabytes, with pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from labelaudit_dagster.artifacts import ArtifactNotFoundError, ArtifactStore
from labelaudit_dagster.opened_instance import dagster_instance
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

_AT_ONCE = 200


@dataclass(frozen=True)
class RunPruneReport:
    """What was removed, or, as a dry run, would be.

    Attributes:
        run_ids: the runs, oldest first.
        kept: older runs that stay, since something current is of them.
    """

    run_ids: tuple[str, ...]
    kept: int


def prune_runs(
    settings: Settings, *, older_than: timedelta, now: datetime, dry_run: bool = False
) -> RunPruneReport:
    """Remove the records of runs that ended longer ago, from Dagster's storage.

    Args:
        settings: of the installation.
        older_than: age from which records go.
        now: the time, with a zone.
        dry_run: only report.

    Raises:
        HomeError: if Dagster's storage cannot be opened.
    """
    if not settings.dagster_home.is_dir():
        return RunPruneReport((), 0)
    store = ArtifactStore(settings.resolved_artifacts_url)
    with dagster_instance(settings) as instance:
        return prune_run_records(instance, store, older_than=older_than, now=now, dry_run=dry_run)


def prune_run_records(
    instance: DagsterInstance,
    store: ArtifactStore,
    *,
    older_than: timedelta,
    now: datetime,
    dry_run: bool = False,
) -> RunPruneReport:
    """Remove the records of runs that ended, and began longer ago.

    A run stays while a current result is of it, so that Dagster goes on showing what made what.

    Args:
        instance: Dagster's.
        store: of the installation's results.
        older_than: age from which records go.
        now: the time, with a zone.
        dry_run: only report.
    """
    from dagster import DagsterRunStatus, RunsFilter

    needed = _runs_of_current(store)
    ended = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
    doomed: list[str] = []
    kept = 0
    cursor = None
    while True:
        records = instance.get_run_records(
            RunsFilter(statuses=ended, created_before=now - older_than),
            limit=_AT_ONCE,
            cursor=cursor,
        )
        for record in records:
            run_id = record.dagster_run.run_id
            if run_id in needed:
                kept += 1
            else:
                doomed.append(run_id)
        if len(records) < _AT_ONCE:
            break
        cursor = records[-1].dagster_run.run_id
    if not dry_run:
        for run_id in reversed(doomed):
            instance.delete_run(run_id)
    return RunPruneReport(tuple(reversed(doomed)), kept)


def _runs_of_current(store: ArtifactStore) -> set[str]:
    found: set[str] = set()
    for asset in store.assets():
        for partition in (None, *store.partitions(asset)):
            pointer = store.current_pointer(asset, partition)
            if pointer is None:
                continue
            try:
                run_id = store.manifest(pointer.ref).run_id
            except ArtifactNotFoundError:
                continue
            found |= {run_id} if run_id is not None else set()
    return found
