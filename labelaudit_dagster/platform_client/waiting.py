"""What is tried again, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from labelaudit_dagster.platform_client.policy import HttpPolicy

_PASSING_CLIENT_ERRORS = frozenset({408, 425, 429})
# Beyond this a wait is no wait; it also keeps absurd numbers away from date arithmetic.
_LONGEST_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True)
class RequestedWait:
    """What a `Retry-After` header asks for.

    Attributes:
        seconds: how long to wait (s, >= 0; capped at ten years).
        until: the moment (UTC).
    """

    seconds: float
    until: datetime


def may_pass(status: int) -> bool:
    """Whether an HTTP status can be different at the next attempt."""
    return status >= 500 or status in _PASSING_CLIENT_ERRORS


def backoff(failures: int, policy: HttpPolicy, random: Callable[[], float]) -> float:
    """Exponential backoff with equal jitter: between half of the full wait and all of it.

    Args:
        failures: failed attempts so far (>= 1).
        policy: first wait and cap.
        random: draws from [0, 1).

    Returns:
        Seconds.
    """
    exponent = min(failures - 1, 60)
    full = min(policy.backoff_seconds * 2.0**exponent, policy.backoff_cap_seconds)
    return full * (0.5 + 0.5 * random())


def requested_wait(
    header: str | None, *, answered_at: str | None, now: datetime
) -> RequestedWait | None:
    """Read a `Retry-After` header in either form (RFC 9110, 10.2.3).

    Args:
        header: its value: seconds, or an HTTP date.
        answered_at: the answer's own `Date` header; a date is counted from it, so that a clock
            that is wrong here or there does not change the wait.
        now: the time here (UTC), where `answered_at` is missing or unreadable.

    Returns:
        The wait, or None where the header is absent or not readable.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:12]), _LONGEST_SECONDS)
        return RequestedWait(float(seconds), now + timedelta(seconds=seconds))
    moment = _http_date(text)
    if moment is None:
        return None
    reference = _http_date((answered_at or "").strip()) or now
    wait = min(max((moment - reference).total_seconds(), 0.0), float(_LONGEST_SECONDS))
    return RequestedWait(wait, moment)


def _http_date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # HTTP dates are in GMT; "-0000" and the asctime form come back without a zone.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
