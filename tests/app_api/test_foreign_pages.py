"""Pages of others change nothing, and a session alone neither: origins and CSRF tokens."""

from __future__ import annotations

import pytest
from signing_in import FOREIGN, an_invitation, kind, signed_in


@pytest.mark.parametrize(
    "headers",
    [
        FOREIGN,
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "file://"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "Cross-Site", "Origin": "null"},
    ],
    ids=str,
)
def test_pages_of_others_change_nothing(shared_server, headers):
    server = shared_server
    text = an_invitation(server, subject="bob")
    # Nobody is signed in as the attacker's choice ...
    for body in ({"json": {"invitation": text}}, {"data": {"invitation": text}}):
        answer = server.post("/v1/session", headers=headers, **body)
        assert (answer.status_code, kind(answer)) == (403, "foreign-page")
    # ... and who is signed in is signed out or erased by nobody else, even with the CSRF token.
    browser = signed_in(server)
    for path, body in (("/v1/session", None), ("/v1/me", {"confirm": "ann"})):
        answer = browser.delete(server.url + path, json=body, headers=headers, timeout=20)
        assert (answer.status_code, kind(answer)) == (403, "foreign-page")
    assert browser.get(f"{server.url}/v1/session", timeout=20).status_code == 200


def test_pages_of_others_change_nothing_on_an_open_installation_either(server, payload):
    path = "/api/openapi/constitution"
    assert kind(server.post(path, payload, headers=FOREIGN)) == "foreign-page"
    assert kind(server.post(path, payload, headers={"Sec-Fetch-Site": "cross-site"})) == (
        "foreign-page"
    )
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert server.post(path, payload, headers=own).status_code == 200


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 64, "ä"])
def test_a_session_alone_changes_nothing(shared_server, token):
    server = shared_server
    browser = signed_in(server)
    del browser.headers["X-CSRF-Token"]
    if token is not None:
        browser.headers["X-CSRF-Token"] = token.encode()
    for origin in ({}, {"Origin": server.url}, {"Sec-Fetch-Site": "same-origin"}):
        answer = browser.delete(
            f"{server.url}/v1/me", json={"confirm": "ann"}, headers=origin, timeout=20
        )
        assert (answer.status_code, kind(answer)) == (403, "csrf-token")


def test_the_token_of_another_session_does_not_do(server, sign_in):
    browser, other = sign_in(), sign_in(subject="bob")
    browser.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    answer = browser.delete(f"{server.url}/v1/session", timeout=20)
    assert kind(answer) == "csrf-token"


def test_bearer_requests_need_no_csrf_token_wherever_they_are_from(server, payload):
    headers = {"Authorization": f"Bearer {server.token('operator')}", **FOREIGN}
    assert server.post("/api/openapi/constitution", payload, headers=headers).status_code == 200
