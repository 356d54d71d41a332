"""Signing in by an invitation, staying so, signing out; pages of others and guessed secrets."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from http.cookies import SimpleCookie

import pytest
import requests

from labelaudit_dagster.store import (
    create_invitation,
    forget_person,
    list_invitations,
    list_sessions,
    revoke_invitation,
    revoke_session,
)

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FOREIGN = {"Origin": "https://evil.example"}


def now_of(server):
    return server.app.state.services.now()


def an_invitation(server, role="auditor", subject="ann", days=1, **options):
    """Make an invitation and return the text of its link."""
    now = now_of(server)
    end = now + timedelta(days=days)
    return create_invitation(server.database, role, subject, end, now, **options)[1]


def signed_in(server, role="auditor", subject="ann", **options):
    """Return somebody who is signed in, as a `requests` session that sends the CSRF token."""
    browser = requests.Session()
    text = an_invitation(server, role, subject, **options)
    answer = browser.post(f"{server.url}/v1/session", json={"invitation": text}, timeout=20)
    assert answer.status_code == 201, answer.text
    browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return browser


@pytest.fixture
def invite(server):
    """Make an invitation to a server that nobody else uses."""
    return partial(an_invitation, server)


@pytest.fixture
def sign_in(server):
    """Sign in at a server that nobody else uses."""
    return partial(signed_in, server)


def kind(answer):
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.json()["type"].removeprefix("urn:labelaudit:problem:")


def test_a_link_is_looked_at_without_being_used_and_redeemed_once(server, invite):
    text = invite()
    for headers in (PAGE, {}, {"Accept": "application/json"}):
        for method in ("GET", "HEAD"):
            url = f"{server.url}/join/{text}"
            assert requests.request(method, url, headers=headers, timeout=20).status_code == 200
    offer = server.get(f"/join/{text}").json()
    assert offer == {
        "role": "auditor",
        "subject": "ann",
        "needs_name": False,
        "expires_at": "2026-03-02T12:00:00Z",
    }
    assert list_sessions(server.database) == []

    answer = server.post("/v1/session", {"invitation": text})
    assert answer.status_code == 201
    (session,) = list_sessions(server.database)
    assert answer.json() == {
        "role": "auditor",
        "subject": "ann",
        "by": "session",
        "id": session.session_id,
        "expires_at": "2026-03-31T12:00:00Z",
        "csrf_token": answer.json()["csrf_token"],
    }
    again = server.post("/v1/session", {"invitation": text})
    assert (again.status_code, kind(again)) == (410, "invitation-refused")
    assert "Set-Cookie" not in again.headers
    assert server.get(f"/join/{text}").status_code == 410
    assert len(list_sessions(server.database)) == 1


def test_two_who_redeem_at_once_get_one_session(server, invite):
    text = invite()
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _: server.post("/v1/session", {"invitation": text}), range(6))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [410] * 5
    assert len(list_sessions(server.database)) == 1


def cookie_of(answer):
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    return morsel


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


@pytest.mark.parametrize("how", ["expired", "revoked", "guessed", "half", "other", "nul", "long"])
def test_invitations_that_are_not_valid_open_nothing(server, invite, how):
    text = invite()
    (invitation,) = list_invitations(server.database)
    if how == "expired":
        object.__setattr__(server.app.state.services, "now", lambda: invitation.expires_at)
    elif how == "revoked":
        revoke_invitation(server.database, invitation.invitation_id, now_of(server))
    else:
        text = {
            "guessed": f"lai_{invitation.invitation_id}_{'x' * 43}",
            "half": text[:-1],
            "other": server.token("operator"),
            "nul": f"{text}\0",
            "long": text + "x" * 10_000,
        }[how]
    answer = server.post("/v1/session", {"invitation": text})
    assert (answer.status_code, kind(answer)) == (410, "invitation-refused")
    page = server.get(f"/join/{requests.utils.quote(text)}", headers=PAGE)
    assert page.status_code == 410
    assert page.headers["Content-Type"].startswith("text/html")
    assert list_sessions(server.database) == []


def test_whoever_guesses_invitations_or_sessions_waits(make_server):
    with make_server(failure_limit_per_minute=3) as server:
        now = now_of(server)
        _, text = create_invitation(server.database, "auditor", "ann", None, now, uses=2)
        held = server.post("/v1/session", {"invitation": text}).cookies
        for _ in range(3):
            assert server.post("/v1/session", {"invitation": "lai_x"}).status_code == 410
        answer = server.post("/v1/session", {"invitation": text})
        assert (answer.status_code, kind(answer)) == (429, "too-many-requests")
        assert server.get(f"/join/{text}").status_code == 429
        wrong = {"Cookie": f"{next(iter(held)).name}=las_guess"}
        assert server.get("/v1/session", headers=wrong).status_code == 429
        # Who is signed in already shares at most an address with them.
        assert server.get("/v1/session", cookies=held).status_code == 200


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


def test_a_bearer_token_stands_before_a_cookie(server, sign_in):
    browser = sign_in()
    headers = {"Authorization": f"Bearer {server.token('analyst')}"}
    who = browser.get(f"{server.url}/v1/session", headers=headers, timeout=20).json()
    assert (who["role"], who["csrf_token"]) == ("analyst", None)
    headers = {"Authorization": "Bearer wrong"}
    assert browser.get(f"{server.url}/v1/session", headers=headers, timeout=20).status_code == 401


def test_the_page_signs_a_browser_in_without_scripts(server, invite):
    hostile = 'x"><script>alert(1)</script>'
    text = invite(subject=hostile)
    browser = requests.Session()
    browser.headers.update(PAGE)
    page = browser.get(f"{server.url}/join/{text}", timeout=20)
    assert "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    assert fields == {"invitation": text}
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    answer = browser.post(
        f"{server.url}/v1/session", data=fields, headers=own, allow_redirects=False, timeout=20
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.get(f"{server.url}/v1/session", timeout=20).json()["subject"] == hostile
    # The link that was used leads its owner on, and others nowhere.
    assert "signed in" in browser.get(f"{server.url}/join/{text}", timeout=20).text
    assert server.get(f"/join/{text}", headers=PAGE).status_code == 410
    replayed = server.post("/v1/session", data=fields, headers=PAGE)
    assert replayed.status_code == 410
    assert replayed.headers["Content-Type"].startswith("text/html")


def test_open_invitations_ask_for_a_name_that_nobody_has(server, invite):
    text = invite(subject=None, uses=2)
    assert server.get(f"/join/{text}").json()["needs_name"] is True
    assert 'name="name"' in server.get(f"/join/{text}", headers=PAGE).text
    for name in (None, "", "ann"):  # ann is a participant
        answer = server.post("/v1/session", {"invitation": text, "name": name})
        assert (answer.status_code, kind(answer)) == (422, "invalid-value")
    answer = server.post("/v1/session", {"invitation": text, "name": "zoë"})
    assert answer.json()["subject"] == "zoë"
    answer = server.post("/v1/session", {"invitation": text, "name": "zoë"})
    assert answer.status_code == 422


def test_a_name_does_not_change_whose_invitation_it_is(server, invite):
    answer = server.post("/v1/session", {"invitation": invite(subject="ann"), "name": "bob"})
    assert answer.json()["subject"] == "ann"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"invitation": 7}, 422),
        ({"invitation": ""}, 422),
        ({"invitation": "x", "role": "operator"}, 422),
        ({"invitation": "x" * 20_000}, 413),
    ],
)
def test_sign_ins_that_make_no_sense_are_refused(shared_server, body, status):
    server = shared_server
    assert server.post("/v1/session", body).status_code == status


@pytest.mark.parametrize(
    "data",
    [b"invitation=%ff", b"\xff", b"a=1&" * 11, b"invitation=a&x=1", b"x" * 20_000, b""],
)
def test_forms_that_make_no_sense_are_refused(shared_server, data):
    server = shared_server
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    before = list_sessions(server.database)
    answer = server.post("/v1/session", data=data, headers=headers)
    assert answer.status_code in (413, 422)
    assert list_sessions(server.database) == before
