"""Sensors on a real Dagster instance and a real database, with a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.settings import Settings

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Hands:
    """A clock that only moves when it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def step(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Bench:
    """A sensor, its cursor, and the runs that it asked for.

    Attributes:
        settings: of the home.
        instance: Dagster's, ephemeral or of the home.
        sensor: under test.
        clock: what it reads.
        cursor: kept between looks, as the daemon does.
        last: the last answer.
    """

    settings: Settings
    instance: dg.DagsterInstance
    sensor: dg.SensorDefinition
    clock: Hands
    cursor: str | None = None
    last: Any = None
    asked: list[dg.RunRequest] = field(default_factory=list)

    def look(self) -> dg.RunRequest | None:
        """Evaluate once, in a context of its own, as after a restart of the daemon."""
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            self.last = self.sensor.evaluate_tick(context)
        self.cursor = self.last.cursor
        requests = list(self.last.run_requests or ())
        assert len(requests) <= 1
        self.asked += requests
        return requests[0] if requests else None

    @property
    def reason(self) -> str:
        """Why the last look asked for nothing."""
        return str(self.last.skip_message)

    def submit(self, request: dg.RunRequest) -> dg.DagsterRun | None:
        """Make the run as the daemon does, which ignores a run key that it knows."""
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        known = dg.RunsFilter(tags={"dagster/run_key": str(request.run_key)})
        if self.instance.get_runs(known):
            return None
        return self.instance.create_run_for_job(
            empty_job, tags=tags, status=dg.DagsterRunStatus.STARTED
        )

    def end(self, run: dg.DagsterRun, *, well: bool, tags: dict[str, str] | None = None) -> None:
        """End a run."""
        self.instance.add_run_tags(run.run_id, tags or {})
        if well:
            event = DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
            self.instance.report_dagster_event(event, run.run_id)
        else:
            self.instance.report_run_failed(run)

    def run_through(self, *, well: bool = True, tags: dict[str, str] | None = None) -> str | None:
        """Look, and where a run was asked for end it; return its key."""
        request = self.look()
        if request is None:
            return None
        run = self.submit(request)
        assert run is not None
        self.end(run, well=well, tags=tags)
        return str(request.run_key)

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.settings.resolved_artifacts_url)


@dg.op
def _nothing() -> None:
    pass


@dg.job
def empty_job() -> None:
    _nothing()
