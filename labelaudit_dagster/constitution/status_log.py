"""The log of statuses: what a constitution changes for each guideline, and by which test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

from labelaudit_dagster.constitution.reasons import STATUSES, TESTS, Status, Test

Record = Mapping[str, Any]

LoggedStatus = Status | Literal["removed"]

REMOVED: Final = "removed"
"""Status of a guideline that the constitution knows no more; it may come back."""

LOGGED_STATUSES: tuple[LoggedStatus, ...] = (*STATUSES, REMOVED)
"""Every status that the log may hold."""

RULE_FIELDS = (
    "intercept_threshold",
    "min_ratings",
    "min_support",
    "inertia",
    "support_inertia",
)
"""Parameters of a document that say which rule decided."""


class Figures(TypedDict):
    """A guideline's numbers in one constitution; None for what is not known."""

    n_ratings: int
    raw_support: float | None
    intercept: float | None
    p_accepted: float | None


@dataclass(frozen=True, slots=True)
class KnownStatus:
    """What the log says of a guideline last.

    Attributes:
        status: its status.
        text: its text at the time.
        figures: its numbers at the time; None where it was removed.
    """

    status: LoggedStatus
    text: str
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One guideline's change of status.

    Attributes:
        guideline_id: which guideline.
        text: its text; of one that was removed, the last one.
        status_before: None where the log knew nothing of it.
        status: what it is now.
        decided_by: the test that decided; None where it was removed.
        margin: of that test, the number less its limit; None where there is no number.
        sentence: why, in words.
        before: its numbers in the constitution before; None where it was not there.
        after: its numbers now; None where it was removed.
    """

    guideline_id: str
    text: str
    status_before: LoggedStatus | None
    status: LoggedStatus
    decided_by: Test | None
    margin: float | None
    sentence: str
    before: Figures | None
    after: Figures | None


def status_entries(
    known: Mapping[str, KnownStatus], document: Record, previous: Record | None = None
) -> list[StatusEntry]:
    """Return what a constitution adds to the log: nothing for guidelines that keep their status.

    Replaying a log with these entries gives the statuses of the document, whatever it held before.

    Args:
        known: the last status in the log of every guideline that it knows.
        document: the constitution as `constitution_document` makes it.
        previous: the constitution that the log ends with, where it is at hand; the numbers of
            before are its. Without it they are those of each guideline's last entry.

    Returns:
        Entries ordered by guideline id (code points).
    """
    now = {row["guideline_id"]: row for row in document["guidelines"]}
    then = {} if previous is None else {row["guideline_id"]: row for row in previous["guidelines"]}
    entries = []
    for key in sorted(known.keys() | now.keys()):
        last, row = known.get(key), now.get(key)
        before = None if last is None else last.figures
        if last is not None and last.status != REMOVED and key in then:
            before = status_figures(then[key])
        if row is None:
            if last is not None and last.status != REMOVED:
                entries.append(_removal(key, last, before))
        elif last is None or last.status != row["status"]:
            entries.append(_change(key, last, row, before, then.get(key)))
    return entries


def status_figures(record: Record) -> Figures:
    """Return the numbers that the log keeps of a guideline of the document."""
    return {
        "n_ratings": record["n_ratings"],
        "raw_support": record["raw_support"],
        "intercept": record["intercept"],
        "p_accepted": record.get("p_accepted"),
    }


def replayed_statuses(entries: Iterable[StatusEntry]) -> dict[str, LoggedStatus]:
    """Return the status of every guideline that still exists after entries, the oldest first."""
    statuses: dict[str, LoggedStatus] = {}
    for entry in entries:
        statuses[entry.guideline_id] = entry.status
    return {key: status for key, status in statuses.items() if status != REMOVED}


def version_counts(document: Record, entries: Iterable[StatusEntry]) -> dict[str, int]:
    """Return what one constitution comes to: sizes, statuses, and how many entered and left."""
    changes = list(entries)
    return {
        "n_guidelines": document["n_guidelines"],
        "n_ratings": document["n_ratings"],
        "n_raters": document["n_raters"],
        **{status: document["counts"][status] for status in STATUSES},
        "entered": sum(entry.status == "accepted" for entry in changes),
        "left": sum(entry.status_before == "accepted" for entry in changes),
    }


def version_rule(document: Record) -> dict[str, float]:
    """Return the numbers of the rule that decided."""
    parameters = document["parameters"]
    return {name: parameters[name] for name in RULE_FIELDS if name in parameters}


def _removal(key: str, last: KnownStatus, before: Figures | None) -> StatusEntry:
    return StatusEntry(
        guideline_id=key,
        text=last.text,
        status_before=last.status,
        status=REMOVED,
        decided_by=None,
        margin=None,
        sentence="It is no longer among the guidelines.",
        before=before,
        after=None,
    )


def _change(
    key: str,
    last: KnownStatus | None,
    row: Record,
    before: Figures | None,
    then: Record | None,
) -> StatusEntry:
    test = _deciding_test(row, None if last is None else last.status, then)
    reason = next(reason for reason in row["reasons"] if reason["test"] == test)
    returned = last is not None and last.status == REMOVED
    return StatusEntry(
        guideline_id=key,
        text=row["text"],
        status_before=None if last is None else last.status,
        status=row["status"],
        decided_by=test,
        margin=reason["margin"],
        sentence=("It is among the guidelines again. " if returned else "") + reason["sentence"],
        before=before,
        after=status_figures(row),
    )


# The order in which `status_of` applies the tests.
_APPLIED: tuple[Test, ...] = (
    "min_ratings",
    "min_support",
    "numerical_precision",
    "intercept_threshold",
)


_LIFTED: dict[LoggedStatus | None, Test] = {
    "too_few_ratings": "min_ratings",
    "undecided": "numerical_precision",
}


def _deciding_test(row: Record, before: LoggedStatus | None, then: Record | None) -> Test:
    """Return the test that decided: the first that fails, or what the guideline passes now.

    An accepted guideline passes all, so that what held it back before has decided. Where the
    constitution before is not at hand, its status must do; a rejection is then put down to the
    intercept.
    """
    failed = _first_failed(row)
    if failed is not None:
        return failed
    lifted = None if then is None or then["status"] != before else _first_failed(then)
    return lifted or _LIFTED.get(before, "intercept_threshold")


def _first_failed(row: Record) -> Test | None:
    passed = {reason["test"]: reason["passed"] for reason in row["reasons"]}
    return next((test for test in _APPLIED if not passed[test]), None)


assert set(_APPLIED) == set(TESTS)  # noqa: S101 - the two orders name the same tests
