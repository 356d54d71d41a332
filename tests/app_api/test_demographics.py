"""Demographics that are handed in, and every way in which they can be wrong."""

from __future__ import annotations

import json
import logging
from copy import deepcopy
from typing import Any

import pytest
import requests

from app_api.demographics_body import DEMOGRAPHICS_SCHEMA, read_demographics
from app_api.problems import ProblemError
from app_api.server_log import OneLineFormatter
from labelaudit_dagster.store import (
    latest_demographics,
    list_demographics,
    remove_demographics,
)

ROUTE = "/api/openapi/prolific/demographics"
KEY = "studyIdToDemoData"
STUDIES: dict[str, Any] = {
    "65f0c2": [
        {"Participant id": "ann", "Age": "44", "Sex": "Female", "Approved": True},
        {"Participant id": "5f1c07", "Age": "DATA_EXPIRED", "Sex": None, "Time taken": 312.5},
    ],
    "study ü/\x00": [{"participant_id": "bob", "Nationality": "Österreich \ud800"}],
    "without submissions": [],
}
SUCCESS = (200, {"success": True})


def answers(*responses: requests.Response) -> list[tuple[int, Any]]:
    return [(response.status_code, response.json()) for response in responses]


KEPT: dict[str, Any] = {
    "65f0c2": [
        {"Participant id": "5f1c07", "Age": None, "Sex": None},
        {"Participant id": "ann", "Age": "35-44", "Sex": "Female"},
    ],
    "study ü/\x00": [{"Participant id": "bob"}],
    "without submissions": [],
}
"""What is kept of them: everything else is dropped before it is stored."""


def test_of_posted_rows_the_allowed_columns_are_kept(server_of_either_kind):
    server = server_of_either_kind
    before = server.export()
    assert answers(server.post(ROUTE, {KEY: STUDIES})) == [SUCCESS]
    assert latest_demographics(server.database) == KEPT
    assert {study.received_at for study in list_demographics(server.database)} == {
        server.app.state.services.now()
    }
    # Who takes part here has them in the export, and nobody else comes into it.
    after = server.export()
    assert after.headers["ETag"] != before.headers["ETag"]
    document = after.json()
    assert document["users"][0].pop("demographics") == {"Age": "35-44", "Sex": "Female"}
    assert document == before.json()
    assert answers(server.post(ROUTE, {KEY: {}})) == [SUCCESS]


def test_the_same_content_is_stored_once(server_of_either_kind):
    server = server_of_either_kind
    keyed = {"headers": {"Idempotency-Key": "demographics-1"}}
    posts = [server.post(ROUTE, {KEY: STUDIES}, **keyed) for _ in range(2)]
    posts.append(server.post(ROUTE, {KEY: STUDIES}))
    turned = json.dumps({KEY: dict(reversed(STUDIES.items()))}, indent=3).encode()
    typed = {"Content-Type": "application/json; charset=UTF-8"}
    posts.append(requests.post(server.url + ROUTE, data=turned, headers=typed, timeout=20))
    assert answers(*posts) == [SUCCESS] * 4
    assert len(list_demographics(server.database)) == 3

    newer = {"65f0c2": STUDIES["65f0c2"][:1]}
    conflict = server.post(ROUTE, {KEY: newer}, **keyed)
    assert conflict.status_code == 409
    assert conflict.json()["type"] == "urn:labelaudit:problem:idempotency-conflict"
    assert latest_demographics(server.database) == KEPT
    # A repetition that comes late does not undo what came between.
    late = [server.post(ROUTE, {KEY: newer}), server.post(ROUTE, {KEY: STUDIES}, **keyed)]
    assert answers(*late) == [SUCCESS] * 2
    assert latest_demographics(server.database) == KEPT | {"65f0c2": KEPT["65f0c2"][1:]}


def test_what_was_removed_stays_removed_when_it_is_sent_again(server):
    server.post(ROUTE, {KEY: STUDIES}).raise_for_status()
    assert remove_demographics(server.database, participant_id="ann", now=_now(server)) == 1
    assert answers(server.post(ROUTE, {KEY: STUDIES})) == [SUCCESS]
    assert latest_demographics(server.database)["65f0c2"] == KEPT["65f0c2"][:1]


def _now(server: Any) -> Any:
    return server.app.state.services.now()


def _with(value: Any, study: str = "65f0c2", *way: Any) -> dict[str, Any]:
    document: dict[str, Any] = {KEY: deepcopy(STUDIES)}
    place, last = document[KEY], study
    for step in way:
        place, last = place[last], step
    place[last] = value
    return document


NO_VALUES = [["secret"], {"secret": "secret"}, 10**400, []]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, KEY),
    ({KEY: None}, KEY),
    ({KEY: [STUDIES]}, KEY),
    ({KEY: "secret"}, KEY),
    ({KEY: STUDIES, "extra\r\n": 1}, '"extra\\r\\n"'),
    (_with([], ""), f'{KEY}[""]'),
    (_with([], "s" * 201), f'{KEY}["{"s" * 79}…"]'),
    *((_with(value), f'{KEY}["65f0c2"]') for value in (None, "secret", {}, 7)),
    *((_with(value, "65f0c2", 1), f'{KEY}["65f0c2"][1]') for value in (None, "secret", [], 7)),
    *((_with(value, "65f0c2", 1, "Age"), f'{KEY}["65f0c2"][1]["Age"]') for value in NO_VALUES),
]


@pytest.mark.parametrize(("document", "field"), WRONG)
def test_a_wrong_field_is_named_and_no_value(shared_server, document, field):
    answer = shared_server.post(ROUTE, document)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:labelaudit:problem:invalid-value")
    assert problem["errors"][0]["field"] == field
    assert problem["detail"].startswith(field)
    assert "secret" not in answer.text
    assert list_demographics(shared_server.database) == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"studyIdToDemoData": {"s": [{"Age": NaN}]}}', 400, "NaN"),
        (b'{"studyIdToDemoData": {"s": [{"Age": 1, "Age": 2}]}}', 400, '"Age" stands twice'),
        (b'{"studyIdToDemoData": {"s": [], "s": []}}', 400, '"s" stands twice'),
        (b'{"studyIdToDemoData": {"s": [{"Age": 1}]}', 400, "line 1"),
        (b'{"studyIdToDemoData": {"s": [{"Age": 1e999}]}}', 422, '["s"][0]["Age"]'),
        (b'{"studyIdToDemoData": {"s": [{"Age": "\xff"}]}}', 400, "not UTF-8"),
        (b'[{"studyIdToDemoData": {}}]', 400, "must be an object"),
    ],
)
def test_what_is_no_strict_json_is_refused(shared_server, body, status, said):
    headers = {"Content-Type": "application/json"}
    answer = shared_server.post(ROUTE, data=body, headers=headers)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert list_demographics(shared_server.database) == []


def test_limits_hold(shared_server, make_server, monkeypatch):
    large = {KEY: {"s": [{"Age": "4" * 70_000}]}}
    answer = shared_server.post(ROUTE, large)
    assert (answer.status_code, "65,536 bytes" in answer.json()["detail"]) == (413, True)
    monkeypatch.setattr("app_api.routers.platform.MAX_DEMOGRAPHICS_BYTES", 60_000)
    with make_server() as server:
        refused = server.post(ROUTE, large)
        assert (refused.status_code, "60,000 bytes" in refused.json()["detail"]) == (413, True)
        longest = {KEY: {"s" * 200: [{"Age": "4" * 50_000}]}}
        assert answers(server.post(ROUTE, longest)) == [SUCCESS]
    bad = shared_server.post(ROUTE, {KEY: {}}, headers={"Idempotency-Key": "a b"})
    assert bad.status_code == 400


def test_nothing_of_a_row_is_logged(server, caplog):
    secret = "participant-4711"
    document = {KEY: {"s": [{"Participant id": secret, secret: secret}]}}
    wrong = {KEY: {"s": [{"Participant id": [secret]}]}}
    newer = {KEY: {"s": [{"Participant id": secret, "Sex": secret}]}}
    headers = {"Idempotency-Key": "k"}
    with caplog.at_level(logging.DEBUG):
        statuses = [server.post(ROUTE, body).status_code for body in (document, wrong)]
        with server.database.write() as connection:
            # What no code of ours expects: the row itself is refused by the database.
            connection.exec_driver_sql(
                "CREATE TRIGGER broken BEFORE INSERT ON received_demographics "
                "BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
            )
        statuses.append(server.post(ROUTE, newer, headers=headers).status_code)
        with server.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE demographics_keys")
        statuses.append(server.post(ROUTE, newer, headers=headers).status_code)
    assert statuses == [200, 422, 500, 503]
    lines = [OneLineFormatter().format(record) for record in caplog.records]
    assert any("broken on purpose" in line and "INSERT INTO" in line for line in lines)
    assert not [line for line in lines if secret in line]


def test_the_document_describes_the_body(shared_server):
    operation = shared_server.get("/openapi.json").json()["paths"][ROUTE]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == DEMOGRAPHICS_SCHEMA
    assert [item["name"] for item in operation["parameters"]] == ["idempotency-key"]


def test_long_columns_do_not_make_long_problems():
    with pytest.raises(ProblemError) as refused:
        read_demographics({KEY: {"s": [{"c" * 10_000: []}]}})
    assert len(str(refused.value)) < 400
