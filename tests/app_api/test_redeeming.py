"""Signing in by an invitation: looked at, redeemed once, guessed, and without scripts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from signing_in import PAGE, kind, now_of

from labelaudit_dagster.store import (
    create_invitation,
    list_invitations,
    list_sessions,
    revoke_invitation,
)


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
