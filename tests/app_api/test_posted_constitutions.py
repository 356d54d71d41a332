"""Every way in which a posted constitution can be wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import requests

from app_api.constitution_body import check_constitution
from app_api.problems import KINDS, ProblemError
from labelaudit_dagster.constitution import PAYLOAD_KEYS
from labelaudit_dagster.store import list_received

ROUTE = "/api/openapi/constitution"


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *way, key, value = path

    def change(document: dict[str, Any]) -> None:
        for step in way:
            document = document[step]
        document[key] = value

    return change


NOT_FINITE_NUMBERS = [None, "0.5", True, [0.5], {}, 10**400]
WRONG = [
    *((_set(key, None), key) for key in PAYLOAD_KEYS),
    *((_set(key, "text"), key) for key in PAYLOAD_KEYS),
    *((_set("mu", value), "mu") for value in NOT_FINITE_NUMBERS),
    *(
        (_set(field, name, value), f'{field}["{name}"]')
        for field, name in (
            ("guideline_intercepts", "g2"),
            ("user_intercepts", "ann"),
            ("guideline_scores", "g/1 \\u00fc"),
        )
        for value in NOT_FINITE_NUMBERS
    ),
    (_set("accepted_guideline_ids", ["g2", 7]), "accepted_guideline_ids[1]"),
    (_set("accepted_guideline_ids", ["g2", "g2"]), "accepted_guideline_ids[1]"),
    (_set("guideline_scores", "g2", 0.5), 'guideline_scores["g2"]'),
    (_set("user_embeddings", "bob", 1.0), 'user_embeddings["bob"]'),
    (_set("user_embeddings", "bob", [1.0, None]), 'user_embeddings["bob"]'),
    (_set("user_embeddings", "bob", [1.0, 2.0]), 'user_embeddings["bob"]'),
    (_set("guideline_embeddings", "g2", []), 'guideline_embeddings["g2"]'),
    (_set("extra", 1), '"extra"'),
    *((lambda document, key=key: document.pop(key), key) for key in PAYLOAD_KEYS),
]
UNKNOWN = [
    (_set("accepted_guideline_ids", ["g/1 ü", "g9"]), "accepted_guideline_ids", "g9"),
    (_set("guideline_intercepts", "ann", 0.5), "guideline_intercepts", "ann"),
    (_set("guideline_embeddings", "", [0.5]), "guideline_embeddings", '""'),
    (_set("user_intercepts", "g2", 0.5), "user_intercepts", "g2"),
    (_set("user_embeddings", "x\x00\ud800\r\n", [0.5]), "user_embeddings", "\\u0000\\ud800\\r\\n"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_a_wrong_field_is_named(shared_server, payload, change, field):
    if "\\u00fc" in field:
        payload["guideline_scores"].pop("g/1 ü")
        # The change names the id in its JSON spelling; give it the real one.
        change(payload)
        payload["guideline_scores"]["g/1 ü"] = payload["guideline_scores"].pop("g/1 \\u00fc")
    else:
        change(payload)
    answer = shared_server.post(ROUTE, payload)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:labelaudit:problem:invalid-value")
    assert problem["errors"][0]["field"] == field
    assert problem["detail"].startswith(field)
    assert list_received(shared_server.database) == []


@pytest.mark.parametrize(("change", "field", "shown"), UNKNOWN)
def test_an_unknown_id_is_named(shared_server, payload, change, field, shown):
    change(payload)
    answer = shared_server.post(ROUTE, payload)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:labelaudit:problem:unknown-id")
    assert problem["errors"][0]["field"] == field
    assert shown in problem["detail"]
    assert list_received(shared_server.database) == []


def _body(payload: dict[str, Any], old: str, new: str) -> bytes:
    text = json.dumps(payload)
    assert old in text
    return text.replace(old, new).encode()


BROKEN: list[tuple[Callable[[dict[str, Any]], bytes], str]] = [
    (lambda p: b"", "Expecting value"),
    (lambda p: b"   ", "Expecting value"),
    (lambda p: json.dumps(p).encode()[:-1], "line 1"),
    (lambda p: json.dumps(p).encode() + b"x", "Extra data"),
    (lambda p: _body(p, "0.25", "NaN"), "NaN is not a JSON number"),
    (lambda p: _body(p, "0.25", "-Infinity"), "-Infinity is not a JSON number"),
    (lambda p: _body(p, '"g2": 0.25', '"g2": 0.25, "g2": 0.5'), '"g2" stands twice'),
    (lambda p: _body(p, '"mu"', '"mu": 1, "mu"'), '"mu" stands twice'),
    (lambda p: _body(p, "0.25", "1" * 5000), "integer string conversion"),
    (lambda p: json.dumps(p).encode("utf-16"), "not UTF-8"),
    (lambda p: b"[" * 60_000, "nested too deeply"),
    (lambda p: json.dumps([p]).encode(), "must be an object"),
    (lambda p: b"null", "must be an object"),
]


@pytest.mark.parametrize(("make", "detail"), BROKEN)
def test_what_is_no_strict_json_is_refused(shared_server, payload, make, detail):
    headers = {"Content-Type": "application/json"}
    answer = shared_server.post(ROUTE, data=make(payload), headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (400, "urn:labelaudit:problem:invalid-json")
    assert detail in problem["detail"]
    assert list_received(shared_server.database) == []


def test_a_number_without_end_is_refused(shared_server, payload):
    body = _body(payload, "0.25", "1e999")
    answer = shared_server.post(ROUTE, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == 'guideline_intercepts["g2"]'


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_types_are_refused(shared_server, payload, headers):
    answer = shared_server.post(ROUTE, data=json.dumps(payload).encode(), headers=headers)
    assert answer.status_code == 415
    assert answer.json()["type"] == "urn:labelaudit:problem:unsupported-media-type"


@pytest.mark.parametrize("key", ["", "two words", "ü".encode(), "x" * 201])
def test_an_unusable_idempotency_key_is_refused(shared_server, payload, key):
    answer = shared_server.post(ROUTE, payload, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:labelaudit:problem:bad-header"


def test_a_body_that_announces_too_much_is_refused_before_it_comes(shared_server):
    address = shared_server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(
            f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 99999999999\r\n\r\n".encode()
        )
        head = connection.recv(65536)
    assert head.startswith(b"HTTP/1.1 413 ")


def test_a_body_without_announcement_is_refused_at_the_limit(shared_server):
    sent = 0

    def pieces():
        nonlocal sent
        for _ in range(5_000):
            sent += 1024
            yield b" " * 1024

    answer = requests.post(
        shared_server.url + ROUTE,
        data=pieces(),
        headers={"Content-Type": "application/json"},
        timeout=20,
    )
    assert answer.status_code == 413
    assert "65,536 bytes" in answer.json()["detail"]
    assert sent > 64 * 1024


def test_a_connection_that_ends_inside_the_body_stores_nothing(shared_server, payload):
    text = json.dumps(payload).encode()
    address = shared_server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(
            f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text) + 1}\r\n\r\n".encode()
            + text
        )
    assert shared_server.get("/healthz").status_code == 200
    assert list_received(shared_server.database) == []


def test_a_body_that_stops_coming_is_ended(shared_server, monkeypatch):
    monkeypatch.setattr("app_api.request_body.PAUSE_SECONDS", 0.2)
    address = shared_server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(
            f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 10\r\n\r\n{".encode()
        )
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:labelaudit:problem:slow-body" in answer


def test_a_constitution_that_accepts_nothing_is_possible(payload):
    document = deepcopy(payload)
    document["accepted_guideline_ids"], document["guideline_scores"] = [], {}
    check_constitution(document)


def test_a_problem_has_a_known_kind(payload):
    with pytest.raises(ProblemError) as refused:
        check_constitution(payload | {"mu": "x"})
    assert KINDS[refused.value.kind][0] == 422
