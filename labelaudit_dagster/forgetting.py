"""Forgetting a person everywhere: results, Dagster's partition and runs, database.

`docs/privacy.md` says what stays, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.opened_instance import dagster_instance
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, ForgottenCounts, export_person, forget_person
from labelaudit_dagster.user_locks import users_locked
from labelaudit_dagster.user_partitions import PARTITIONS_NAME, partition_key

if TYPE_CHECKING:
    from dagster import DagsterInstance

PERSONAL_ASSETS: Final = ("personal_audit", "personal_predictions", "personal_models")
"""Assets with a partition for each person, what is read first before what it was made from."""

_PARTITION_TAG: Final = "dagster/partition"
_NAMED_IN: Final = ("ops", "audit_users", "config", "keys")


@dataclass(frozen=True)
class Forgotten:
    """What was deleted of a person.

    Attributes:
        user: Their id.
        rows: Rows of the database by table.
        versions: Versions of results, of all three assets together.
        was_partition: Whether Dagster knew a partition of theirs.
        runs: Runs of Dagster about them alone that were deleted with their logs.
        shared_runs: Ids of runs about several people that stay and name their partition.
    """

    user: str
    rows: ForgottenCounts
    versions: int
    was_partition: bool
    runs: int
    shared_runs: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was known of the person."""
        return not (self.rows.total or self.versions or self.was_partition or self.runs)


def forget_user(
    settings: Settings,
    database: Database,
    user: str,
    *,
    now: datetime,
    wait_seconds: float = 600.0,
) -> Forgotten:
    """Delete for good what this installation holds about a person.

    A training of theirs that runs is waited for, and none can begin meanwhile. Results go before
    the database, so that whoever is interrupted is still signed in and can begin again; doing it
    again finds nothing, or what is left.

    Args:
        settings: Of the installation.
        database: Its database, open for writing.
        user: The id that they go by, as user and as participant.
        now: The time, with a zone.
        wait_seconds: Longest wait for a training to end.

    Raises:
        HomeError: A training does not end in time, or Dagster's storage fails.
        ArtifactError: The artifact store refuses.
        StoreError: The database failed; it has everything still.
    """
    key = partition_key(user)
    with users_locked(settings, [user], wait_seconds=wait_seconds):
        with dagster_instance(settings) as instance:
            was_partition = instance.has_dynamic_partition(PARTITIONS_NAME, key)
            if was_partition:
                # First, so that no range and no backfill asks for it any more.
                instance.delete_dynamic_partition(PARTITIONS_NAME, key)
            store = ArtifactStore(settings.resolved_artifacts_url)
            versions = sum(store.erase(asset, key).versions for asset in PERSONAL_ASSETS)
            deleted, shared = _forget_runs(instance, key)
        rows = forget_person(database, user, now)
    return Forgotten(user, rows, versions, was_partition, deleted, shared)


def person_document(settings: Settings, database: Database, user: str) -> dict[str, Any]:
    """Return what this installation holds about a person, as one strict JSON document.

    It is that of `store.export_person`, and under `results` the versions of each asset that was
    computed from it. What they hold can be computed again from the labels.

    Raises:
        ArtifactError: The artifact store cannot be read.
        StoreError: The database failed.
    """
    store, key = ArtifactStore(settings.resolved_artifacts_url), partition_key(user)
    results = {
        asset: [ref.version for ref in store.versions(asset, key)] for asset in PERSONAL_ASSETS
    }
    return {**export_person(database, user), "results": results}


def _forget_runs(instance: DagsterInstance, key: str) -> tuple[int, tuple[str, ...]]:
    """Delete the ended runs about one partition alone; return the ids of those about more."""
    from dagster import AssetKey, AssetRecordsFilter, RunsFilter

    runs = {run.run_id: run for run in instance.get_runs(RunsFilter(tags={_PARTITION_TAG: key}))}
    for asset in PERSONAL_ASSETS:
        wanted = AssetRecordsFilter(asset_key=AssetKey(asset), asset_partitions=[key])
        cursor = None
        while True:
            page = instance.fetch_materializations(wanted, limit=500, cursor=cursor)
            for run_id in {record.run_id for record in page.records} - runs.keys():
                if (run := instance.get_run_by_id(run_id)) is not None:
                    runs[run_id] = run
            cursor = page.cursor
            if not page.has_more:
                break
    alone = [
        run
        for run in runs.values()
        if run.is_finished and (run.tags.get(_PARTITION_TAG) == key or _named(run) == [key])
    ]
    for run in alone:
        instance.delete_run(run.run_id)
    instance.wipe_asset_cached_status([AssetKey(asset) for asset in PERSONAL_ASSETS])
    return len(alone), tuple(sorted(runs.keys() - {run.run_id for run in alone}))


def _named(run: Any) -> Any:
    """Return the keys that the configuration of a run names."""
    found: Any = run.run_config
    for part in _NAMED_IN:
        found = found.get(part) if isinstance(found, dict) else None
    return found
