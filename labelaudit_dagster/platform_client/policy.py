"""The limits of one call."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labelaudit_dagster.platform_client.errors import Misconfigured


@dataclass(frozen=True)
class HttpPolicy:
    """How long, how often and how much.

    Attributes:
        timeout_seconds: longest wait for a connection to one address, and between two received
            bytes (s, > 0).
        deadline_seconds: longest time for one call with all its attempts and waits (s, > 0).
        attempts: most requests for one call (1 to 100).
        max_bytes: largest answer, counted after decompression (bytes, >= 1024).
        backoff_seconds: wait after the first failure, doubled after each further one; the wait is
            drawn between half of it and all of it (s, > 0).
        backoff_cap_seconds: longest wait that is our own choice (s, > 0).

    Raises:
        Misconfigured: if a value cannot work.
    """

    timeout_seconds: float = 10.0
    deadline_seconds: float = 120.0
    attempts: int = 5
    max_bytes: int = 256 * 1024 * 1024
    backoff_seconds: float = 0.5
    backoff_cap_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name in (
            "timeout_seconds",
            "deadline_seconds",
            "backoff_seconds",
            "backoff_cap_seconds",
        ):
            value = getattr(self, name)
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not good or not math.isfinite(value) or value <= 0:
                raise Misconfigured(f"{name} must be a number of seconds above 0, not {value!r}.")
        for name, low, high in (("attempts", 1, 100), ("max_bytes", 1024, 2**63 - 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise Misconfigured(
                    f"{name} must be a whole number from {low} to {high}, not {value!r}."
                )
