"""Submitting to AVID: against a service on loopback that misbehaves as it is told."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator

import pytest
from fault_expectations import FATAL, PASSING, TOO_LONG
from platform_exchange import Exchange, RecordedRequest
from platform_server import PlatformServer
from virtual_clock import VirtualClock

from labelaudit_dagster.avid_client import AVID, AvidClient
from labelaudit_dagster.platform_client import (
    BadAnswer,
    HttpCaller,
    HttpPolicy,
    Misconfigured,
    PlatformError,
)

KEY = "ak-live/Ab+9<z>&'exxxxxxxxxxxx"
UUID = "0b7f5a44-6f0e-4c1c-9d8e-1f2a3b4c5d6e"
DOCUMENT = {"data_type": "AVID", "description": {"lang": "eng", "value": "Grüße 你好 \x00 \ud83d"}}
# Broken JSON is not asked for again here: AVID may have taken the report.
JUDGED_HERE = {"truncated_json", "empty_200", "wrong_schema", "json_list"}


class AvidServer(PlatformServer):
    """AVID: well-behaved after the end of its plan."""

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        if request.headers.get("authorization") != KEY:
            return 401, b'{"message": "Unauthorized"}', {}
        return 200, json.dumps(UUID).encode(), {}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[AvidServer]:
    with AvidServer(clock=clock, pause=clock.advance, drip_seconds=1.0, now=clock.now) as started:
        yield started


@pytest.fixture
def client(server: AvidServer, clock: VirtualClock) -> AvidClient:
    policy = HttpPolicy(timeout_seconds=0.4, deadline_seconds=60, attempts=3, max_bytes=1024 * 1024)
    caller = HttpCaller(
        AVID,
        f"{server.origin}/prod",
        KEY,
        policy,
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.5,
        now=clock.now,
    )
    return AvidClient(caller)


def answering(body: bytes, status: int = 200) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(status, body)


def test_a_report_is_sent_as_avid_wants_it(server, client):
    receipt = client.submit(DOCUMENT, "key-1")
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/prod/submit", "")
    assert client.target == f"{server.origin}/prod/submit"
    assert request.headers["authorization"] == KEY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "key-1"
    assert json.loads(request.body) == DOCUMENT
    assert (receipt.submission_id, receipt.idempotency_key) == (UUID, "key-1")
    assert receipt.attempts == 1


@pytest.mark.parametrize("body", [f'{{"uuid": "{UUID}"}}', f'{{"id": "{UUID}", "state": "draft"}}'])
def test_an_object_with_the_id_confirms_too(server, client, body):
    server.prepare([answering(body.encode())])
    assert client.submit(DOCUMENT, "key-1").submission_id == UUID


@pytest.mark.parametrize("fault", sorted(PASSING.keys() - JUDGED_HERE))
def test_passing_fault_is_survived_with_the_same_bytes(server, client, fault, caplog):
    caplog.set_level("DEBUG")
    server.prepare([fault])
    assert client.submit(DOCUMENT, "key-1").attempts == 2
    assert len({(r.body, r.headers["idempotency-key"]) for r in server.requests}) == 1
    assert KEY not in caplog.text


def test_retry_after_is_honoured(server, client, clock):
    server.prepare(["retry_after_seconds"])
    client.submit(DOCUMENT, "key-1")
    assert clock.slept == [3.0]


@pytest.mark.parametrize("fault", sorted(FATAL.keys() | TOO_LONG | JUDGED_HERE | {"not_success"}))
def test_no_receipt_without_a_confirmation(server, client, fault, caplog):
    caplog.set_level("DEBUG")
    server.prepare([fault])
    with pytest.raises(PlatformError) as caught:
        client.submit(DOCUMENT, "key-1")
    assert len(server.requests) == 1
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in shown
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'""',
        b"true",
        b"17",
        b"{}",
        b"[]",
        b'{"success": true}',
        b'{"uuid": 7}',
        b'"two\\nlines"',
        b'"' + b"x" * 201 + b'"',
        b'"cut',
        b"<html>thanks</html>",
        b"\xff\xfe",
        json.dumps(KEY).encode(),
    ],
)
def test_what_names_no_submission_confirms_nothing(server, client, body):
    server.prepare([answering(body)])
    with pytest.raises(BadAnswer) as caught:
        client.submit(DOCUMENT, "key-1")
    assert caught.value.may_have_been_applied
    assert KEY not in str(caught.value)


def test_all_attempts_in_vain(server, client):
    server.prepare(["error_503"] * 3)
    with pytest.raises(PlatformError, match="attempt 3 of 3") as caught:
        client.submit(DOCUMENT, "key-1")
    assert caught.value.status == 503


def test_nothing_is_sent_without_a_key_or_strict_json(server, client):
    with pytest.raises(Misconfigured, match="LABELAUDIT_AVID_API_KEY is not set"):
        HttpCaller(AVID, server.origin, None)
    with pytest.raises(Misconfigured, match="LABELAUDIT_AVID_URL"):
        HttpCaller(AVID, None, KEY)
    with pytest.raises(Misconfigured, match="no strict JSON"):
        client.submit({"value": float("nan")}, "key-1")
    assert server.requests == []
