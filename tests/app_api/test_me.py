"""What somebody takes away, and what is left when they have erased it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import requests
from audited_homes import MODEL

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.forgetting import PERSONAL_ASSETS, forget_user
from labelaudit_dagster.home import HomeError
from labelaudit_dagster.launcher import Launcher
from labelaudit_dagster.opened_instance import dagster_instance
from labelaudit_dagster.store import (
    Label,
    add_labels,
    create_invitation,
    list_sessions,
    list_trainings,
    list_users,
)
from labelaudit_dagster.user_locks import users_locked
from labelaudit_dagster.user_partitions import PARTITIONS_NAME


@pytest.fixture
def server(make_audited_server):
    with make_audited_server() as server:
        yield server


def signed_in(server, subject, role="auditor"):
    now = server.app.state.services.now()
    _, text = create_invitation(server.database, role, subject, now + timedelta(days=1), now)
    browser = requests.Session()
    answer = browser.post(f"{server.url}/v1/session", json={"invitation": text}, timeout=20)
    browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return browser


def partitions(server):
    with dagster_instance(server.settings) as instance:
        return set(instance.get_dynamic_partitions(PARTITIONS_NAME))


def versions_of(server, user):
    store = ArtifactStore(server.settings.resolved_artifacts_url)
    return sum(len(store.versions(asset, user)) for asset in PERSONAL_ASSETS)


def files_of(server, user):
    return [str(path) for path in (server.settings.home / "artifacts").rglob(f"{user}/**/*")]


def is_locked(server, user):
    try:
        with users_locked(server.settings, [user], wait_seconds=0):
            return False
    except HomeError:
        return True


def test_somebody_takes_away_what_is_stored_about_them(server):
    browser = signed_in(server, "ann")
    document = browser.get(f"{server.url}/v1/me", timeout=60).json()
    assert document["user_id"] == "ann"
    assert [row["item_id"] for row in document["labels"]] == list(range(8))
    assert all(row["text"] for row in document["labels"])
    assert [row["name"] for row in document["models"]] == [MODEL]
    assert {asset: len(found) for asset, found in document["results"].items()} == dict.fromkeys(
        PERSONAL_ASSETS, 1
    )
    [session] = document["sessions"]
    assert "secret_hash" not in session
    cookie = next(iter(browser.cookies)).value
    assert cookie.rpartition("_")[2] not in str(document)
    assert "bob" not in str(document)


def test_what_is_erased_is_gone_everywhere_and_nothing_else(server):
    with Launcher(server.settings) as launcher:
        # A second version, made by a run about ann alone.
        add_labels(
            server.database, "ann", MODEL, [Label(20, 3.0)], now=server.app.state.services.now()
        )
        alone = launcher.train_user("ann", pictures=False).run.run_id
    assert versions_of(server, "ann") == 6
    token = server.token("auditor")
    bobs_before = versions_of(server, "bob")
    browser, other = signed_in(server, "ann"), signed_in(server, "ann")
    bob = signed_in(server, "bob")
    assert {"ann", "bob"} <= partitions(server)

    answer = browser.delete(f"{server.url}/v1/me", json={"confirm": "ann"}, timeout=60)
    assert answer.status_code == 200, answer.text
    erased = answer.json()
    assert (erased["user_id"], erased["result_versions"]) == ("ann", 6)
    rows = erased["rows"]
    assert (rows["labels"], rows["models"], rows["sessions"], rows["tokens"]) == (9, 1, 2, 1)
    assert not browser.cookies

    assert list_users(server.database) == ["bob"]
    assert list_sessions(server.database, "ann") == []
    assert versions_of(server, "ann") == 0
    assert files_of(server, "ann") == []
    assert partitions(server) == {"bob"}
    with dagster_instance(server.settings) as instance:
        assert instance.get_run_by_id(alone) is None
    for headers, held in (
        ({"Authorization": f"Bearer {token}"}, None),
        ({}, dict(other.cookies)),
    ):
        assert server.get("/v1/me", headers=headers, cookies=held).status_code == 401
    # Bob and everybody's results are as they were.
    assert versions_of(server, "bob") == bobs_before
    path = f"/v1/users/{{}}/models/{MODEL}/audit"
    assert bob.get(server.url + path.format("bob"), timeout=60).status_code == 200
    operator = {"Authorization": f"Bearer {server.token('operator')}"}
    assert server.get(path.format("bob"), headers=operator).status_code == 200
    assert server.get(path.format("ann"), headers=operator).status_code == 404
    # Whoever comes back begins anew.
    again = signed_in(server, "ann").get(f"{server.url}/v1/me", timeout=60).json()
    assert (again["labels"], again["models"], again["reports"]) == ([], [], [])


def test_runs_about_several_people_stay_and_are_named(server):
    now = server.app.state.services.now()
    forgotten = forget_user(server.settings, server.database, "bob", now=now)
    assert (forgotten.versions, forgotten.was_partition, forgotten.runs) == (3, True, 0)
    [shared_run] = forgotten.shared_runs
    with dagster_instance(server.settings) as instance:
        assert instance.get_run_by_id(shared_run).job_name == "audit_users_job"
    again = forget_user(server.settings, server.database, "bob", now=now)
    assert again.is_empty
    assert again.shared_runs == (shared_run,)
    assert versions_of(server, "ann") == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"confirm": "bob"}, 422),
        ({"confirm": True}, 422),
        ({"confirm": "Ann"}, 422),
        ({"confirm": "ann", "user": "bob"}, 422),
        (None, 415),
    ],
)
def test_nothing_is_erased_without_the_right_word(shared, body, status):
    server, browser = shared
    answer = browser.delete(f"{server.url}/v1/me", json=body, timeout=20)
    assert answer.status_code == status
    assert list_users(server.database) == ["ann", "bob"]
    assert versions_of(server, "ann") == 3


@pytest.fixture(scope="module")
def shared(make_audited_server):
    """A server that nothing changes, and ann's browser."""
    with make_audited_server() as server:
        yield server, signed_in(server, "ann")


@pytest.mark.parametrize("role", ["operator", "analyst", "pipeline"])
def test_who_is_nobody_in_particular_has_no_me(shared, role):
    server, _ = shared
    headers = {"Authorization": f"Bearer {server.token(role)}"}
    assert server.get("/v1/me", headers=headers).status_code == 403
    answer = requests.delete(
        f"{server.url}/v1/me", json={"confirm": "ann"}, headers=headers, timeout=20
    )
    assert answer.status_code == 403


def test_erasing_waits_for_a_training_and_leaves_nothing_of_it(server):
    add_labels(server.database, "ann", MODEL, [Label(30, 1.0)], now=server.app.state.services.now())
    browser = signed_in(server, "ann")
    order = []
    with Launcher(server.settings) as launcher:
        launcher.warm()

        def train():
            launcher.train_user("ann", pictures=False)
            order.append("trained")

        training = threading.Thread(target=train)
        training.start()
        deadline = time.monotonic() + 20
        while not is_locked(server, "ann"):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        answer = browser.delete(f"{server.url}/v1/me", json={"confirm": "ann"}, timeout=60)
        order.append("erased")
        training.join(timeout=60)
    assert answer.status_code == 200
    assert order == ["trained", "erased"]
    assert files_of(server, "ann") == []
    assert list_users(server.database) == ["bob"]
    assert "ann" not in partitions(server)


def test_erasing_that_would_wait_too_long_erases_nothing(server, monkeypatch):
    monkeypatch.setattr("app_api.routers.me.WAIT_SECONDS", 0.2)
    browser = signed_in(server, "ann")
    with users_locked(server.settings, ["ann"]):
        answer = browser.delete(f"{server.url}/v1/me", json={"confirm": "ann"}, timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert versions_of(server, "ann") == 3
    assert len(browser.get(f"{server.url}/v1/me", timeout=60).json()["labels"]) == 8


def test_whoever_was_interrupted_is_still_known_and_begins_again(server, monkeypatch):
    browser = signed_in(server, "ann")

    def refuse(*_):
        raise ArtifactError("The bucket refuses.")

    with monkeypatch.context() as patched:
        patched.setattr("labelaudit_dagster.artifacts.artifact_store.erase", refuse)
        answer = browser.delete(f"{server.url}/v1/me", json={"confirm": "ann"}, timeout=60)
    assert answer.status_code == 503
    assert len(browser.get(f"{server.url}/v1/me", timeout=60).json()["labels"]) == 8
    answer = browser.delete(f"{server.url}/v1/me", json={"confirm": "ann"}, timeout=60)
    assert answer.status_code == 200
    assert files_of(server, "ann") == []


def test_a_name_that_no_folder_could_have_is_erased_whole(server):
    name = "../bob/…\u202e\0 x"
    add_labels(server.database, name, MODEL, [Label(1, 1.0)], now=server.app.state.services.now())
    with Launcher(server.settings) as launcher:
        assert launcher.train_user(name, pictures=False).succeeded
    browser = signed_in(server, name)
    answer = browser.delete(f"{server.url}/v1/me", json={"confirm": name}, timeout=60)
    assert (answer.status_code, answer.json()["result_versions"]) == (200, 3)
    assert list_users(server.database) == ["ann", "bob"]
    assert versions_of(server, "bob") == 3
    assert [t.user_id for t in list_trainings(server.database, name)] == []
