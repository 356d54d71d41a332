"""Asking for runs one after the other, under keys that never come twice."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from labelaudit_dagster.automation.clocks import has_passed, retry_wait, shown
from labelaudit_dagster.automation.cursor import Remembered

RunState = Literal["working", "succeeded", "failed", "missing"]
"""What became of a run; `missing` where nobody knows it (any more)."""


class Asked(Remembered):
    """A run that was asked for and whose end was not seen yet.

    Attributes:
        key: its run key.
        at: when it was asked for.
        what: which state it was asked for.
        labels: every label up to this number is done with it.
        retry: whether it is for those, too, whom an earlier one failed for.
    """

    key: str
    at: AwareDatetime
    what: str = ""
    labels: int = 0
    retry: bool = False


class Asking(Remembered):
    """What every sensor that asks for runs remembers.

    Attributes:
        series: begins all run keys; drawn anew with an empty cursor, since Dagster ignores a key
            that it has seen before, for ever.
        number: of the last run; part of its key, so that A, B, A are three runs.
        asked: the run that is under way.
        asked_at: when a run was last asked for.
        failures: runs that failed one after the other.
        failed_at: when the last of them was found.
    """

    series: str
    number: int = 0
    asked: Asked | None = None
    asked_at: AwareDatetime | None = None
    failures: int = 0
    failed_at: AwareDatetime | None = None

    def next_key(self) -> str:
        """Return the key of the next run."""
        return f"{self.series}-{self.number + 1}"

    def after_asking(self, asked: Asked) -> dict[str, object]:
        """Return the fields that change by asking for a run."""
        return {"number": self.number + 1, "asked": asked, "asked_at": asked.at}

    def after_failure(self, now: datetime) -> dict[str, object]:
        """Return the fields that change when the run is found to have failed."""
        return {"asked": None, "failures": self.failures + 1, "failed_at": now}

    def backing_off(self, now: datetime) -> str:
        """Say that the next try has to wait after a failure; "" where it need not."""
        wait = retry_wait(self.failures)
        if has_passed(self.failed_at, wait, now):
            return ""
        assert self.failed_at is not None  # noqa: S101 - a wait that was never begun has passed
        runs = "The last run failed" if self.failures == 1 else f"{self.failures} runs failed"
        return f"{runs}; the next try follows in {shown(self.failed_at + wait - now)}."
