"""The limits of requests under a clock that jumps: nobody waits for longer than two minutes."""

from __future__ import annotations

import time

import pytest

from app_api.problems import ProblemError
from app_api.rate_limits import RateLimits

NOW = 1_772_971_200.0
TWO_DAYS = 48 * 3600.0


@pytest.mark.parametrize("step", [TWO_DAYS, -TWO_DAYS])
def test_a_jump_of_the_clock_locks_nobody_out(step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = NOW
    monkeypatch.setattr(time, "time", lambda: moment)
    limits = RateLimits(3, 2)

    def refused_for() -> int:
        try:
            limits.count_request("caller")
        except ProblemError as problem:
            return int(problem.headers["Retry-After"])
        return 0

    assert [refused_for() for _ in range(3)] == [0, 0, 0]
    assert 1 <= refused_for() <= 120
    moment += step
    waited = refused_for()
    assert waited <= 120
    moment += waited
    assert refused_for() == 0
    moment -= step  # the clock is put right again
    moment += 120
    assert refused_for() == 0
