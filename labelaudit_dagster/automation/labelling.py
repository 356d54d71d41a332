"""Whose results to make: people with new labels, those who failed, and after a refit everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from labelaudit_dagster.automation.asking import Asked, Asking, RunState
from labelaudit_dagster.automation.clocks import has_passed, shown

MOST_FAILED = 200
"""People who failed and are remembered one by one; where more did, everybody waits."""
EVERYBODY = "*"


class LabelsSeen(Asking):
    """What is remembered of labels.

    Attributes:
        labels: the results of every label up to this number are made, but for those who failed.
        corpus: corpus side that everybody's results are made from, likewise.
        failed: partition keys of those for whom the last try failed, or `EVERYBODY`.
    """

    labels: int = 0
    corpus: str | None = None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labeller:
    """Somebody with labels whose results may not be made.

    Attributes:
        key: the partition key.
        first: number of their first label that is looked at.
        labelled_at: when they labelled last.
        frozen: whether they asked for a training that is not done; that one does not wait.
    """

    key: str
    first: int
    labelled_at: datetime
    frozen: bool = False


@dataclass(frozen=True)
class LabelsDecision:
    """What a look came to.

    Attributes:
        remembered: the new cursor.
        ask: the run to ask for; None for none.
        keys: for whom.
        reason: why, or why not, in a sentence.
    """

    remembered: LabelsSeen
    ask: Asked | None
    keys: tuple[str, ...]
    reason: str


def settled_labels(
    before: LabelsSeen, state: RunState, failed: Sequence[str], now: datetime
) -> LabelsSeen:
    """Take in what became of the run that was asked for.

    Args:
        before: the cursor.
        state: what became of it.
        failed: where it failed for some people alone, their partition keys.
        now: the time.
    """
    asked = before.asked
    if asked is None or state == "working":
        return before
    done = {"labels": max(before.labels, asked.labels), "corpus": asked.what or before.corpus}
    if state == "succeeded":
        if before.failed and not asked.retry:
            return before.model_copy(update={"asked": None, **done})
        fresh = {"asked": None, "failures": 0, "failed_at": None, "failed": ()}
        return before.model_copy(update={**fresh, **done})
    kept = () if asked.retry else before.failed
    if not failed or len(failed) > MOST_FAILED:
        done, failed = {}, (EVERYBODY,)
    together = {"failed": tuple(dict.fromkeys((*kept, *failed)))}
    return before.model_copy(update={**before.after_failure(now), **done, **together})


def is_refit(before: LabelsSeen, corpus: str | None) -> bool:
    """Whether everybody's results are to be made anew; a cursor that is new looks at all anyway."""
    return corpus is not None and before.corpus is not None and corpus != before.corpus


def decided_labels(
    before: LabelsSeen,
    labellers: Sequence[Labeller],
    *,
    newest: int,
    corpus: str | None,
    quiet: timedelta,
    now: datetime,
) -> LabelsDecision:
    """Decide for whom a run is due.

    Args:
        before: the cursor, settled.
        labellers: who has labels after `before.labels`, those in `before.failed`, and for another
            corpus side than `before.corpus` everybody; without those whose results are known to
            be made.
        newest: number of the newest label that was looked at.
        corpus: the corpus side that results are made from; None where it must not be looked at.
        quiet: how long somebody must not have labelled.
        now: the time.
    """
    if before.asked is not None:
        age = shown(max(now - before.asked.at, timedelta(0)))
        return LabelsDecision(before, None, (), f"A run is under way for {age}.")
    backing_off = before.backing_off(now)
    held = set(before.failed) if backing_off else set()
    if EVERYBODY in held:
        return LabelsDecision(before, None, (), backing_off)
    refit = is_refit(before, corpus)
    due: list[str] = []
    waiting: list[Labeller] = []
    for person in labellers:
        if person.key in held:
            continue
        if refit or person.frozen or has_passed(person.labelled_at, quiet, now):
            due.append(person.key)
        else:
            waiting.append(person)
    # Those who wait are found again by their labels, and everybody after them with them.
    upto = max(before.labels, min((person.first - 1 for person in waiting), default=newest))
    if not due:
        if waiting:
            reason = f"{_people(len(waiting))} labelled within the last {shown(quiet)}."
            return LabelsDecision(before, None, (), reason)
        kept: dict[str, object] = {"labels": upto, "corpus": corpus or before.corpus}
        if not held:
            kept |= {"failed": (), "failures": 0, "failed_at": None}
        reason = backing_off or "Everybody's results are those of their labels."
        return LabelsDecision(before.model_copy(update=kept), None, (), reason)
    asked = Asked(key=before.next_key(), at=now, what=corpus or "", labels=upto, retry=not held)
    return LabelsDecision(
        before.model_copy(update=before.after_asking(asked)),
        asked,
        tuple(sorted(due)),
        f"{_people(len(due))} to make results for" + (", after a refit." if refit else "."),
    )


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
