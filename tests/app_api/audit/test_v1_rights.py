"""Own data only: each person their own, analysts read everybody's, operators do everything."""

from __future__ import annotations

import pytest
import requests

from app_api.routers.audit import AUDIT_ROUTERS
from labelaudit_dagster.store import label_sequence, list_models

ROUTES = sorted(
    f"{method} {route.path}"
    for router in AUDIT_ROUTERS
    for route in router.routes
    for method in route.methods
    if "{user}" in route.path
)
BODIES = {
    "POST /v1/users/{user}/models": {"name": "other"},
    "POST /v1/users/{user}/models/{model}/labels": {"labels": [{"item_id": 50, "rating": 1}]},
    "PUT /v1/users/{user}/models/{model}/labels/{item_id}": {"rating": 1},
}
QUERIES = {"results": {"keyword": "loot"}, "topic-results": {"keyword": "loot"}}


@pytest.fixture(scope="module")
def tokens(api):
    """Tokens of ann (an auditor), an analyst and an operator."""
    return {role: api.token(role) for role in ("auditor", "analyst", "operator", "participant")}


def ask(api, route, user, token):
    method, path = route.split(" ")
    filled = path.format(user=user, model="my_model", item_id=50, version=0)
    return requests.request(
        method,
        api.url + filled,
        params=QUERIES.get(filled.rpartition("/")[2]),
        json=BODIES.get(route),
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )


@pytest.mark.parametrize("route", ROUTES)
def test_a_person_has_their_own_and_nobody_elses(api, tokens, route):
    before = (label_sequence(api.database), list_models(api.database, "bob"))
    for user in ("bob", "nobody-at-all", "ANN", "ann%2F", "ann%00", "%61nn%20"):
        answer = ask(api, route, user, tokens["auditor"])
        assert answer.status_code == 403, (route, user)
        assert "your own data" in answer.json()["detail"]
    assert (label_sequence(api.database), list_models(api.database, "bob")) == before
    assert ask(api, route, "ann", tokens["auditor"]).status_code in (200, 201), route
    assert ask(api, route, "%61nn", tokens["auditor"]).status_code in (200, 201), "ann, spelt out"


@pytest.mark.parametrize("route", ROUTES)
def test_analysts_read_everybody_and_change_nobody(api, tokens, route):
    answer = ask(api, route, "bob", tokens["analyst"])
    if route.startswith("GET"):
        assert answer.status_code == 200, route
    else:
        assert answer.status_code == 403, route
    assert ask(api, route, "bob", tokens["participant"]).status_code == 403


@pytest.mark.parametrize("route", ROUTES)
def test_operators_act_for_everybody(api, tokens, route):
    assert ask(api, route, "bob", tokens["operator"]).status_code in (200, 201), route


def test_lists_of_people_are_for_those_who_may_read_all(api, tokens):
    for role, status in (("analyst", 200), ("operator", 200), ("auditor", 403)):
        headers = {"Authorization": f"Bearer {tokens[role]}"}
        assert api.get("/v1/users", headers=headers).status_code == status


def test_a_body_that_is_too_large_is_not_read_for_somebody_else(api, tokens):
    headers = {"Authorization": f"Bearer {tokens['auditor']}"}
    big = {"labels": [{"item_id": 1, "rating": 1}], "filler": "x" * 2_000_000}
    for user, status in (("bob", 403), ("ann", 413)):
        path = f"/v1/users/{user}/models/my_model/labels"
        assert api.post(path, big, headers=headers).status_code == status
