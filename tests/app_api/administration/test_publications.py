"""The state of the home and of publishing over HTTP; the gate, approvals, and mistakes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from app_api.web.pages.me import _KINDS
from labelaudit_dagster.forgetting import person_document
from labelaudit_dagster.store import begin_publication, finish_publication, hold_publication


@pytest.fixture(scope="module")
def server(make_audited_server):
    with make_audited_server() as running:
        yield running


def kind(answer):
    return answer.json()["type"].removeprefix("urn:labelaudit:problem:")


def test_the_state_of_the_home_is_that_of_the_command(server):
    document = server.get("/v1/status").json()
    assert document["home"] == str(server.settings.home)
    for counts in document["tables"].values():
        assert counts["rows_in"] == counts["rows_kept"] + counts["rows_quarantined"]
    assert document["assets"]["constitution"]["version"]
    assert document["audit"]["users"] == 2


def test_nothing_can_be_published_before_there_is_a_constitution(shared_server):
    headers = {"Authorization": f"Bearer {shared_server.token('operator')}"}
    state = shared_server.get("/v1/publication", headers=headers).json()
    assert (state["current"], state["waiting"], state["last"]) == (None, None, None)
    assert "labelaudit run constitution" in state["problem"]
    answer = shared_server.post("/v1/publications", {}, headers=headers)
    assert (answer.status_code, kind(answer)) == (409, "publication-conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"approve": 1}, "why"),
        ({"approve": 1, "why": "  "}, "why"),
        ({"why": "so"}, "approve"),
        ({"approve": 0, "why": "so"}, "approve"),
        ({"decline": 1}, "why"),
        ({"decline": 0, "why": "so"}, "decline"),
        ({"decline": 1, "approve": 1, "why": "so"}, "decline"),
    ],
)
def test_an_approval_names_what_and_why(server, body, field):
    answer = server.post("/v1/publications", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_only_what_waits_is_decided_about(server, decision):
    answer = server.post("/v1/publications", {decision: 99, "why": "so"})
    assert (answer.status_code, kind(answer)) == (409, "publication-conflict")
    assert "nothing does" in answer.json()["detail"]


@pytest.mark.slow
def test_a_constitution_goes_out_once_and_a_held_one_by_approval(make_audited_server):
    with make_audited_server(churn_limit=0.0) as server:

        def post(body):
            answer = requests.post(f"{server.url}/v1/publications", json=body, timeout=250)
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert server.get("/v1/publication").json()["current"]["state"] == "would_send"
        first = post({})
        assert (first["sent_now"], first["current"]["state"]) == (True, "unchanged")
        assert first["last"]["state"] == "sent"
        assert post({})["sent_now"] is False

        # What waits is older than what the target has: sending withdraws it.
        hold_publication(
            server.database,
            {"other": 1},
            because=["it changed"],
            now=server.app.state.services.now(),
        )
        waiting = server.get("/v1/publication").json()["waiting"]
        assert waiting["held_because"] == ["it changed"]
        answer = requests.post(
            f"{server.url}/v1/publications",
            json={"approve": waiting["sequence"], "why": "so", "by": "anna"},
            timeout=250,
        )
        assert (answer.status_code, kind(answer)) == (502, "submission-failed")
        assert post({})["waiting"] is None


def test_what_is_declined_stays_and_asks_nobody(make_audited_server):
    with make_audited_server() as server:
        now = server.app.state.services.now()
        hold_publication(server.database, {"other": 1}, because=["it changed"], now=now)
        assert "labelaudit_publications_held 1.0" in server.get("/metrics").text
        body = {"decline": 1, "why": " too soon ", "by": "anna"}
        answer = server.post("/v1/publications", body).json()
        assert answer["sent_now"] is False
        waiting = answer["waiting"]
        assert (waiting["state"], waiting["declined_by"]) == ("held", "anna")
        assert waiting["declined_why"] == "too soon"
        assert waiting["declined_at"]
        # What is current is another one, about which nobody has decided.
        assert (answer["current"]["sequence"], answer["current"]["state"]) == (None, "would_send")
        again = server.post("/v1/publications", body)
        assert (again.status_code, kind(again)) == (409, "publication-conflict")
        assert "declined already, by anna" in again.json()["detail"]
    with make_audited_server() as server:
        assert "labelaudit_publications_held 0.0" in server.get("/metrics").text


def test_what_went_elsewhere_is_told_apart(make_audited_server):
    with make_audited_server() as server:
        now = server.app.state.services.now()
        for target in ("https://b.example", "https://a.example", "https://b.example"):
            begun = begin_publication(
                server.database, {"to": target, "at": str(now)}, now=now, target=target
            )
            finish_publication(server.database, begun.sequence, receipt={}, now=now)
            now += timedelta(minutes=1)
        begin_publication(server.database, {"never": "came"}, now=now, target="https://c.example")
        state = server.get("/v1/publication").json()
        assert state["last"] is None
        found = [(one["target"], one["sequence"]) for one in state["elsewhere"]]
        assert found == [("https://a.example", 2), ("https://b.example", 3)]


def test_the_page_of_ones_data_names_every_kind_that_is_stored(server):
    document = person_document(server.settings, server.database, "ann")
    assert {key for key, _, _ in _KINDS} == set(document) - {"user_id"}
