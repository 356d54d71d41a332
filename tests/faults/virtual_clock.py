"""A clock that runs with real time and jumps over every sleep."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class VirtualClock:
    """Seconds since its making; sleeping costs no real time. Threads may share it."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._jumped = 0.0
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def __call__(self) -> float:
        return time.monotonic() - self._began + self._jumped

    def sleep(self, seconds: float) -> None:
        """Jump forward, and note it."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Jump forward without a note; real time moves a little so that bytes can travel."""
        with self._lock:
            self._jumped += seconds
        time.sleep(0.0005)

    def now(self) -> datetime:
        """Return the wall clock that belongs to it."""
        return _START + timedelta(seconds=self())
