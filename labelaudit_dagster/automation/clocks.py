"""Waiting by a wall clock that may be set forward and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def has_passed(since: datetime | None, wait: timedelta, now: datetime) -> bool:
    """Whether a wait is over.

    A moment in the future was read before the clock was set back: how long ago it was nobody
    knows, and a wait that is cut short costs one run too many where one that is drawn out by two
    days costs two days.
    """
    return since is None or since > now or now - since >= wait


def retry_wait(failures: int) -> timedelta:
    """How long to wait after some failures on end: a minute, then twice as long each time."""
    if failures < 1:
        return timedelta(0)
    return min(FIRST_RETRY * (1 << min(failures - 1, 20)), LONGEST_RETRY)


def shown(wait: timedelta) -> str:
    """Return a length of time in words."""
    seconds = max(0, round(wait.total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
