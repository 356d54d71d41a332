"""How often somebody may ask: limits for known callers, narrower ones for guessed secrets."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app_api.problems import ProblemError

REQUESTS, FAILURES = "requests", "failures"


class RateLimits:
    """Counts requests over a sliding minute, in the memory of this process.

    Behind several processes each counts for itself, so that the limits are per process.

    Args:
        requests_per_minute: Of one caller (token, session or address); 0 sets no limit.
        failures_per_minute: Secrets that are not valid, of one address; 0 sets no limit.
    """

    def __init__(self, requests_per_minute: int, failures_per_minute: int) -> None:
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items = {
            kind: RateLimitItemPerMinute(limit, namespace=kind) if limit else None
            for kind, limit in (
                (REQUESTS, requests_per_minute),
                (FAILURES, failures_per_minute),
            )
        }

    def count_request(self, caller: str) -> None:
        """Count a request of a caller.

        Raises:
            ProblemError: It is one too many; `Retry-After` says when the next one may come.
        """
        item = self._items[REQUESTS]
        if item is not None and not self._counter.hit(item, caller):
            raise self._refusal(REQUESTS, caller, "requests")

    def check_failures(self, address: str) -> None:
        """Refuse an address that has sent too many secrets that are not valid.

        Raises:
            ProblemError: There were too many within a minute.
        """
        item = self._items[FAILURES]
        if item is not None and not self._counter.test(item, address):
            raise self._refusal(FAILURES, address, "tokens or sign-ins that are not valid")

    def count_failure(self, address: str) -> None:
        """Count a secret of an address that was not valid."""
        item = self._items[FAILURES]
        if item is not None:
            self._counter.hit(item, address)

    def _refusal(self, kind: str, caller: str, what: str) -> ProblemError:
        item = self._items[kind]
        assert item is not None  # noqa: S101 - for the type checker; the callers looked
        reset = self._counter.get_window_stats(item, caller).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        return ProblemError(
            "too-many-requests",
            f"There were more than {item.amount:,} {what} within a minute; "
            f"wait {seconds} s and go on more slowly.",
            headers={"Retry-After": str(seconds)},
        )
