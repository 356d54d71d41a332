"""The one door by which the command line and the API start Dagster work.

A job runs in this process on the Dagster instance of the home, so that Dagster knows every run and
every materialisation, whoever asked for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.home import GROUP_TAG, HomeError, exclusive, prepare_home
from labelaudit_dagster.picture_engine import start_picture_engine
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run.

    Attributes:
        run_id: Dagster's id of the run.
        succeeded: whether every step and every blocking check passed.
        problems: one plain sentence for each step that failed by itself (steps that were only
            skipped in consequence are left out).
        warnings: one sentence for each check that did not pass without blocking.
    """

    run_id: str
    succeeded: bool
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the Dagster instance of the home.

    Raises:
        HomeError: if the home cannot be written, or Dagster's storage in it fails, here or inside
            the block.
    """
    from dagster import DagsterInstance
    from sqlalchemy.exc import OperationalError

    prepare_home(settings)
    # Child processes of Dagster and its run workers find the instance by this variable.
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    try:
        with DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            yield instance
    except OperationalError as error:
        # Our own database translates its errors, so this one is of Dagster's.
        raise HomeError(
            f"Dagster's storage in {settings.dagster_home} failed ({error.orig}). Free space on "
            "the disk or mend its permissions; the current constitution is as it was."
        ) from error


def run_group(
    settings: Settings,
    group: str,
    *,
    job: str | None = None,
    skip: frozenset[str] = frozenset(),
    run_config: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
    wait_seconds: float = 600.0,
) -> RunOutcome:
    """Materialise assets of one group in this process.

    Args:
        settings: settings of the installation.
        group: `constitution`, later `audit`.
        job: name of the job; by default `<group>_job`.
        skip: names of assets to leave out (they must have no asset of the run downstream).
        run_config: Dagster run configuration, `{"ops": {asset: {"config": {...}}}}`.
        progress: is told in a few words what begins; never called with secrets or texts.
        wait_seconds: longest wait for another run of the group in this home.

    Returns:
        The outcome; a failed run is an outcome, not an exception.

    Raises:
        HomeError: if the home cannot be written or another run does not end in time.
    """
    prepare_home(settings)
    start_picture_engine()
    with exclusive(settings, group, wait_seconds=wait_seconds), dagster_instance(settings) as inst:
        from dagster import AssetKey

        from labelaudit_dagster.definitions import build_definitions
        from labelaudit_dagster.progress_log import progress_to

        definitions = build_definitions(settings)
        definition = definitions.resolve_job_def(job or f"{group}_job")
        selection = None
        if skip:
            selection = [
                key
                for key in definition.asset_layer.selected_asset_keys
                if key not in {AssetKey(name) for name in skip}
            ]
        with progress_to(progress):
            result = definition.execute_in_process(
                instance=inst,
                raise_on_error=False,
                run_config={**(run_config or {}), "loggers": {"progress": {}}},
                tags={GROUP_TAG: group},
                asset_selection=selection,
            )
        if result.success:
            _prune(settings)
        return RunOutcome(
            run_id=result.run_id,
            succeeded=result.success,
            problems=_texts(result.all_events, _failure, _blocking_check),
            warnings=_texts(result.all_events, _warning_check),
        )


def _prune(settings: Settings) -> None:
    """Remove versions that nobody needs any more; a failure to do so is no failure of the run."""
    from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore

    store = ArtifactStore(settings.resolved_artifacts_url)
    with suppress(ArtifactError):
        store.prune(retention=settings.retention, grace=timedelta(hours=settings.prune_grace_hours))


def failed_runs(
    settings: Settings, *, since: datetime | None = None, limit: int = 5
) -> list[dict[str, Any]]:
    """Return the latest failed runs, newest first, with what failed in them.

    Args:
        settings: settings of the installation.
        since: leave out runs that were created before.
        limit: most runs.

    Returns:
        Documents with `run_id`, `job`, `at` (UTC) and `problems` (sentences).
    """
    with dagster_instance(settings) as instance:
        from dagster import DagsterRunStatus, RunsFilter

        records = instance.get_run_records(
            RunsFilter(statuses=[DagsterRunStatus.FAILURE], created_after=since), limit=limit
        )
        return [
            {
                "run_id": record.dagster_run.run_id,
                "job": record.dagster_run.job_name,
                "at": record.create_timestamp.isoformat(timespec="seconds"),
                "problems": _texts(
                    (
                        entry.dagster_event
                        for entry in instance.all_logs(record.dagster_run.run_id)
                        if entry.dagster_event is not None
                    ),
                    _failure,
                    _blocking_check,
                ),
            }
            for record in records
        ]


def _texts(
    events: Iterable[DagsterEvent], *readers: Callable[[DagsterEvent], list[str]]
) -> list[str]:
    """Collect what the readers find, in the order of the events."""
    return [text for event in events for reader in readers for text in reader(event)]


def _failure(event: DagsterEvent) -> list[str]:
    """The sentence for a step that failed by itself, or none."""
    if event.event_type_value != "STEP_FAILURE":
        return []
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return [data.user_failure_data.description]
    if data.error is None:
        return [f"{event.step_key} failed without saying why."]
    error = data.error
    while error.cause is not None:
        error = error.cause
    if error.cls_name == "DagsterAssetCheckFailedError":
        return []  # the check itself is reported with its own sentence
    if error.cls_name == "DagsterExecutionInterruptedError":
        return [f"The run was interrupted in {event.step_key}."]
    return [f"{event.step_key}: {error.message.strip().splitlines()[0]}"]


def _failed_check(event: DagsterEvent, *, blocking: bool) -> list[str]:
    """The sentence for a check of one kind that did not pass, or none."""
    if event.event_type_value != "ASSET_CHECK_EVALUATION":
        return []
    check = event.asset_check_evaluation_data
    if check.passed or check.blocking != blocking:
        return []
    return [check.description or f"The check {check.check_name} did not pass."]


def _blocking_check(event: DagsterEvent) -> list[str]:
    return _failed_check(event, blocking=True)


def _warning_check(event: DagsterEvent) -> list[str]:
    return _failed_check(event, blocking=False)
