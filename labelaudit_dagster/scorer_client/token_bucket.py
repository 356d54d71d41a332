"""A token bucket: so many requests in a minute and no more."""

from __future__ import annotations

import time
from collections.abc import Callable

_TINY = 1e-9  # a wait that is computed in floating point may end a moment early


class TokenBucket:
    """Lets requests pass at an even pace; it holds one token, so that there are no bursts.

    Args:
        per_minute: Requests in a minute; 0 sets no limit.
        clock: Monotonic seconds.
        sleep: Waits that many seconds.

    Raises:
        ValueError: `per_minute` is negative.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not per_minute >= 0:
            raise ValueError("per_minute must be 0 or more")
        self._rate = per_minute / 60.0
        self._clock = clock
        self._sleep = sleep
        self._tokens = 1.0
        self._filled_at = clock()

    def take(self) -> None:
        """Wait until a request may be sent, and count it."""
        if self._rate == 0:
            return
        self._fill()
        while self._tokens < 1.0 - _TINY:
            self._sleep((1.0 - self._tokens) / self._rate)
            self._fill()
        self._tokens -= 1.0

    def charge(self, requests: int) -> None:
        """Count requests that were sent without asking; the next one waits for them too."""
        self._fill()
        self._tokens -= requests

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(1.0, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
