"""`lost_runs_sensor`: a run whose process is gone, and that never said how it ended, has failed."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.run_signs import forget_sign, has_died, runs_with_signs
from labelaudit_dagster.settings import Settings

NAME = "lost_runs_sensor"
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
        for run_id in runs_with_signs(settings):
            run = context.instance.get_run_by_id(run_id)
            if run is None or run.is_finished:
                forget_sign(settings, run_id)
        if lost:
            return dg.SkipReason(f"Their processes are gone: {', '.join(lost)}.")
        return dg.SkipReason("Every run that is under way is alive.")

    return evaluate
