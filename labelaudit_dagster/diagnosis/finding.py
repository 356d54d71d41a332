"""What a check found, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labelaudit_dagster.failures import ExpectedFailure


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        what: what was checked.
        ok: whether it will do.
        finding: what was found.
        advice: what to do; empty where nothing is.
    """

    what: str
    ok: bool
    finding: str
    advice: str = ""


def guarded(what: str, check: Callable[[], Finding]) -> Finding:
    """Run a check; a doctor names every illness, known or not."""
    try:
        return check()
    except ExpectedFailure as failure:
        return Finding(what, False, str(failure))
    except Exception as error:
        return Finding(
            what, False, f"{type(error).__name__}: {error}", "Install the locked packages anew."
        )
