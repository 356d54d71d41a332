"""Runs that Dagster starts: locks against others, signs of life, and runs that were killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from sensor_bench import empty_job

from labelaudit_dagster import home as home_module
from labelaudit_dagster import run_executor
from labelaudit_dagster.home import HomeError, exclusive
from labelaudit_dagster.run_executor import LockingExecutor, locking_executor
from labelaudit_dagster.run_signs import alive, has_died
from labelaudit_dagster.sensors.lost_runs import lost_runs_sensor
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_locks import users_locked


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    def soon(settings: Settings, what: str, *, wait_seconds: float = 0.0) -> Any:
        return exclusive(settings, what, wait_seconds=0.2)

    monkeypatch.setattr(run_executor, "exclusive", soon)
    monkeypatch.setattr("labelaudit_dagster.user_locks.exclusive", soon)
    assert home_module.exclusive is exclusive


def executor(settings: Settings, events: list[Any]) -> LockingExecutor:
    class Inner:
        retries = None
        step_dependency_config = None

        def execute(self, _context: Any, _plan: Any) -> Any:
            yield from events

    groups = {
        dg.AssetKey("constitution"): "constitution",
        dg.AssetKey("personal_models"): None,
    }
    return LockingExecutor(Inner(), settings, groups)  # type: ignore[arg-type]


def plan(*assets: str) -> SimpleNamespace:
    steps = [
        SimpleNamespace(
            key=asset,
            step_outputs=[
                SimpleNamespace(properties=SimpleNamespace(asset_key=dg.AssetKey(asset)))
            ],
        )
        for asset in assets
    ]
    return SimpleNamespace(steps=steps, step_keys_to_execute=list(assets))


def run_with(settings: Settings, *assets: str, **tags: str) -> list[Any]:
    event = SimpleNamespace(is_failure=False)
    run = SimpleNamespace(run_id="abc-1", tags=tags)
    made = executor(settings, [event]).execute(SimpleNamespace(dagster_run=run), plan(*assets))
    return list(made)


def test_a_run_of_a_group_waits_for_the_command_line(settings: Settings):
    assert run_with(settings, "constitution")
    with exclusive(settings, "constitution"):
        with pytest.raises(HomeError, match="Another constitution run"):
            run_with(settings, "constitution")
        assert run_with(settings, "personal_models", **{"dagster/partition": "anna"})


def test_a_run_of_a_person_waits_for_that_person(settings: Settings):
    with users_locked(settings, ["anna"]):
        with pytest.raises(HomeError):
            run_with(settings, "personal_models", **{"dagster/partition": "anna"})
        # A range of people may hold anybody.
        with pytest.raises(HomeError):
            run_with(settings, "personal_models", **{"dagster/asset_partition_range_start": "a"})
        assert run_with(settings, "constitution")
    assert run_with(settings, "personal_models", **{"dagster/partition": "anna"})


def test_every_asset_with_users_or_of_a_group_is_locked(settings: Settings):
    from labelaudit_dagster.definitions import build_definitions

    definitions = build_definitions(settings)
    assets = [one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition)]
    made = locking_executor(settings, assets)
    assert made.name == "in_process"
    for job in definitions.resolve_all_job_defs():
        assert job.executor_def.name == "in_process", job.name


def test_a_killed_run_is_found_and_a_living_one_left_alone(
    settings: Settings, instance: dg.DagsterInstance
):
    runs = [
        instance.create_run_for_job(empty_job, status=dg.DagsterRunStatus.STARTED) for _ in range(3)
    ]
    killed, living, foreign = runs
    program = (
        "import sys, os, signal; from labelaudit_dagster.settings import Settings; "
        "from labelaudit_dagster.run_signs import alive; "
        "a = alive(Settings(home=sys.argv[1]), sys.argv[2]); a.__enter__(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(settings.home), killed.run_id], check=False, timeout=120
    )
    # It is given half a minute to tell Dagster that it has ended.
    assert not has_died(settings, killed.run_id)
    os.utime(settings.dagster_home / "runs-under-way" / f"{killed.run_id}.lock", (0, 0))
    sensor = lost_runs_sensor(settings)
    with alive(settings, living.run_id), dg.build_sensor_context(instance=instance) as context:
        assert has_died(settings, killed.run_id)
        assert killed.run_id in str(sensor.evaluate_tick(context).skip_message)
        states = [instance.get_run_by_id(run.run_id).status.value for run in runs]
        assert states == ["FAILURE", "STARTED", "STARTED"]
        again = sensor.evaluate_tick(context)
        assert again.skip_message == "Every run that is under way is alive."
    assert not has_died(settings, living.run_id)
    assert not has_died(settings, foreign.run_id)


def test_names_of_files_are_run_ids_alone(settings: Settings):
    with pytest.raises(ValueError, match="no id of a run"):
        has_died(settings, "../../etc/passwd")
