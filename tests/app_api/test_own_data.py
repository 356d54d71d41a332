"""People read and change what is theirs; operators act for all, analysts read all."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests
from audited_homes import MODEL

from app_api.callers import (
    LOCAL_OPERATOR,
    Caller,
    may_read_all,
    require_may_read,
    require_own,
    user_or_self,
)
from app_api.problems import ProblemError
from labelaudit_dagster.store import (
    ROLES,
    create_invitation,
    current_labels,
    list_reports,
    list_users,
)

FORBIDDEN = "urn:labelaudit:problem:forbidden"


@pytest.fixture(scope="module")
def server(make_audited_server):
    with make_audited_server() as server:
        yield server


@pytest.fixture(scope="module")
def ann(server):
    """The headers of ann by token and by session."""
    now = server.app.state.services.now()
    _, text = create_invitation(server.database, "auditor", "ann", now + timedelta(days=1), now)
    answer = server.post("/v1/session", {"invitation": text})
    return {
        "token": {"Authorization": f"Bearer {server.token('auditor')}"},
        "session": {
            "Cookie": answer.headers["Set-Cookie"].partition(";")[0],
            "X-CSRF-Token": answer.json()["csrf_token"],
        },
    }


def routes_with_a_user(server):
    paths = server.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path)
        for path, operations in sorted(paths.items())
        for method in operations
        if "{user}" in path
    ]


def ask(server, method, path, headers, **options):
    return requests.request(method, server.url + path, headers=headers, timeout=60, **options)


@pytest.mark.parametrize("by", ["token", "session"])
@pytest.mark.parametrize("other", ["bob", "nobody-at-all", "Ann", "ann%20"])
def test_every_route_about_a_user_is_closed_to_others(server, ann, by, other):
    found = routes_with_a_user(server)
    assert len(found) >= 20
    for method, path in found:
        filled = path.replace("{user}", other).replace("{model}", MODEL)
        filled = filled.replace("{version}", "0").replace("{item_id}", "4")
        # What would be done if it were allowed.
        answer = ask(server, method, filled, ann[by], json={})
        assert (answer.status_code, answer.json()["type"]) == (403, FORBIDDEN), (method, path)
        assert "bob" not in answer.text
    assert list_users(server.database) == ["ann", "bob"]


def test_the_refusal_does_not_tell_whether_there_is_such_a_user(server, ann):
    def problem(user):
        answer = ask(server, "GET", f"/v1/users/{user}/models", ann["token"])
        return {**answer.json(), "instance": ""}

    assert problem("bob") == problem("no-such-user")


COMPATIBLE = [
    ("audit_settings", {"user": "bob"}),
    ("get_labeling", {"user": "bob"}),
    ("get_personalized_model", {"user": "bob", "model_name": MODEL, "mode": "view"}),
    ("get_audit", {"cur_user": "bob", "pers_model": MODEL}),
    ("get_reports", {"cur_user": "bob", "model": MODEL, "scaffold_method": "personal"}),
    ("get_cluster_results", {"cur_user": "bob", "pers_model": MODEL, "cluster": "x"}),
]


@pytest.mark.parametrize(("route", "parameters"), COMPATIBLE, ids=[row[0] for row in COMPATIBLE])
def test_the_compatible_routes_are_closed_to_others(server, ann, route, parameters):
    for headers in ann.values():
        answer = ask(server, "GET", f"/{route}", headers, params=parameters)
        assert answer.status_code == 403, answer.text
        assert "bob" not in answer.text


@pytest.mark.parametrize("by", ["token", "session"])
def test_nobody_labels_or_trains_for_somebody_else(server, ann, by):
    before = current_labels(server.database, "bob").to_dict("records")
    assert before
    label = {"labels": [{"item_id": 4, "rating": 0.0}]}
    for method, path, body in (
        ("POST", f"/v1/users/bob/models/{MODEL}/labels", label),
        ("PUT", f"/v1/users/bob/models/{MODEL}/labels/4", {"rating": 0.0}),
        ("POST", f"/v1/users/bob/models/{MODEL}/trainings", {}),
        ("POST", "/v1/users/bob/models", {"name": "stolen", "base": MODEL}),
    ):
        answer = ask(server, method, path, ann[by], json=body)
        assert (answer.status_code, answer.json()["type"]) == (403, FORBIDDEN), path
    for route, body in (
        ("get_personalized_model", {"user": "bob", "model_name": MODEL, "mode": "train"}),
        ("save_reports", {"cur_user": "bob", "model": MODEL, "reports": json.dumps([])}),
        ("submit_avid_report", {"cur_user": "bob", "reports": json.dumps([])}),
    ):
        answer = ask(server, "POST", f"/{route}", ann[by], json=body)
        assert (answer.status_code, answer.json()["type"]) == (403, FORBIDDEN), route
    assert list_reports(server.database, "bob") == []
    assert current_labels(server.database, "bob").to_dict("records") == before


@pytest.mark.parametrize("by", ["token", "session"])
def test_what_is_ones_own_is_open(server, ann, by):
    for path in ("", f"/{MODEL}", f"/{MODEL}/labels", f"/{MODEL}/audit"):
        answer = ask(server, "GET", f"/v1/users/ann/models{path}", ann[by])
        assert answer.status_code == 200, answer.text


def test_analysts_read_everybody_and_change_nobody(server):
    headers = {"Authorization": f"Bearer {server.token('analyst')}"}
    for user in ("ann", "bob"):
        assert ask(server, "GET", f"/v1/users/{user}/models", headers).status_code == 200
        path = f"/v1/users/{user}/models/{MODEL}/labels"
        assert ask(server, "POST", path, headers, json={}).status_code == 403


def test_operators_act_for_everybody(server):
    headers = {"Authorization": f"Bearer {server.token('operator')}"}
    for user in ("ann", "bob"):
        assert ask(server, "GET", f"/v1/users/{user}/models", headers).status_code == 200
        path = f"/v1/users/{user}/models/{MODEL}/labels"
        # Through to the route, which finds the body wanting.
        assert ask(server, "POST", path, headers, json={}).status_code == 422


@pytest.mark.parametrize("role", ROLES)
def test_the_rule(role):
    personal = role in ("participant", "auditor")
    caller = Caller(role, "ann" if personal else None, token_id="0" * 16)

    def allows(check, user):
        try:
            check(caller, user)
        except ProblemError as problem:
            return {"forbidden": False}[problem.kind]
        return True

    assert allows(require_own, "ann") == (personal or role == "operator")
    assert allows(require_own, "bob") == (role == "operator")
    assert allows(require_may_read, "ann") == (personal or role in ("operator", "analyst"))
    assert allows(require_may_read, "bob") == (role in ("operator", "analyst"))
    assert may_read_all(caller) == (role in ("operator", "analyst"))


def test_a_program_of_this_machine_acts_for_everybody():
    require_own(LOCAL_OPERATOR, "ann")
    require_may_read(LOCAL_OPERATOR, "bob")
    assert LOCAL_OPERATOR.public_id is None


def test_nobody_has_the_empty_name():
    for check in (require_own, require_may_read):
        with pytest.raises(ProblemError):
            check(Caller("pipeline"), "")


def test_who_is_meant_where_nobody_is_named():
    ann = Caller("auditor", "ann", session_id="0" * 16)
    assert user_or_self(ann, None) == "ann"
    # Naming somebody else is judged by the rule, not quietly changed.
    assert user_or_self(ann, "bob") == "bob"
    with pytest.raises(ProblemError) as problem:
        user_or_self(LOCAL_OPERATOR, None, field="cur_user")
    assert problem.value.errors[0]["field"] == "cur_user"
