"""Making, listing and ending ways in over HTTP; secrets are shown once."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def operator(server):
    """Headers of an operator, on a server that is closed by their token."""
    return {"Authorization": f"Bearer {server.token('operator')}"}


def listed(server, kind, headers):
    return server.get(f"/v1/{kind}", headers=headers).json()["items"]


def test_an_invitation_is_made_used_listed_and_taken_back(server, operator):
    body = {"role": "auditor", "subject": "zoë", "label": "pilot", "days": 3, "uses": 2}
    answer = server.post("/v1/invitations", body, headers=operator)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["link"] == f"{server.url}/join/{made['invitation']}"
    assert answer.headers["Cache-Control"] == "no-store"
    signed_in = server.post("/v1/session", {"invitation": made["invitation"]})
    assert signed_in.json()["subject"] == "zoë"
    (one,) = listed(server, "invitations", operator)
    assert one == {
        "id": made["id"],
        "role": "auditor",
        "subject": "zoë",
        "label": "pilot",
        "created_at": "2026-03-01T12:00:00Z",
        "expires_at": "2026-03-04T12:00:00Z",
        "state": "valid",
        "uses": 1,
        "uses_allowed": 2,
    }
    (session,) = listed(server, "sessions", operator)
    assert (session["subject"], session["state"]) == ("zoë", "valid")
    path = f"/v1/invitations/{made['id']}"
    for _ in range(2):
        ended = requests.delete(server.url + path, headers=operator, timeout=20)
        assert (ended.status_code, ended.json()["state"]) == (200, "revoked")
    assert server.post("/v1/session", {"invitation": made["invitation"]}).status_code == 410
    # The session stays until it is ended itself.
    assert server.get("/v1/session", cookies=signed_in.cookies).status_code == 200
    path = f"/v1/sessions/{session['id']}"
    assert requests.delete(server.url + path, headers=operator, timeout=20).status_code == 200
    assert server.get("/v1/session", cookies=signed_in.cookies).status_code == 401


def test_links_begin_with_the_public_address(make_server):
    with make_server(public_url="https://audit.example") as server:
        made = server.post("/v1/invitations", {"role": "operator"}).json()
        assert made["link"].startswith("https://audit.example/join/lai_")


def test_a_token_is_made_used_listed_and_revoked(server, operator):
    answer = server.post("/v1/tokens", {"role": "pipeline", "label": "nightly"}, headers=operator)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert server.export(headers=headers).status_code == 200
    found = {one["label"]: one for one in listed(server, "tokens", operator)}
    assert found["nightly"]["id"] == made["id"]
    assert made["token"] not in server.get("/v1/tokens", headers=operator).text
    path = f"/v1/tokens/{made['id']}"
    ended = requests.delete(server.url + path, headers=operator, timeout=20)
    assert ended.json()["state"] == "revoked"
    assert server.export(headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("tokens", {"role": "auditor"}, "subject"),
        ("tokens", {"role": "operator", "subject": "ann"}, "subject"),
        ("tokens", {"role": "king"}, "role"),
        ("tokens", {"role": "operator", "days": 0}, "days"),
        ("invitations", {"role": "pipeline"}, "role"),
        ("invitations", {"role": "analyst", "subject": "ann"}, "subject"),
        ("invitations", {"role": "auditor", "uses": 0}, "uses"),
        ("invitations", {"role": "auditor", "subject": ""}, "subject"),
        ("invitations", {"role": "auditor", "more": 1}, "more"),
    ],
)
def test_what_cannot_be_made_is_named(shared_server, kind, body, field):
    headers = {"Authorization": f"Bearer {shared_server.token('operator')}"}
    before = len(listed(shared_server, kind, headers))
    answer = shared_server.post(f"/v1/{kind}", body, headers=headers)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert len(listed(shared_server, kind, headers)) == before


@pytest.mark.parametrize("kind", ["tokens", "invitations", "sessions"])
def test_what_is_not_there_cannot_be_ended(shared_server, kind):
    headers = {"Authorization": f"Bearer {shared_server.token('operator')}"}
    for identifier in ("0123456789abcdef", "%00", "x" * 500):
        url = f"{shared_server.url}/v1/{kind}/{identifier}"
        assert requests.delete(url, headers=headers, timeout=20).status_code == 404


def test_the_first_way_in_closes_the_installation(server):
    assert server.post("/v1/tokens", {"role": "operator"}).status_code == 201
    assert server.get("/v1/tokens").status_code == 401
