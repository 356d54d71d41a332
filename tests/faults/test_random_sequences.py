"""Three hundred seeded sequences of faults, each compared with what a careful client does.

Every sequence has a platform, a client and a virtual clock of its own, so that the sequences of
one block run side by side and their stalls cost real time only once. On a busy machine an honest
answer can come later than the client waits for it, which is a stall that the plan knows nothing of;
what failed side by side is therefore judged by a second run, alone.
"""

from __future__ import annotations

import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from fault_expectations import (
    ASKED_WAIT,
    CONSTITUTION,
    GOOD,
    IDEMPOTENCY_KEY,
    PASSING,
    REDIRECT,
    TOO_LONG,
    ask,
    assert_keeps_secret,
    fatal_kind,
)
from platform_server import FAULTS, PlatformServer
from virtual_clock import VirtualClock

from labelaudit_dagster.platform_client import (
    DeadlineExceeded,
    HttpPolicy,
    PlatformClient,
    PlatformError,
)

BLOCKS = 6
SEQUENCES = 50
# Steps in which a sequence goes on, so that it becomes long enough to be interesting.
LIKELY = [*PASSING, REDIRECT, "lost_reply", "error_500_after_applying"]
# Time that a request may be late by, for the machine to get around to it (s).
SLACK = 1.0


@dataclass(frozen=True)
class Expected:
    """What has to come of a plan if time plays no part."""

    kind: type[PlatformError] | None  # None: success
    requests: int
    attempts: int
    last: str


def expectation(plan: list[str], method: str, attempts: int) -> Expected:
    """Follow a plan the way a careful client would."""
    attempt = 1
    for number, step in enumerate([*plan, "ok"], start=1):
        if step == REDIRECT:
            continue
        if step in GOOD:
            return Expected(None, number, attempt, step)
        kind = fatal_kind(step, method)
        if kind is not None:
            return Expected(kind, number, attempt, step)
        if step in TOO_LONG:
            return Expected(DeadlineExceeded, number, attempt, step)
        if attempt == attempts:
            return Expected(PASSING[step], number, attempt, step)
        attempt += 1
    raise AssertionError("every plan ends well at the latest after its end")


def random_plan(generator: random.Random) -> list[str]:
    """Draw up to eight steps; at most two redirects in a row, below the client's limit of five."""
    plan: list[str] = []
    for _ in range(generator.randrange(9)):
        names = sorted(FAULTS) if generator.random() < 0.15 else LIKELY
        step = generator.choice(names)
        if plan[-2:] != [REDIRECT, REDIRECT] or step != REDIRECT:
            plan.append(step)
    return plan


def check_sequence(seed: int, key: str) -> str:
    """Run one sequence, assert everything that has to hold, and return how it ended."""
    generator = random.Random(seed)
    method = generator.choice(["GET", "POST"])
    plan = random_plan(generator)
    # Bytes drip in real time, so that a sequence with dripping gets a deadline worth waiting for.
    drips = {"slow_drip", "slow_headers"} & set(plan)
    policy = HttpPolicy(
        timeout_seconds=0.6,
        deadline_seconds=2.5 if drips else generator.choice([2.5, 10.0, 60.0]),
        attempts=generator.randint(1, 6),
        max_bytes=256 * 1024,
    )
    clock = VirtualClock()
    stranger = PlatformServer()
    platform = PlatformServer(plan=plan, clock=clock, now=clock.now)
    with stranger, platform:
        platform.stranger_url = stranger.origin
        client = PlatformClient(
            platform.url,
            key,
            policy,
            clock=clock,
            sleep=clock.sleep,
            random=generator.random,
            now=clock.now,
        )
        started = clock()
        error: PlatformError | None = None
        try:
            result = ask(client, method)
        except PlatformError as caught:
            error = caught
        ended = clock()
        expected = expectation(plan, method, policy.attempts)

        # Never more than the attempts, never after the deadline, nothing to strangers.
        hops = sum(step == REDIRECT for step in plan[: len(platform.requests)])
        assert len(platform.requests) - hops <= policy.attempts
        assert ended - started <= policy.deadline_seconds + SLACK
        for request in platform.requests:
            assert request.at - started <= policy.deadline_seconds + SLACK
            assert request.headers["authorization"] == f"Bearer {key}"
            assert key not in request.path + request.query
        assert not stranger.requests

        # Never a second, different constitution; never the same one twice.
        assert len({request.body for request in platform.requests}) == 1
        assert len(platform.applied) <= 1
        assert not platform.conflicts

        if error is None:
            assert expected.kind is None
            assert len(platform.requests) == expected.requests
            if method == "GET":
                assert json.loads(result.body) == platform.export
                assert result.content_hash == hashlib.sha256(result.body).hexdigest()
                assert not platform.applied
            else:
                assert result.attempts == expected.attempts
                assert [json.loads(post.body) for post in platform.applied] == [CONSTITUTION]
            return "success"

        assert_keeps_secret(error, key)
        over = ended - started >= policy.deadline_seconds
        unseen = error.attempts - (len(platform.requests) - hops)
        # The deadline can pass between the start of an attempt and its arrival over there.
        assert unseen == 0 or (unseen == 1 and over and isinstance(error, DeadlineExceeded))
        if method == "POST":
            assert error.may_have_been_applied or not platform.applied
        else:
            assert not error.may_have_been_applied
        if isinstance(error, DeadlineExceeded):
            if not over:
                # Giving up early is right only where the next wait would have been too long.
                step = plan[len(platform.requests) - 1]
                assert step in PASSING or step in TOO_LONG
                longest = max(0.5 * 2 ** (error.attempts - 1), ASKED_WAIT.get(step, 0.0))
                assert ended - started + longest >= policy.deadline_seconds
            assert len(platform.requests) <= expected.requests
        else:
            assert len(platform.requests) == expected.requests
            # The last attempt is not followed by a wait, be it asked for or not.
            exhausted = expected.last in TOO_LONG and error.attempts == policy.attempts
            assert type(error) is expected.kind or exhausted

        if method == "POST":
            # Whatever happened: asking again with the same key gives exactly one constitution.
            platform.drop_rest_of_plan()
            client.publish_constitution(CONSTITUTION, IDEMPOTENCY_KEY)
            assert [json.loads(post.body) for post in platform.applied] == [CONSTITUTION]
        return type(error).__name__


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_sequences(block, api_key, caplog):
    caplog.set_level("DEBUG")
    seeds = range(block * SEQUENCES, (block + 1) * SEQUENCES)
    failed: dict[int, BaseException] = {}
    doubtful: list[int] = []
    endings: list[str] = []
    with ThreadPoolExecutor(max_workers=SEQUENCES) as pool:
        running = {seed: pool.submit(check_sequence, seed, api_key) for seed in seeds}
        for seed, future in running.items():
            if future.exception() is None:
                endings.append(future.result())
            else:
                doubtful.append(seed)
    for seed in doubtful:
        try:
            endings.append(check_sequence(seed, api_key))
        except Exception as problem:
            failed[seed] = problem
    if failed:
        seed, problem = next(iter(failed.items()))
        raise AssertionError(f"{len(failed)} sequences failed, first seed {seed}") from problem
    # The block is worth its time only if it saw every way to end.
    assert {"success", "Rejected", "BadAnswer", "DeadlineExceeded"} <= set(endings)
    assert api_key not in caplog.text
