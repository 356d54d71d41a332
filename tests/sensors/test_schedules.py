"""What runs once a day: whether it is on, and what pruning leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.definitions import build_definitions
from labelaudit_dagster.launch import dagster_instance
from labelaudit_dagster.settings import Settings, load_settings

ON, OFF = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def of_home(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with dagster_instance(settings) as instance:
        yield instance


@pytest.mark.parametrize(
    ("schedule", "variables", "expected"),
    [
        ("daily_demographics", {}, OFF),
        ("daily_demographics", {"PROLIFIC_API_KEY": ""}, OFF),
        ("daily_demographics", {"PROLIFIC_API_KEY": "a-token"}, ON),
        ("daily_pruning", {}, ON),
        ("daily_pruning", {"PRUNE_DAILY": "false"}, OFF),
    ],
)
def test_a_schedule_is_on_where_it_has_something_to_do(
    schedule: str,
    variables: dict[str, str],
    expected: dg.DefaultScheduleStatus,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("PROLIFIC_API_KEY", "PRUNE_DAILY"):
        monkeypatch.delenv(f"LABELAUDIT_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(f"LABELAUDIT_{name}", value)
    definitions = build_definitions(load_settings(home=tmp_path))
    assert definitions.resolve_schedule_def(schedule).default_status == expected


@pytest.mark.parametrize(
    ("schedule", "job"),
    [("daily_demographics", "demographics_job"), ("daily_pruning", "prune_job")],
)
def test_a_tick_asks_for_one_run_of_its_job(
    schedule: str, job: str, settings: Settings, of_home: dg.DagsterInstance
) -> None:
    definition = build_definitions(settings).resolve_schedule_def(schedule)
    assert definition.job_name == job
    with dg.build_schedule_context(
        instance=of_home, scheduled_execution_time=datetime(2026, 3, 1, 4, tzinfo=UTC)
    ) as context:
        [request] = definition.evaluate_tick(context).run_requests or ()
    assert request.run_key is None


def old_run(
    settings: Settings, instance: dg.DagsterInstance, status: dg.DagsterRunStatus, days: float
) -> str:
    """A run whose record was made so many days ago."""
    run_id = create_run_for_test(instance, status=status).run_id
    made = datetime.now(UTC) - timedelta(days=days)
    with closing(sqlite3.connect(settings.dagster_home / "history" / "runs.db")) as database:
        done = database.execute(
            "UPDATE runs SET create_timestamp = ? WHERE run_id = ?",
            [made.strftime("%Y-%m-%d %H:%M:%S.%f"), run_id],
        )
        assert done.rowcount == 1
        database.commit()
    return run_id


def prune(settings: Settings, instance: dg.DagsterInstance) -> None:
    job = build_definitions(settings).resolve_job_def("prune_job")
    assert job.execute_in_process(instance=instance).success


def test_old_records_go_and_those_of_what_is_current_stay(
    settings: Settings, of_home: dg.DagsterInstance
) -> None:
    succeeded, failed, started = (
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.STARTED,
    )
    gone = {old_run(settings, of_home, status, 31) for status in (succeeded, failed)}
    young = old_run(settings, of_home, succeeded, 29)
    at_work = old_run(settings, of_home, started, 31)
    current, superseded = (old_run(settings, of_home, succeeded, 60) for _ in range(2))
    store = ArtifactStore(settings.resolved_artifacts_url)
    for run_id in (superseded, current):
        store.write("constitution", {"by": run_id}, run_id=run_id)
    prune(settings, of_home)
    left = {run.run_id for run in of_home.get_runs() if run.job_name != "prune_job"}
    assert left == {young, at_work, current}
    assert of_home.get_run_by_id(superseded) is None
    assert not any(of_home.all_logs(run_id) for run_id in gone)


def test_old_versions_go_and_what_is_pinned_or_current_stays(
    settings: Settings, of_home: dg.DagsterInstance
) -> None:
    settings = settings.model_copy(update={"retention": 2})
    days = iter(range(60, 0, -1))

    def clock() -> datetime:
        return datetime.now(UTC) - timedelta(days=next(days))

    past = ArtifactStore(settings.resolved_artifacts_url, clock=clock)
    made: list[tuple[ArtifactRef, ArtifactRef]] = []
    for number in range(6):
        upstream = past.write("ratings_export", {"number": number})
        made.append((upstream, past.write("constitution", {"number": number}, inputs=[upstream])))
    past.pin(made[1][1], "published")
    prune(settings, of_home)
    store = ArtifactStore(settings.resolved_artifacts_url)
    for place, asset in enumerate(("ratings_export", "constitution")):
        kept = [ref.version for ref in store.versions(asset)]
        # The newest two, the current one among them, and what is pinned with what it is made from.
        assert kept == [made[number][place].version for number in (1, 4, 5)]
    assert store.current("constitution") == made[5][1]
    assert store.load(made[1][1]) == {"number": 1}
