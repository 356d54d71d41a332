"""Runs that are over while Dagster takes them for running."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from labelaudit_dagster.run_signs import alive, has_died, runs_with_signs
from labelaudit_dagster.sensors.lost_runs import lost_runs_sensor
from labelaudit_dagster.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def started(instance: dg.DagsterInstance) -> str:
    return create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED).run_id


def make_old(settings: Settings, run_id: str) -> None:
    """Let its sign be of an hour ago."""
    path = settings.dagster_home / "runs-under-way" / f"{run_id}.lock"
    os.utime(path, (time.time() - 3600,) * 2)


def look(settings: Settings, instance: dg.DagsterInstance) -> None:
    lost_runs_sensor(settings)(dg.build_sensor_context(instance=instance))


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_that_could_not_say_that_it_ended(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    """As on a full disk: its process is gone, and its last words were not written."""
    run_id = started(instance)
    with alive(settings, run_id):
        make_old(settings, run_id)
        look(settings, instance)  # at work, however long
        assert status(instance, run_id) == dg.DagsterRunStatus.STARTED
    look(settings, instance)  # it may be about to say it
    assert not has_died(settings, run_id)
    assert status(instance, run_id) == dg.DagsterRunStatus.STARTED
    make_old(settings, run_id)
    look(settings, instance)
    assert status(instance, run_id) == dg.DagsterRunStatus.FAILURE
    assert runs_with_signs(settings) == []


def test_signs_of_runs_that_ended_well_go(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_id = started(instance)
    with alive(settings, run_id):
        instance.report_run_failed(instance.get_run_by_id(run_id), "It failed.")
    assert runs_with_signs(settings) == [run_id]
    look(settings, instance)
    assert runs_with_signs(settings) == []


def test_a_run_in_our_own_process_takes_its_sign_along(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    run_id = started(instance)
    with alive(settings, run_id, told=True):
        assert runs_with_signs(settings) == [run_id]
    assert runs_with_signs(settings) == []


def test_runs_of_other_machines_are_left_alone(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    run_id = started(instance)
    look(settings, instance)
    assert status(instance, run_id) == dg.DagsterRunStatus.STARTED
