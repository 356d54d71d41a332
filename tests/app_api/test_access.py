"""Who may do what, over all routes and all roles."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from app_api.access import ACCESS
from labelaudit_dagster.store import (
    PERSONAL_ROLES,
    ROLES,
    create_invitation,
    list_received,
    list_tokens,
    revoke_token,
)

NOBODY = "nobody"

# Written out, so that a change of the table is a change of this test.
EXPECTED = {
    "GET /": {NOBODY, *ROLES},
    "GET /docs": {NOBODY, *ROLES},
    "GET /openapi.json": {NOBODY, *ROLES},
    "GET /healthz": {NOBODY, *ROLES},
    "GET /readyz": {NOBODY, *ROLES},
    "GET /metrics": {"operator"},
    "GET /api/openapi/exports": {"operator", "pipeline"},
    "POST /api/openapi/constitution": {"operator", "pipeline"},
    "POST /api/openapi/prolific/demographics": {"operator", "pipeline"},
    "GET /v1/constitution": set(ROLES),
    "POST /v1/ratings": {"participant", "operator"},
    "DELETE /v1/ratings/{guideline}": {"participant", "operator"},
    "POST /v1/proposals": {"participant", "operator"},
    "GET /v1/proposals": {"participant", "analyst", "operator"},
    "POST /v1/proposals/{proposal_id}/decision": {"operator"},
    "GET /v1/consent": {"participant", "operator"},
    "POST /v1/consent": {"participant", "operator"},
    "GET /v1/constitutions": set(ROLES),
    "GET /v1/constitutions/{version}": set(ROLES),
    "GET /v1/constitutions/{version}/changes": set(ROLES),
    "GET /v1/constitution/changes": set(ROLES),
    "GET /v1/constitution/guidelines": set(ROLES),
    "GET /v1/constitution/guidelines/{guideline}": set(ROLES),
    "GET /v1/constitution/guidelines/{guideline}/history": set(ROLES),
    "GET /v1/constitution/history": set(ROLES),
    "GET /v1/constitution/charts/{chart}": set(ROLES),
    "GET /v1/constitution/who-took-part": set(ROLES),
    "GET /v1/constitution/charts/history": set(ROLES),
    "GET /v1/constitution/charts/history/{guideline}": set(ROLES),
    "GET /v1/constitution/charts/perspectives/{guideline}": set(ROLES),
    "GET /v1/guidelines": set(ROLES),
    "GET /v1/guidelines/next": {"participant", "analyst", "operator"},
    "GET /v1/users/{user}/ratings": {"participant", "auditor", "analyst", "operator"},
    "GET /v1/users/{user}/representation": {"participant", "auditor", "analyst", "operator"},
    "GET /join/{invitation}": {NOBODY, *ROLES},
    "POST /v1/session": {NOBODY, *ROLES},
    "GET /v1/session": set(ROLES),
    "DELETE /v1/session": {NOBODY, *ROLES},
    "GET /v1/me": {"participant", "auditor"},
    "DELETE /v1/me": {"participant", "auditor"},
    "GET /v1/users/{user}/data": {"operator"},
    "DELETE /v1/users/{user}/data": {"operator"},
    # The typed audit API.
    "GET /v1/corpus": {"auditor", "analyst", "operator"},
    "GET /v1/topics": {"auditor", "analyst", "operator"},
    "GET /v1/exploration": {"auditor", "analyst", "operator"},
    "GET /v1/results": {"auditor", "analyst", "operator"},
    "GET /v1/groups/columns": {"auditor", "analyst", "operator"},
    "GET /v1/groups/size": {"auditor", "analyst", "operator"},
    "GET /v1/groups/comparison": {"auditor", "analyst", "operator"},
    "GET /v1/charts/topic-overview": {"auditor", "analyst", "operator"},
    "GET /v1/charts/topic-results": {"auditor", "analyst", "operator"},
    "GET /v1/charts/group-comparison": {"auditor", "analyst", "operator"},
    "GET /v1/users": {"analyst", "operator"},
    "GET /v1/users/{user}/models": {"auditor", "analyst", "operator"},
    "POST /v1/users/{user}/models": {"auditor", "operator"},
    "GET /v1/users/{user}/models/{model}": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/suggestions": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/labels": {"auditor", "analyst", "operator"},
    "POST /v1/users/{user}/models/{model}/labels": {"auditor", "operator"},
    "PUT /v1/users/{user}/models/{model}/labels/{item_id}": {"auditor", "operator"},
    "GET /v1/users/{user}/models/{model}/trainings": {"auditor", "analyst", "operator"},
    "POST /v1/users/{user}/models/{model}/trainings": {"auditor", "operator"},
    "GET /v1/users/{user}/models/{model}/trainings/{version}": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/audit": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/topics": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/results": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/predictions": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/comparison": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/topic-overview": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/topic-results": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/topic-disagreement": {
        "auditor",
        "analyst",
        "operator",
    },
    "GET /v1/users/{user}/models/{model}/charts/performance": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/labels": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/against-system": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/charts/comparison": {"auditor", "analyst", "operator"},
    # Looking after the installation.
    "GET /v1/status": {"operator"},
    "GET /v1/publication": {"operator"},
    "POST /v1/publications": {"operator"},
    "GET /v1/tokens": {"operator"},
    "POST /v1/tokens": {"operator"},
    "DELETE /v1/tokens/{token_id}": {"operator"},
    "GET /v1/invitations": {"operator"},
    "POST /v1/invitations": {"operator"},
    "DELETE /v1/invitations/{invitation_id}": {"operator"},
    "GET /v1/sessions": {"operator"},
    "DELETE /v1/sessions/{session_id}": {"operator"},
    # Reports.
    "GET /v1/users/{user}/models/{model}/scaffold": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/models/{model}/reports": {"auditor", "analyst", "operator"},
    "POST /v1/users/{user}/models/{model}/reports": {"auditor", "operator"},
    "GET /v1/users/{user}/reports": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/reports/{report_id}": {"auditor", "analyst", "operator"},
    "PUT /v1/users/{user}/reports/{report_id}": {"auditor", "operator"},
    "DELETE /v1/users/{user}/reports/{report_id}": {"auditor", "operator"},
    "POST /v1/users/{user}/reports/{report_id}/restorations": {"auditor", "operator"},
    "GET /v1/users/{user}/reports/{report_id}/versions": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/reports/{report_id}/avid": {"auditor", "analyst", "operator"},
    "GET /v1/users/{user}/submissions": {"auditor", "analyst", "operator"},
    "POST /v1/users/{user}/submissions": {"auditor", "operator"},
    "GET /get_reports": {"auditor", "analyst", "operator"},
    "GET /save_reports": {"auditor", "operator"},
    "POST /save_reports": {"auditor", "operator"},
    "GET /submit_avid_report": {"auditor", "operator"},
    "POST /submit_avid_report": {"auditor", "operator"},
    "GET /audit_settings": {"auditor", "analyst", "operator"},
    "GET /get_labeling": {"auditor", "analyst", "operator"},
    "GET /get_comments_to_label": {"auditor", "analyst", "operator"},
    "GET /get_comments_to_label_topic": {"auditor", "analyst", "operator"},
    "GET /get_personalized_model": {"auditor", "analyst", "operator"},
    "POST /get_personalized_model": {"auditor", "operator"},
    "GET /get_personalized_model_topic": {"auditor", "operator"},
    "POST /get_personalized_model_topic": {"auditor", "operator"},
    "GET /get_audit": {"auditor", "analyst", "operator"},
    "GET /get_cluster_results": {"auditor", "analyst", "operator"},
    "GET /get_group_size": {"auditor", "analyst", "operator"},
    "GET /get_group_model": {"auditor", "operator"},
    "POST /get_group_model": {"auditor", "operator"},
    "GET /get_explore_examples": {"auditor", "analyst", "operator"},
}


@pytest.fixture(scope="module")
def tokens(shared_server):
    return {NOBODY: None, **{role: shared_server.token(role) for role in ROLES}}


def routes(server):
    paths = server.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, found in paths.items() for method in found}


def test_every_route_is_known_to_both_tables(shared_server):
    assert routes(shared_server) == set(EXPECTED) == set(ACCESS)


@pytest.fixture(scope="module")
def sessions(shared_server, tokens):
    """Cookie and CSRF token of somebody with each role who is signed in; made before any test."""
    found = {}
    for role in ROLES:
        now = shared_server.app.state.services.now()
        subject = "ann" if role in PERSONAL_ROLES else None
        _, text = create_invitation(shared_server.database, role, subject, None, now)
        answer = shared_server.post("/v1/session", {"invitation": text})
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        found[role] = {"Cookie": cookie, "X-CSRF-Token": answer.json()["csrf_token"]}
    return found


@pytest.fixture(params=["token", "session"])
def headers_of(request, tokens, sessions):
    """Return the headers by which somebody with a role is known."""

    def headers(who):
        if who == NOBODY:
            return {}
        if request.param == "session":
            return sessions[who]
        return {"Authorization": f"Bearer {tokens[who]}"}

    return headers


SIGNING_OUT = "DELETE /v1/session"
"""Ends the session that the other routes are asked with; `test_sessions.py` has it."""


@pytest.mark.parametrize("who", [NOBODY, *ROLES])
def test_every_role_on_every_route(shared_server, headers_of, who):
    for route in sorted(routes(shared_server) - {SIGNING_OUT}):
        method, path = route.split(" ")
        # Whoever is somebody is ann, and asks about ann.
        path = path.replace("{user}", "ann")
        answer = requests.request(
            method,
            shared_server.url + path,
            headers=headers_of(who),
            timeout=20,
            allow_redirects=False,
        )
        if who in EXPECTED[route]:
            # Through to the route itself, which may have other wishes.
            assert answer.status_code not in (401, 403), route
        else:
            assert answer.status_code == (401 if who == NOBODY else 403), route
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="labelaudit"')
            assert answer.headers["Content-Type"] == "application/problem+json"
        if answer.status_code == 403:
            assert all(role in answer.json()["detail"] for role in EXPECTED[route])


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer la_0123456789abcdef_x",
        "Basic YTpi",
        "token la_0123456789abcdef_x",
        "Bearer " + "x" * 100_000,
        b"Bearer \xff\xfe",
    ],
)
def test_what_is_no_token_is_refused(shared_server, tokens, value):
    answer = shared_server.export(headers={"Authorization": value})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_scheme_is_read_in_any_case(shared_server, tokens):
    for scheme in ("bearer", "BEARER", "Bearer "):
        headers = {"authorization": f"{scheme} {tokens['pipeline']}"}
        assert shared_server.export(headers=headers).status_code == 200


def test_a_half_changed_token_is_refused(shared_server, tokens):
    good = tokens["operator"]
    for text in (good[:-1], good + "x", good.replace("la_", "lb_"), good.swapcase()):
        answer = shared_server.export(headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401


def test_rights_are_judged_before_the_body_is_read(shared_server, tokens):
    answer = shared_server.post("/v1/ratings", data=b"x" * 1_000_000)
    assert answer.status_code == 401
    headers = {"Authorization": f"Bearer {tokens['pipeline']}"}
    assert shared_server.post("/v1/ratings", data=b"nonsense", headers=headers).status_code == 403


def test_a_revoked_token_ends_at_once_and_opens_nothing(server, payload):
    text = server.token("operator")
    headers = {"Authorization": f"Bearer {text}"}
    assert server.export(headers=headers).status_code == 200
    (token,) = list_tokens(server.database)
    revoke_token(server.database, token.token_id, now=token.created_at)
    assert server.export(headers=headers).status_code == 401
    # The last token is gone; that does not open the door again.
    assert server.export().status_code == 401
    assert server.post("/api/openapi/constitution", payload).status_code == 401
    assert list_received(server.database) == []


def test_an_expired_token_is_refused(server):
    now = server.app.state.services.now()
    # Made with a lifetime that ends exactly now.
    from labelaudit_dagster.store import create_token

    _, text = create_token(server.database, "operator", now=now - timedelta(days=1), expires_at=now)
    assert server.export(headers={"Authorization": f"Bearer {text}"}).status_code == 401
    _, text = create_token(
        server.database, "operator", now=now, expires_at=now + timedelta(seconds=1)
    )
    assert server.export(headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_without_tokens_programs_of_this_machine_may_do_everything(server, payload):
    assert server.export().status_code == 200
    assert server.export(headers={"Authorization": "Bearer anything"}).status_code == 200
    port = server.url.rpartition(":")[2]
    for host in (f"localhost:{port}", "LOCALHOST", "127.0.0.1", f"127.1.2.3:{port}", "[::1]:80"):
        assert server.export(headers={"Host": host}).status_code == 200, host


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.rebound.example"},
        {"Host": "localhost.rebound.example:8000"},
        {"Host": "192.168.1.7"},
        {"Host": ""},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
    ],
)
def test_without_tokens_strangers_behind_a_proxy_or_a_page_may_do_nothing(server, headers):
    answer = server.export(headers=headers)
    assert answer.status_code == 401
    assert "labelaudit token create" in answer.json()["detail"]
    assert server.get("/healthz", headers=headers).status_code == 200


def test_two_authorization_headers_are_refused(shared_server, tokens):
    import http.client

    connection = http.client.HTTPConnection(shared_server.url.removeprefix("http://"), timeout=10)
    connection.putrequest("GET", "/api/openapi/exports")
    for role in ("pipeline", "operator"):
        connection.putheader("Authorization", f"Bearer {tokens[role]}")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 400
    connection.close()
