"""`run_failure_sensor`: every failed run is posted to a webhook, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from labelaudit_dagster.automation.clocks import Clock, utc_now
from labelaudit_dagster.automation.cursor import read_cursor, write_cursor
from labelaudit_dagster.automation.failure_message import failure_message
from labelaudit_dagster.automation.telling import Told, after_refusal, after_success, is_due
from labelaudit_dagster.run_outcome import blocking_check, event_sentences, step_failure
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.webhook import WebhookError, post_message

NAME = "run_failure_sensor"
_IN_A_TICK = 5
"""Each may take ten seconds, and Dagster ends ticks after a minute."""
_OF_PEOPLE = frozenset({"audit_users_job", "personal_audit_job"})
_UNNAMED = "The run says whose results could not be made, and why; people are not named here."

Post = Callable[[str, Mapping[str, Any], str], None]


def run_failure_sensor(
    settings: Settings, clock: Clock = utc_now, post: Post = post_message
) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings; off where there is no webhook."""
    address = settings.failure_webhook_url

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=max(30, settings.sensor_interval_seconds),
        default_status=dg.DefaultSensorStatus.STOPPED
        if address is None
        else dg.DefaultSensorStatus.RUNNING,
        description="Posts job, run, step and reasons of every failed run to a webhook, once.",
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if address is None:
            return _skip("LABELAUDIT_FAILURE_WEBHOOK_URL is not set.", None)
        now = clock()
        told = read_cursor(Told, context.cursor)
        if told is None:
            # What failed before anybody wanted to be told is not told now.
            return _skip("From now on failures are told.", Told(event=_newest(context.instance)))
        if not is_due(told, now):
            return _skip("The webhook did not take the last message; it is tried again.", told)
        sent, problem = 0, ""
        for record in _failures_after(context.instance, told.event):
            message = _message(context.instance, record, settings)
            try:
                post(address.get_secret_value(), message, f"run-failed-{record.run_id}")
            except WebhookError as error:
                told, given_up = after_refusal(
                    told, record.storage_id, now, may_pass=error.may_pass
                )
                problem = f" {error}" + (" That message is given up." if given_up else "")
                if not given_up:
                    break
            else:
                told = after_success(record.storage_id)
                sent += 1
        return _skip(f"{sent:,} failures told.{problem}", told)

    return evaluate


def _skip(reason: str, told: Told | None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=None if told is None else write_cursor(told))


def _newest(instance: dg.DagsterInstance) -> int:
    found = instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1)
    return found.records[0].storage_id if found.records else 0


def _failures_after(instance: dg.DagsterInstance, event: int) -> list[Any]:
    """Return the next failures, the first first."""
    chosen = dg.RunStatusChangeRecordsFilter(
        event_type=dg.DagsterEventType.RUN_FAILURE, after_storage_id=event
    )
    found = instance.fetch_run_status_changes(chosen, limit=_IN_A_TICK, ascending=True)
    return list(found.records)


def _message(instance: dg.DagsterInstance, record: Any, settings: Settings) -> dict[str, Any]:
    events = [
        entry.dagster_event
        for entry in instance.all_logs(record.run_id)
        if entry.dagster_event is not None
    ]
    job = record.event_log_entry.job_name or "a run"
    steps = [event.step_key for event in events if event.event_type_value == "STEP_FAILURE"]
    reasons = event_sentences(events, _reason, blocking_check)
    return failure_message(
        run_id=record.run_id,
        job=job,
        failed_at=datetime.fromtimestamp(record.timestamp, UTC),
        steps=[str(step) for step in dict.fromkeys(steps)],
        reasons=[_UNNAMED] if job in _OF_PEOPLE else reasons,
        secrets=_secrets(settings),
        dagster_url=settings.dagster_url,
    )


def _reason(event: dg.DagsterEvent) -> list[str]:
    """The sentence of an expected failure; of another one its kind, since it may quote anything."""
    if event.event_type_value != "STEP_FAILURE" or not (sentences := step_failure(event)):
        return []
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return sentences
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return [f"{'An error' if error is None else error.cls_name} that was not expected."]


def _secrets(settings: Settings) -> list[str]:
    """Return what is secret in the settings, the longest first."""
    found = [
        value.get_secret_value()
        for name in type(settings).model_fields
        if hasattr(value := getattr(settings, name), "get_secret_value")
    ]
    return sorted(found, key=len, reverse=True)
