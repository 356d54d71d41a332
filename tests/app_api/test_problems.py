"""Problem documents, safe headers and the log."""

from __future__ import annotations

import http.client
import logging
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from app_api.problems import KINDS, MEDIA_TYPE, PROBLEM_SCHEMA
from app_api.server_log import OneLineFormatter
from labelaudit_dagster.artifacts import ArtifactStorageError
from labelaudit_dagster.store import DatabaseBusyError, DatabaseFullError, DatabaseUnreachableError


def check_problem(answer: requests.Response, kind: str) -> None:
    """Hold an answer to the one shape of problems."""
    document = answer.json()
    status, title = KINDS[kind]
    assert answer.status_code == document["status"] == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert set(document) - {"current"} == set(PROBLEM_SCHEMA["required"])
    assert set(PROBLEM_SCHEMA["properties"]) == {*PROBLEM_SCHEMA["required"], "current"}
    assert ("current" in document) == (kind == "stale-report")
    assert document["type"] == f"urn:labelaudit:problem:{kind}"
    assert document["type"] in PROBLEM_SCHEMA["properties"]["type"]["enum"]
    assert document["title"] == title
    assert document["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    assert 10 < len(document["detail"]) < 400
    for error in document["errors"]:
        assert set(error) == {"field", "message"}
        assert all(isinstance(text, str) and text for text in error.values())
    check_headers(answer)


def check_headers(answer: requests.Response) -> None:
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Server" not in headers
    assert not [name for name in headers if name.lower().startswith("access-control-")]


def test_all_problems_have_one_shape(shared_server, payload, monkeypatch):
    server = shared_server
    route = "/api/openapi/constitution"
    check_problem(server.get("/nowhere"), "not-found")
    check_problem(server.get("/v1/ratings/"), "not-found")
    check_problem(server.get("/v1/constitution"), "no-constitution")
    check_problem(requests.put(server.url + "/docs", timeout=20), "method-not-allowed")
    check_problem(requests.request("TRACE", server.url + "/", timeout=20), "method-not-allowed")
    check_problem(server.post(route, data=b"{}"), "unsupported-media-type")
    json_type = {"Content-Type": "application/json"}
    check_problem(server.post(route, data=b"{", headers=json_type), "invalid-json")
    check_problem(server.post(route, {}), "invalid-value")
    check_problem(server.post(route, payload | {"accepted_guideline_ids": ["?"],
                                                "guideline_scores": {}}), "unknown-id")  # fmt: skip
    check_problem(server.post(route, data=b" " * 70_000, headers=json_type), "too-large")
    check_problem(server.post(route, {}, headers={"Idempotency-Key": "a b"}), "bad-header")
    check_problem(server.get("/api/openapi/exports?mu=2"), "invalid-value")
    check_problem(server.export(headers={"Host": "stranger"}), "unauthenticated")


def test_405_names_the_methods(shared_server):
    answer = requests.delete(shared_server.url + "/v1/ratings", timeout=20)
    check_problem(answer, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (DatabaseBusyError("/secret/path is locked"), "unavailable"),
        (DatabaseUnreachableError("/secret/path is gone"), "unavailable"),
        (DatabaseFullError("/secret/path is full"), "storage-full"),
        (ArtifactStorageError("/secret/path is gone"), "unavailable"),
        (RuntimeError("a secret defect"), "defect"),
        (KeyError("a secret defect"), "defect"),
    ],
)
def test_a_failure_inside_tells_strangers_nothing(
    shared_server, monkeypatch, caplog, failure, kind
):
    def fail(*_args: object) -> None:
        raise failure

    monkeypatch.setattr(shared_server.app.state.services.exports, "current_body", fail)
    with caplog.at_level(logging.INFO, logger="labelaudit"):
        answer = shared_server.export()
    check_problem(answer, kind)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert ("Retry-After" in answer.headers) == (kind == "unavailable")
    # Its operator finds the cause under the id that the stranger was given.
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert answer.headers["X-Request-Id"] in errors[0].getMessage()
    assert "secret" in OneLineFormatter().format(errors[0])


def test_no_foreign_page_is_allowed_in(shared_server):
    headers = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = requests.options(shared_server.url + "/v1/ratings", headers=headers, timeout=20)
    check_problem(preflight, "method-not-allowed")
    check_headers(shared_server.export(headers={"Origin": "https://page.example"}))


def wait_for_entry(caplog, part: str) -> logging.LogRecord:
    """Return the first entry with this part; a request is logged just after it is answered."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for record in list(caplog.records):
            if part in record.getMessage():
                return record
        time.sleep(0.01)
    raise AssertionError(f"nothing with {part!r} was logged")


def test_the_log_names_no_query_and_no_secret(shared_server, caplog):
    token = "la_0123456789abcdef_" + "s" * 43
    with caplog.at_level(logging.INFO, logger="labelaudit"):
        shared_server.get(f"/{token}?key={token}", headers={"Authorization": f"Bearer {token}"})
        shared_server.export(headers={"Authorization": f"Bearer {token}"})
        wait_for_entry(caplog, "la_0123456789abcdef_")
        wait_for_entry(caplog, "/api/openapi/exports")
    lines = [OneLineFormatter().format(record) for record in caplog.records]
    assert len([line for line in lines if "la_0123456789abcdef_…" in line]) == 1
    assert not [line for line in lines if "sss" in line or "?" in line or "key=" in line]


def test_a_path_cannot_forge_a_log_entry(shared_server, caplog):
    host = urlsplit(shared_server.url).netloc
    connection = http.client.HTTPConnection(host, timeout=10)
    with caplog.at_level(logging.INFO, logger="labelaudit"):
        connection.request(
            "GET", "/a%0d%0a2026-01-01%20INFO%20forged%1b[2J%e2%80%a8%ff" + "x" * 500
        )
        connection.getresponse().read()
        record = wait_for_entry(caplog, "2026-01-01")
    connection.close()
    line = OneLineFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert " forged" not in line
    assert len(line) < 400


def test_a_log_entry_is_one_line_and_a_traceback_marked():
    formatter = OneLineFormatter("%(levelname)s %(message)s")
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\r\nb\x1b\u2028c\x00", (), None)
    assert formatter.format(record) == "INFO a\\r\\nb\\x1b\\u2028c\\x00"
    try:
        raise ValueError("first\nINFO forged la_0123456789abcdef_secret")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    first, *more = formatter.format(record).split("\n")
    assert first == "INFO a\\r\\nb\\x1b\\u2028c\\x00"
    assert more
    assert all(line.startswith("    | ") for line in more)
    assert "secret" not in formatter.format(record)


def test_headers_up_to_256_kb_are_taken(shared_server):
    answer = shared_server.get("/healthz?x=" + "y" * 200_000)
    assert answer.status_code == 200
    host, port = urlsplit(shared_server.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /healthz?" + b"y" * 300_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
