"""Invitations and people who are signed in, for the tests of sessions."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import SimpleCookie

import requests

from labelaudit_dagster.store import create_invitation

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


def kind(answer):
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.json()["type"].removeprefix("urn:labelaudit:problem:")


def cookie_of(answer):
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    return morsel
