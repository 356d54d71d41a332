"""Every fault once, for the export and for the constitution."""

from __future__ import annotations

import hashlib
import json
import re
import time
import tracemalloc
from datetime import timedelta

import pytest
from fault_expectations import (
    CONSTITUTION,
    FATAL,
    GOOD,
    PASSING,
    REDIRECT,
    TOO_LONG,
    ask,
    assert_keeps_secret,
    fatal_kind,
)
from platform_server import FAULTS, PlatformServer

from labelaudit_dagster.platform_client import (
    BadAnswer,
    DeadlineExceeded,
    HttpPolicy,
    NotModified,
    PlatformClient,
    PlatformError,
    Rejected,
)

STATUS = re.compile(r"status_(\d+)|error_(\d+)")


def test_every_fault_has_an_expectation():
    assert {*PASSING, *GOOD, *FATAL, *TOO_LONG, REDIRECT, "not_success"} == set(FAULTS)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("fault", sorted({*PASSING, *GOOD, REDIRECT}))
def test_passing_fault_is_survived(fault, method, platform, make_client, clock, caplog, api_key):
    caplog.set_level("DEBUG")
    platform.prepare([fault])
    result = ask(make_client(), method)
    assert len(platform.requests) == (1 if fault in GOOD else 2)
    if method == "GET":
        assert json.loads(result.body) == platform.export
        assert result.content_hash == hashlib.sha256(result.body).hexdigest()
    else:
        assert [json.loads(post.body) for post in platform.applied] == [CONSTITUTION]
        assert {request.headers["idempotency-key"] for request in platform.requests} == {"7-abc"}
        assert len({request.body for request in platform.requests}) == 1
    retried = len(platform.requests) - 1 if fault != REDIRECT else 0
    assert len(clock.slept) == retried
    # At most the start of the attempt is logged per retry, and never the key.
    assert sum("the next one follows" in record.message for record in caplog.records) == retried
    assert api_key not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("fault", sorted({*FATAL, *TOO_LONG, "not_success"}))
def test_fatal_fault_is_named(
    fault, method, platform, stranger, make_client, clock, caplog, api_key
):
    caplog.set_level("DEBUG")
    platform.prepare([fault])
    expected = fatal_kind(fault, method) or DeadlineExceeded
    started = clock()
    with pytest.raises(PlatformError) as caught:
        ask(make_client(), method)
    error = caught.value
    assert type(error) is expected
    assert len(platform.requests) == 1
    assert error.attempts == 1
    # The whole drip takes 390 virtual seconds at least; it may run on a little before it notices.
    assert clock() - started < 200
    assert not clock.slept
    assert not stranger.requests
    assert error.method == method
    assert str(error).startswith(f"{method} {platform.url}/")
    assert "LABELAUDIT_" in str(error) or "operator" in str(error) or "compare" in str(error)
    status = STATUS.fullmatch(fault)
    if status:
        assert error.status == int(status[1] or status[2])
        assert f"HTTP {error.status}" in str(error)
        assert "[key removed]" in str(error)
    if method == "POST" and platform.applied:
        assert error.may_have_been_applied
    if isinstance(error, Rejected):
        assert not error.may_have_been_applied
    assert_keeps_secret(error, api_key)
    assert api_key not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "fault",
    [
        "error_503",
        "retry_after_seconds",
        "reset_before",
        "lost_reply",
        "stall_inside",
        "truncated_json",
        "gzip_cut",
        "empty_200",
    ],
)
def test_attempts_run_out(fault, method, platform, make_client, clock, api_key):
    platform.prepare([fault] * 20)
    with pytest.raises(PlatformError) as caught:
        ask(make_client(), method)
    error = caught.value
    assert type(error) is PASSING[fault]
    assert len(platform.requests) == error.attempts == 4
    assert len(platform.applied) <= 1
    assert len(clock.slept) == 3
    if fault == "retry_after_seconds":
        assert clock.slept == [3.0, 3.0, 3.0]
    else:
        assert clock.slept == pytest.approx([0.375, 0.75, 1.5])
    assert_keeps_secret(error, api_key)


@pytest.mark.parametrize("fault", ["retry_after_day", "retry_after_date_in_a_day"])
def test_a_wait_of_a_day_is_reported_instead_of_waited(fault, platform, make_client, clock):
    platform.prepare([fault])
    with pytest.raises(DeadlineExceeded) as caught:
        make_client().fetch_export()
    assert caught.value.status == 429
    asked = caught.value.retry_at
    assert asked is not None
    assert abs(asked - clock.now() - timedelta(days=1)) < timedelta(seconds=2)
    assert f"{asked:%Y-%m-%d %H:%M:%S} UTC" in str(caught.value)


def test_retry_after_date_counts_from_the_servers_clock(platform, make_client, clock):
    """A client whose clock is an hour wrong waits as long as the platform meant."""
    platform.prepare(["retry_after_date"])
    make_client(now=lambda: clock.now() + timedelta(hours=1)).fetch_export()
    assert clock.slept == [3.0]


def test_lost_reply_is_applied_once_and_confirmed(platform, make_client):
    platform.prepare(["lost_reply", "lost_reply", "error_500_after_applying"])
    receipt = make_client().publish_constitution(CONSTITUTION, "7-abc")
    assert receipt.attempts == len(platform.requests) == 4
    assert len(platform.applied) == 1
    assert receipt.payload_sha256 == hashlib.sha256(platform.applied[0].body).hexdigest()
    assert receipt.idempotency_key == platform.applied[0].key == "7-abc"


def test_uncertain_outcome_is_remembered_over_attempts(platform, make_client):
    """The reply was lost first; the clear refusal afterwards does not undo that."""
    platform.prepare(["lost_reply", "status_422"])
    with pytest.raises(Rejected) as caught:
        make_client().publish_constitution(CONSTITUTION, "7-abc")
    assert caught.value.may_have_been_applied
    assert "same idempotency key" in str(caught.value)


def test_conflict_is_success_where_the_platform_says_so(platform, make_client):
    platform.prepare([lambda exchange: exchange.answer(409, b'{"success": true}')])
    assert make_client().publish_constitution(CONSTITUTION, "7-abc").status == 409


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"<html>", b'{"success": 1}', b'{"success": "true"}']
)
def test_conflict_without_confirmation_is_not_retried(body, platform, make_client):
    platform.prepare([lambda exchange: exchange.answer(409, body)])
    with pytest.raises(Rejected, match="HTTP 409"):
        make_client().publish_constitution(CONSTITUTION, "7-abc")
    assert len(platform.requests) == 1


@pytest.mark.parametrize("fault", ["gzip_bomb", "endless", "endless_trailer"])
def test_memory_stays_bounded(fault, platform, make_client):
    platform.prepare([fault])
    client = make_client()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with pytest.raises(BadAnswer, match="LABELAUDIT_HTTP_MAX_BYTES"):
            client.fetch_export()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The limit is 1 MiB, the trailer may double it; the bomb has 50 MiB.
    assert peak - before < 8 * 1024 * 1024


@pytest.mark.parametrize("compressed", [False, True])
def test_size_limit_counts_decompressed_bytes_exactly(compressed, platform, make_client):
    body = json.dumps({**platform.export, "padding": ""}).encode()
    body = body[:-2] + b"x" * (4096 - len(body)) + b'"}'
    platform.export = body
    step = "gzip_good" if compressed else "ok"
    platform.prepare([step, step])
    exact = make_client(policy=HttpPolicy(timeout_seconds=1, max_bytes=4096))
    assert exact.fetch_export().body == body
    less = make_client(policy=HttpPolicy(timeout_seconds=1, max_bytes=4095))
    with pytest.raises(BadAnswer, match="more than 4,095 bytes"):
        less.fetch_export()


def test_slow_drip_meets_the_deadline_in_real_time(api_key):
    """The same without a virtual clock: every byte comes in time, the whole does not."""
    with PlatformServer(drip_seconds=0.02) as platform:
        policy = HttpPolicy(timeout_seconds=0.3, deadline_seconds=0.6, attempts=3)
        client = PlatformClient(platform.url, api_key, policy)
        for fault in ("slow_drip", "slow_headers"):
            platform.prepare([fault])
            started = time.monotonic()
            with pytest.raises(DeadlineExceeded, match=r"deadline of 0\.6 s"):
                client.fetch_export()
            assert 0.5 < time.monotonic() - started < 2.0


def test_nobody_waits_long_for_the_words_of_an_error(platform, make_client, clock):
    def slow_503(exchange):
        exchange.send(exchange.head(503, {"Content-Length": "400"}))
        exchange.drip(b"x" * 400)

    platform.prepare([slow_503])
    started = clock()
    make_client(policy=HttpPolicy(deadline_seconds=1000)).fetch_export()
    assert len(platform.requests) == 2
    assert clock() - started < 200


def test_an_unchanged_export_is_not_sent_again(platform, make_client):
    platform.etag = '"v1"'
    client = make_client()
    first = client.fetch_export()
    assert first.etag == '"v1"'
    answer = client.fetch_export(first.etag)
    assert isinstance(answer, NotModified)
    assert answer.etag == '"v1"'
    platform.etag = '"v2"'
    assert client.fetch_export(first.etag).etag == '"v2"'
    sent = [request.headers.get("if-none-match") for request in platform.requests]
    assert sent == [None, '"v1"', '"v1"']


def test_not_modified_without_a_question_is_no_answer(platform, make_client):
    platform.prepare([lambda exchange: exchange.answer(304, b"")])
    with pytest.raises(BadAnswer, match="304"):
        make_client().fetch_export()
    assert len(platform.requests) == 1
