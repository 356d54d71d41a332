"""What Dagster knows of an installation: its daemon, sensors, and failed runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from labelaudit_dagster.run_outcome import blocking_check, event_sentences, step_failure

if TYPE_CHECKING:
    from dagster import DagsterInstance

ALIVE_WITHIN: Final = timedelta(minutes=3)
"""The daemon gives a sign of life every half minute; on a busy machine it may come late."""

_ADDED: Final = ("(Background on this error at:", "[SQL:", "[parameters:")


def daemon_state(instance: DagsterInstance, now: datetime) -> dict[str, Any]:
    """Return whether the daemon runs: `running`, `last_heartbeat` and `errors`.

    Dagster remembers an error for five minutes, also where all has been well since.

    Args:
        instance: The instance.
        now: The time, with a zone.
    """
    beats = list(instance.get_daemon_heartbeats().values())
    newest = max((beat.timestamp for beat in beats), default=None)
    return {
        "running": newest is not None and now.timestamp() - newest < ALIVE_WITHIN.total_seconds(),
        "last_heartbeat": None if newest is None else _text(newest),
        "errors": list(
            dict.fromkeys(
                f"{beat.daemon_type}: {told_line(error.message)}"
                for beat in beats
                for error in beat.errors or ()
            )
        ),
    }


def sensor_states(instance: DagsterInstance) -> list[dict[str, Any]]:
    """Return what each sensor and schedule did last, by name.

    Only those that the daemon has looked at are known: `name`, `kind`, `running`, `last_tick`,
    `outcome`, and of a tick that failed `error`, of one that did nothing `why`.
    """
    from dagster._core.scheduler.instigation import InstigatorStatus

    found = []
    for state in instance.all_instigator_state():
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        tick = ticks[0] if ticks else None
        error = None if tick is None else tick.error
        found.append(
            {
                "name": state.instigator_name,
                "kind": state.instigator_type.value.lower(),
                "running": state.status != InstigatorStatus.STOPPED,
                "last_tick": None if tick is None else _text(tick.timestamp),
                "outcome": None if tick is None else tick.status.value.lower(),
                "error": None if error is None else told_line(error.message),
                "why": None if tick is None else tick.skip_reason,
            }
        )
    return sorted(found, key=lambda one: (one["kind"], one["name"]))


def runs_at_hand(instance: DagsterInstance) -> dict[str, int]:
    """Return how many runs are `started` and `queued`."""
    from dagster import DagsterRunStatus, RunsFilter

    started = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING]
    queued = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED]
    return {
        "started": instance.get_runs_count(RunsFilter(statuses=started)),
        "queued": instance.get_runs_count(RunsFilter(statuses=queued)),
    }


def found_failed_runs(
    instance: DagsterInstance, *, since: datetime | None, limit: int
) -> list[dict[str, Any]]:
    """Return the latest failed runs, newest first, as `launch.failed_runs` does."""
    from dagster import DagsterRunStatus, RunsFilter

    records = instance.get_run_records(
        RunsFilter(statuses=[DagsterRunStatus.FAILURE], created_after=since), limit=limit
    )
    return [
        {
            "run_id": record.dagster_run.run_id,
            "job": record.dagster_run.job_name,
            "at": record.create_timestamp.isoformat(timespec="seconds"),
            "problems": _problems(instance, record.dagster_run.run_id),
        }
        for record in records
    ]


def _problems(instance: DagsterInstance, run_id: str) -> Sequence[str]:
    return event_sentences(
        (
            entry.dagster_event
            for entry in instance.all_logs(run_id)
            if entry.dagster_event is not None
        ),
        step_failure,
        blocking_check,
    )


def _text(timestamp: float) -> str:
    moment = datetime.fromtimestamp(timestamp, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def told_line(message: str) -> str:
    """Return the line of an error that says what happened.

    Dagster puts what it wraps first, and SQLAlchemy adds its statement and a link at the end.
    """
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(_ADDED)]
    return telling[-1] if telling else "no message"
