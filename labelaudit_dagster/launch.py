"""The one door by which the command line and the API start Dagster work.

A job runs in this process on the Dagster instance of the home, so that Dagster knows every run and
every materialisation, whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from labelaudit_dagster.home import GROUP_TAG, exclusive, prepare_home
from labelaudit_dagster.launcher import Launcher, TrainingOutcome
from labelaudit_dagster.opened_instance import dagster_instance
from labelaudit_dagster.picture_engine import start_picture_engine
from labelaudit_dagster.pruning import prune_artifacts
from labelaudit_dagster.run_outcome import RunOutcome, outcome_of
from labelaudit_dagster.run_signs import alive
from labelaudit_dagster.settings import Settings

__all__ = [
    "Launcher",
    "RunOutcome",
    "TrainingOutcome",
    "dagster_instance",
    "dagster_state",
    "end_lost_runs",
    "failed_runs",
    "materialised_json",
    "run_audit",
    "run_group",
    "train_user",
]


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
        group: `constitution` or `audit` (the corpus side; `run_audit` adds every user).
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
        run_id = str(uuid4())
        with progress_to(progress), alive(settings, run_id, told=True):
            result = definition.execute_in_process(
                run_id=run_id,
                instance=inst,
                raise_on_error=False,
                run_config={**(run_config or {}), "loggers": {"progress": {}}},
                tags={GROUP_TAG: group},
                asset_selection=selection,
            )
        if result.success:
            prune_artifacts(settings)
        return outcome_of(result)


def run_audit(
    settings: Settings,
    *,
    run_config: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[RunOutcome]:
    """Make the corpus side anew, then the results of everybody who has labelled.

    Args:
        settings: settings of the installation.
        run_config: Dagster run configuration of the corpus side.
        progress: is told in a few words what begins.

    Returns:
        The outcome of the corpus side, and where that succeeded that of the users.

    Raises:
        HomeError: if the home cannot be written or another run does not end in time.
    """
    corpus = run_group(settings, "audit", run_config=run_config, progress=progress)
    if not corpus.succeeded:
        return [corpus]
    with Launcher(settings) as launcher:
        users = launcher.audit_users(progress=progress)
    if users.succeeded:
        prune_artifacts(settings)
    return [corpus, users]


def train_user(
    settings: Settings,
    user: str,
    model: str | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> TrainingOutcome:
    """Train a user's models on the labels of now, and make their results.

    Opens Dagster for this one training; a process that trains often keeps a `Launcher`, whose
    method of this name says everything else.
    """
    with Launcher(settings) as launcher:
        return launcher.train_user(user, model, progress=progress)


def materialised_json(settings: Settings, run_id: str, asset: str, name: str) -> Any:
    """Return JSON metadata of an asset as a run materialised it; None where it did not."""
    with dagster_instance(settings) as instance:
        from dagster import AssetKey, DagsterEventType

        records = instance.get_records_for_run(
            run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        ).records
        for record in records:
            event = record.asset_materialization
            if event is not None and event.asset_key == AssetKey(asset) and name in event.metadata:
                return event.metadata[name].value
    return None


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
    from labelaudit_dagster.dagster_state import found_failed_runs

    with dagster_instance(settings) as instance:
        return found_failed_runs(instance, since=since, limit=limit)


def dagster_state(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Return what Dagster's daemon does: `daemon`, `sensors`, and `runs` at hand.

    Args:
        settings: settings of the installation.
        now: the time, with a zone.

    Raises:
        HomeError: if Dagster's storage cannot be opened.
    """
    from labelaudit_dagster.dagster_state import daemon_state, runs_at_hand, sensor_states

    with dagster_instance(settings) as instance:
        return {
            "daemon": daemon_state(instance, now),
            "sensors": sensor_states(instance),
            "runs": runs_at_hand(instance),
        }


def end_lost_runs(settings: Settings, *, why: str) -> int:
    """Tell Dagster that every run that it takes for unfinished has failed; nothing may be running.

    Args:
        settings: settings of the installation.
        why: one sentence, for the run's log.

    Returns:
        How many there were.

    Raises:
        HomeError: if Dagster's storage cannot be opened.
    """
    from dagster import DagsterRunStatus, RunsFilter

    unfinished = [
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
    with dagster_instance(settings) as instance:
        found = instance.get_runs(RunsFilter(statuses=unfinished))
        for run in found:
            instance.report_run_failed(run, why)
        return len(found)
