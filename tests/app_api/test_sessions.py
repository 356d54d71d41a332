"""Sessions: their cookie, who is signed in, how they end, and those that are not valid."""

from __future__ import annotations

import pytest
import requests
from signing_in import an_invitation, cookie_of, kind, now_of

from labelaudit_dagster.store import (
    create_invitation,
    forget_person,
    list_invitations,
    list_sessions,
    revoke_session,
)


def test_the_cookie_is_for_this_site_and_no_script(server, invite):
    morsel = cookie_of(server.post("/v1/session", {"invitation": invite()}))
    port = server.url.rpartition(":")[2]
    assert morsel.key == f"labelaudit-session-{port}"
    assert morsel["httponly"]
    assert morsel["samesite"] == "lax"
    assert morsel["path"] == "/"
    assert morsel["domain"] == ""
    assert morsel["max-age"] == str(30 * 24 * 3600)
    assert not morsel["secure"]


@pytest.mark.parametrize("headers", [{"Host": "audit.example"}, {"X-Forwarded-For": "203.0.113.9"}])
def test_elsewhere_the_cookie_is_secure_and_of_this_host_alone(shared_server, headers):
    server = shared_server
    morsel = cookie_of(
        server.post("/v1/session", {"invitation": an_invitation(server)}, headers=headers)
    )
    assert morsel.key == "__Host-labelaudit-session"
    assert morsel["secure"]
    cookie = f"{morsel.key}={morsel.value}"
    assert server.get("/v1/session", headers={**headers, "Cookie": cookie}).status_code == 200
    # A neighbouring domain could plant the other name.
    port = server.url.rpartition(":")[2]
    planted = f"labelaudit-session-{port}={morsel.value}"
    assert server.get("/v1/session", headers={**headers, "Cookie": planted}).status_code == 401


def test_a_public_address_says_whether_the_cookie_is_secure(make_server):
    with make_server(public_url="https://audit.example") as server:
        now = now_of(server)
        _, text = create_invitation(server.database, "auditor", "ann", None, now)
        allowed = {"Origin": "https://audit.example"}
        other = {"Origin": "http://audit.example"}
        assert kind(server.post("/v1/session", {"invitation": text}, headers=other)) == (
            "foreign-page"
        )
        morsel = cookie_of(server.post("/v1/session", {"invitation": text}, headers=allowed))
        assert (morsel.key, morsel["secure"]) == ("__Host-labelaudit-session", True)


def test_who_is_signed_in_is_known_until_they_sign_out(server, sign_in):
    browser = sign_in()
    who = browser.get(f"{server.url}/v1/session", timeout=20)
    assert (who.json()["subject"], who.json()["by"]) == ("ann", "session")
    assert who.json()["csrf_token"] == browser.headers["X-CSRF-Token"]
    assert who.headers["Cache-Control"] == "no-store"
    held = dict(browser.cookies)
    answer = browser.delete(f"{server.url}/v1/session", timeout=20)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not browser.cookies
    # The server forgot it too, not the browser alone.
    assert server.get("/v1/session", cookies=held).status_code == 401
    assert server.get("/v1/session").status_code == 401
    assert requests.delete(f"{server.url}/v1/session", timeout=20).status_code == 204


def test_tokens_tell_who_they_are_and_get_no_csrf_token(server):
    headers = {"Authorization": f"Bearer {server.token('participant')}"}
    assert server.get("/v1/session", headers=headers).json() | {"id": 0} == {
        "role": "participant",
        "subject": "ann",
        "by": "token",
        "id": 0,
        "expires_at": None,
        "csrf_token": None,
    }


def test_before_any_token_a_program_of_this_machine_is_its_operator(server):
    who = server.get("/v1/session").json()
    assert (who["role"], who["by"], who["id"]) == ("operator", "this machine", None)


def test_the_first_invitation_closes_the_door_for_good(server, invite):
    assert server.export().status_code == 200
    invite(subject="ann")
    assert server.export().status_code == 401
    forget_person(server.database, "ann", now_of(server))
    assert list_invitations(server.database) == []
    assert server.export().status_code == 401


def test_forgetting_the_holder_of_the_only_token_opens_nothing(make_server):
    with make_server() as server:
        server.token("participant")
        forget_person(server.database, "ann", now_of(server))
        assert server.get("/v1/constitution").status_code == 401


@pytest.mark.parametrize("how", ["expired", "revoked", "guessed", "half", "token", "empty"])
def test_sessions_that_are_not_valid_open_nothing(server, sign_in, how, monkeypatch):
    browser = sign_in()
    (session,) = list_sessions(server.database)
    (cookie,) = browser.cookies
    if how == "expired":
        services = server.app.state.services
        object.__setattr__(services, "now", lambda: session.expires_at)
    elif how == "revoked":
        revoke_session(server.database, session.session_id, now=now_of(server))
    else:
        wrong = {
            "guessed": f"las_{session.session_id}_{'x' * 43}",
            "half": cookie.value[:-1],
            "token": server.token("operator"),
            "empty": "",
        }[how]
        browser.cookies.clear()
        browser.headers["Cookie"] = f"{cookie.name}={wrong}"
    answer = browser.get(f"{server.url}/v1/session", timeout=20)
    assert (answer.status_code, kind(answer)) == (401, "unauthenticated")
    if how != "empty":
        # The browser is told to forget it.
        assert cookie_of(answer)["max-age"] == "0"


def test_a_session_counts_as_one_caller(make_server):
    with make_server(rate_limit_per_minute=3) as server:
        _, text = create_invitation(server.database, "auditor", "ann", None, now_of(server))
        held = server.post("/v1/session", {"invitation": text}).cookies
        answers = [server.get("/v1/session", cookies=held).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]


def test_nobody_chooses_the_session_that_a_victim_gets(server, sign_in, invite):
    mallory = sign_in(subject="mallory")
    planted = dict(mallory.cookies)
    # The victim's browser holds the attacker's session when it signs in.
    answer = server.post("/v1/session", {"invitation": invite(subject="ann")}, cookies=planted)
    assert answer.status_code == 201
    assert cookie_of(answer).value not in planted.values()
    assert server.get("/v1/session", cookies=answer.cookies).json()["subject"] == "ann"
    # What was planted has ended.
    assert server.get("/v1/session", cookies=planted).status_code == 401
    # A text of the attacker's choice never becomes a session.
    name = next(iter(planted))
    answer = server.post(
        "/v1/session", {"invitation": invite(subject="bob")}, cookies={name: "las_chosen"}
    )
    assert "las_chosen" not in answer.headers["Set-Cookie"]
    assert server.get("/v1/session", cookies={name: "las_chosen"}).status_code == 401


def test_a_bearer_token_stands_before_a_cookie(server, sign_in):
    browser = sign_in()
    headers = {"Authorization": f"Bearer {server.token('analyst')}"}
    who = browser.get(f"{server.url}/v1/session", headers=headers, timeout=20).json()
    assert (who["role"], who["csrf_token"]) == ("analyst", None)
    headers = {"Authorization": "Bearer wrong"}
    assert browser.get(f"{server.url}/v1/session", headers=headers, timeout=20).status_code == 401
