"""Runs that are over while Dagster takes them for running."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.test_utils import create_run_for_test

from labelaudit_dagster.ending_together import ending_together
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


def launched(instance: dg.DagsterInstance, server: dict[str, str] | None) -> str:
    """A run that was launched a moment ago; `server` is what its launcher noted."""
    tags = {} if server is None else {".dagster/grpc_info": json.dumps(server)}
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.NOT_STARTED, tags=tags)
    instance.report_dagster_event(
        DagsterEvent(DagsterEventType.PIPELINE_STARTING.value, run.job_name), run.run_id
    )
    assert status(instance, run.run_id) == dg.DagsterRunStatus.STARTING
    return run.run_id


@contextmanager
def dagster_begins(settings: Settings) -> Iterator[None]:
    """As `labelaudit dagster` does, later than anything before."""
    settings.home.mkdir(exist_ok=True)
    time.sleep(0.05)
    with ending_together(settings.dagster_processes_lock):
        time.sleep(0.05)
        yield


@pytest.mark.skipif(sys.platform == "win32", reason="code servers listen otherwise there")
def test_a_run_whose_dagster_was_ended_before_it_began(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    gone = {"host": "localhost", "socket": str(tmp_path / "gone")}
    before, elsewhere = launched(instance, gone), launched(instance, None)
    look(settings, instance)  # Dagster was started otherwise: it may be slow
    assert status(instance, before) == dg.DagsterRunStatus.STARTING
    with dagster_begins(settings):
        now = launched(instance, gone)
        look(settings, instance)
        assert status(instance, before) == dg.DagsterRunStatus.FAILURE
        assert status(instance, elsewhere) == dg.DagsterRunStatus.STARTING
        assert status(instance, now) == dg.DagsterRunStatus.STARTING
    look(settings, instance)
    assert status(instance, now) == dg.DagsterRunStatus.STARTING


@pytest.mark.skipif(sys.platform == "win32", reason="code servers listen otherwise there")
def test_a_code_server_that_answers_may_still_begin_a_run(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """As after a clock was set back: what was launched just now seems to be of before."""
    path = tmp_path / "server"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        run_id = launched(instance, {"host": "localhost", "socket": str(path)})
        with dagster_begins(settings):
            look(settings, instance)
            assert status(instance, run_id) == dg.DagsterRunStatus.STARTING
            server.close()
            look(settings, instance)  # the file is there as after a kill, and nobody listens
            assert status(instance, run_id) == dg.DagsterRunStatus.FAILURE


def test_a_late_process_of_a_run_that_was_given_up_does_nothing(
    instance: dg.DagsterInstance,
) -> None:
    from dagster._core.execution.api import execute_run_iterator

    did: list[str] = []

    @dg.job
    def late() -> None:
        @dg.op
        def work() -> None:
            did.append("work")

        work()

    run = instance.create_run_for_job(late, status=dg.DagsterRunStatus.STARTING)
    instance.report_run_failed(run, "It was given up.")
    given_up = instance.get_run_by_id(run.run_id)
    assert given_up is not None
    said = [event.message for event in execute_run_iterator(InMemoryJob(late), given_up, instance)]
    assert did == []
    assert said
    assert "already finished" in str(said[0])
    assert status(instance, run.run_id) == dg.DagsterRunStatus.FAILURE
