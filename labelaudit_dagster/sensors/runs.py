"""What Dagster knows of the runs that sensors asked for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from labelaudit_dagster.automation.asking import Asked, RunState
from labelaudit_dagster.automation.cursor import Remembered, write_cursor
from labelaudit_dagster.home import GROUP_TAG

RUN_KEY_TAG = "dagster/run_key"
REASON_TAG = "labelaudit/reason"
"""Tag of a run: why a sensor asked for it, in a sentence."""

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def new_series(now: datetime) -> str:
    """Return the beginning of run keys that no earlier cursor used."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class FoundRun:
    """The run that was asked for.

    Attributes:
        state: what became of it.
        run_id: its id; None where Dagster does not know it.
        tags: its tags.
    """

    state: RunState
    run_id: str | None
    tags: Mapping[str, str]

    def named(self, tag: str) -> tuple[str, ...]:
        """Return the list of texts that a tag holds; an empty one where there is none."""
        try:
            found = json.loads(self.tags.get(tag, "[]"))
        except ValueError:
            return ()
        return tuple(map(str, found)) if isinstance(found, list) else ()


def find_run(instance: dg.DagsterInstance, asked: Asked | None) -> FoundRun:
    """Return what became of a run that a sensor asked for."""
    if asked is None:
        return FoundRun("working", None, {})
    runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: asked.key}), limit=1)
    if not runs:
        return FoundRun("missing", None, {})
    [run] = runs
    state: RunState = "working"
    if run.is_finished:
        state = "succeeded" if run.is_success else "failed"
    return FoundRun(state, run.run_id, run.tags)


def is_under_way(instance: dg.DagsterInstance, group: str) -> bool:
    """Whether a run of a group waits or works, whoever started it."""
    chosen = dg.RunsFilter(tags={GROUP_TAG: group}, statuses=_UNDER_WAY)
    return bool(instance.get_run_records(chosen, limit=1))


def answer(
    remembered: Remembered,
    ask: Asked | None,
    reason: str,
    run_config: Mapping[str, Any] | None = None,
) -> dg.SensorResult:
    """Return what a sensor answers: at most one run, or why there is none."""
    cursor = write_cursor(remembered)
    if ask is None:
        return dg.SensorResult(skip_reason=reason, cursor=cursor)
    request = dg.RunRequest(run_key=ask.key, run_config=run_config, tags={REASON_TAG: reason})
    return dg.SensorResult(run_requests=[request], cursor=cursor)
