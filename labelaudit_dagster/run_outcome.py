"""What came of a run, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterEvent, ExecuteInProcessResult


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run.

    Attributes:
        run_id: Dagster's id of the run.
        succeeded: whether every step and every blocking check passed.
        problems: one plain sentence for each step that failed by itself (steps that were only
            skipped in consequence are left out).
        warnings: one sentence for each check that did not pass without blocking.
    """

    run_id: str
    succeeded: bool
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def outcome_of(result: ExecuteInProcessResult) -> RunOutcome:
    """Return the outcome of a run that has ended in this process."""
    return RunOutcome(
        run_id=result.run_id,
        succeeded=result.success,
        problems=event_sentences(result.all_events, step_failure, blocking_check),
        warnings=event_sentences(result.all_events, warning_check),
    )


def event_sentences(
    events: Iterable[DagsterEvent], *readers: Callable[[DagsterEvent], list[str]]
) -> list[str]:
    """Collect what the readers find, in the order of the events."""
    return [text for event in events for reader in readers for text in reader(event)]


def step_failure(event: DagsterEvent) -> list[str]:
    """The sentence for a step that failed by itself, or none."""
    if event.event_type_value != "STEP_FAILURE":
        return []
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return [data.user_failure_data.description]
    if data.error is None:
        return [f"{event.step_key} failed without saying why."]
    error = data.error
    while error.cause is not None:
        error = error.cause
    if error.cls_name == "DagsterAssetCheckFailedError":
        return []  # the check itself is reported with its own sentence
    if error.cls_name == "DagsterExecutionInterruptedError":
        return [f"The run was interrupted in {event.step_key}."]
    return [f"{event.step_key}: {error.message.strip().splitlines()[0]}"]


def _failed_check(event: DagsterEvent, *, blocking: bool) -> list[str]:
    """The sentence for a check of one kind that did not pass, or none."""
    if event.event_type_value != "ASSET_CHECK_EVALUATION":
        return []
    check = event.asset_check_evaluation_data
    if check.passed or check.blocking != blocking:
        return []
    return [check.description or f"The check {check.check_name} did not pass."]


def blocking_check(event: DagsterEvent) -> list[str]:
    """The sentence for a blocking check that did not pass, or none."""
    return _failed_check(event, blocking=True)


def warning_check(event: DagsterEvent) -> list[str]:
    """The sentence for another check that did not pass, or none."""
    return _failed_check(event, blocking=False)
