"""Requests that name somebody else outside of the path, in a query or a body.

Paths with a user are those of `test_own_data.py`; the places are found in the OpenAPI document.
"""

from __future__ import annotations

import pytest
import urllib3
from good_requests import Operation, Place, known_values

from labelaudit_dagster.store import add_labels, current_labels, list_reports
from labelaudit_dagster.store.labels import Label

NAMES = ("user", "cur_user", "participant_id")
CANARY = "bobs-secret-model"


@pytest.fixture(scope="module")
def server(make_audited_server):
    with make_audited_server() as server:
        now = server.app.state.services.now()
        add_labels(server.database, "bob", CANARY, [Label(3, 1.0)], now=now)
        yield server


@pytest.fixture(scope="module")
def naming_places(server):
    """Every place of a request that names a user, but for paths."""
    document = server.get("/openapi.json").json()
    found = []
    for operation in Operation.all_of(document, known_values(server)):
        for place in operation.places():
            name = place.at[0] if place.where == "body" and place.at else place.name
            if place.where != "path" and name in NAMES:
                found.append((operation, place))
    return found


def ask(server, operation: Operation, place: Place, user: str, role: str):
    request = operation.request(place, user)
    request["headers"] |= {"Authorization": f"Bearer {server.token(role)}"}
    with urllib3.connection_from_url(server.url) as pool:
        return pool.request(**request, redirect=False, retries=False, timeout=120)


def test_there_are_such_places(naming_places):
    assert len(naming_places) >= 15


@pytest.mark.parametrize("role", ["participant", "auditor"])
@pytest.mark.parametrize("user", ["bob", "nobody-at-all"])
def test_nobody_reads_or_changes_anything_of_somebody_who_is_named(
    server, naming_places, subtests, role, user
):
    labels = current_labels(server.database, "bob").to_dict("records")
    for operation, place in naming_places:
        with subtests.test(operation=str(operation), place=str(place)):
            answer = ask(server, operation, place, user, role)
            # 405: whoever has a token changes nothing by GET.
            assert answer.status in (403, 405), answer.data[:300]
            assert CANARY.encode() not in answer.data
    assert current_labels(server.database, "bob").to_dict("records") == labels
    assert list_reports(server.database, "bob") == []
    assert current_labels(server.database, "nobody-at-all").empty


def test_analysts_change_nothing_of_anybody(server, naming_places):
    labels = current_labels(server.database, "bob").to_dict("records")
    for operation, place in naming_places:
        answer = ask(server, operation, place, "bob", "analyst")
        if operation.method != "GET":
            assert answer.status == 403, str(operation)
    assert current_labels(server.database, "bob").to_dict("records") == labels
