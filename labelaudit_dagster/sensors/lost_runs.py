"""`lost_runs_sensor`: a run whose process is gone, and that never said how it ended, has failed."""

from __future__ import annotations

import json
import socket
from contextlib import suppress

import dagster as dg

from labelaudit_dagster.ending_together import together_since
from labelaudit_dagster.run_signs import forget_sign, has_died, runs_with_signs
from labelaudit_dagster.settings import Settings

NAME = "lost_runs_sensor"
_CODE_SERVER_TAG = ".dagster/grpc_info"
"""Tag that Dagster's launcher gives a run: which code server on this machine makes its process."""
_ANSWER_SECONDS = 2.0
_AT_WORK = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def lost_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=max(30, settings.sensor_interval_seconds),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Marks runs as failed whose process was killed, so that they hold up nobody; what "
            "they were to make is asked for again."
        ),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        lost = []
        for record in context.instance.get_run_records(dg.RunsFilter(statuses=_AT_WORK)):
            run_id = record.dagster_run.run_id
            if not has_died(settings, run_id):
                continue
            # Read again: it may have ended between the two looks.
            run = context.instance.get_run_by_id(run_id)
            if run is not None and not run.is_finished:
                context.instance.report_run_failed(
                    run, "The process of this run is gone, and did not say how it ended."
                )
                lost.append(run_id)
            forget_sign(settings, run_id)
        lost += _end_those_that_never_began(settings, context.instance)
        for run_id in runs_with_signs(settings):
            run = context.instance.get_run_by_id(run_id)
            if run is None or run.is_finished:
                forget_sign(settings, run_id)
        if lost:
            return dg.SkipReason(f"Their processes are gone: {', '.join(lost)}.")
        return dg.SkipReason("Every run that is under way is alive.")

    return evaluate


def _end_those_that_never_began(settings: Settings, instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed that were launched by a `labelaudit dagster` before the present one.

    A run gives no sign of life before its process has loaded the libraries. All processes of the
    one before were gone when the present one began though. Should a process come all the same, it
    finds its run finished and does nothing, so that nothing is done twice.
    """
    since = together_since(settings.dagster_processes_lock)
    if since is None:
        return []  # Dagster was started otherwise; its own limit of three minutes holds
    lost = []
    starting = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING])
    for record in instance.get_run_records(starting):
        run = record.dagster_run
        launched = instance.get_run_stats(run.run_id).launch_time
        # The clock may have been set back since: a code server that answers is asked first.
        if launched is None or launched >= since or _may_begin(run):
            continue
        again = instance.get_run_by_id(run.run_id)
        if again is not None and again.status == dg.DagsterRunStatus.STARTING:
            instance.report_run_failed(
                again, "The Dagster that launched this run was ended before its process began."
            )
            lost.append(run.run_id)
    return lost


def _may_begin(run: dg.DagsterRun) -> bool:
    """Whether the code server that was to make a run's process may still be there."""
    try:
        server = json.loads(run.tags[_CODE_SERVER_TAG])
        path = server["socket"]
    except (KeyError, TypeError, ValueError):
        return True  # launched in another way, perhaps on another machine
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_ANSWER_SECONDS)
        probe.connect(path)
        return True
    return False
