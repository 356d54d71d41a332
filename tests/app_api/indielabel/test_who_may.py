"""Tokens end the compatibility mode: people work for themselves alone, by POST."""

from __future__ import annotations

import json

import pytest
import requests

from labelaudit_dagster.store import create_token, current_labels, list_users

READING = {
    "audit_settings": {"user": "{}"},
    "get_labeling": {"user": "{}"},
    "get_comments_to_label": {"user": "{}"},
    "get_comments_to_label_topic": {"user": "{}", "topic": "0_x"},
    "get_personalized_model": {"user": "{}", "model_name": "my_model", "mode": "view"},
    "get_audit": {"cur_user": "{}", "pers_model": "my_model"},
    "get_cluster_results": {"cur_user": "{}", "pers_model": "my_model", "cluster": "x"},
}
CHANGING = {
    "get_personalized_model": {"mode": "train"},
    "get_personalized_model_topic": {"topic": "0_x"},
    "get_group_model": {"sel_gender": "Female"},
}


@pytest.fixture(scope="module")
def guarded(start_prepared, tmp_path_factory, now):
    with start_prepared(tmp_path_factory.mktemp("guarded") / "home") as server:
        server.tokens = {}
        for name, role, subject in (
            ("ann", "auditor", "ann"),
            ("bob", "auditor", "bob"),
            ("analyst", "analyst", None),
            ("operator", "operator", None),
            ("participant", "participant", "ann"),
            ("pipeline", "pipeline", None),
        ):
            _, text = create_token(server.database, role, now=now, subject=subject)
            server.tokens[name] = {"Authorization": f"Bearer {text}"}
        yield server


def asked(server, who, route, parameters, user):
    filled = {name: value.format(user) for name, value in parameters.items()}
    return requests.get(
        f"{server.url}/{route}", params=filled, headers=server.tokens[who], timeout=60
    )


def posted(server, who, route, document):
    return requests.post(
        f"{server.url}/{route}", json=document, headers=server.tokens[who], timeout=60
    )


def train(server, who, user, texts):
    document = {"mode": "train", "model_name": "my_model", "ratings": dict.fromkeys(texts, "1")}
    return posted(
        server, who, "get_personalized_model", document | ({} if user is None else {"user": user})
    )


def comments(server, who):
    return asked(server, who, "get_comments_to_label", {"n": "4"}, "").json()["to_label"]


@pytest.mark.parametrize("route", READING)
def test_people_read_their_own_and_readers_everybodys(guarded, route):
    for who, user, may in (
        ("ann", "ann", True),
        ("ann", "bob", False),
        ("bob", "ann", False),
        ("analyst", "ann", True),
        ("operator", "bob", True),
        ("participant", "ann", False),
        ("pipeline", "ann", False),
    ):
        answer = asked(guarded, who, route, READING[route], user)
        # What does not exist yet is not found; who may not ask learns not even that.
        assert (answer.status_code in (200, 404)) == may, (who, user, answer.text)
        assert may or answer.status_code == 403


def test_somebody_without_a_name_is_the_holder_of_the_token(guarded):
    assert asked(guarded, "ann", "audit_settings", {"user": "null"}, "").json()["user"] == "ann"
    assert "_" in asked(guarded, "analyst", "audit_settings", {"user": "null"}, "").json()["user"]


@pytest.mark.parametrize("route", CHANGING)
@pytest.mark.parametrize("who", ["ann", "operator"])
def test_no_get_changes_anything(guarded, route, who):
    (text, *_) = comments(guarded, who)
    parameters = {
        **CHANGING[route], "user": "{}", "model_name": "by_get",
        "ratings": json.dumps({text: "1"}).replace("{", "{{").replace("}", "}}"),
    }  # fmt: skip
    answer = asked(guarded, who, route, parameters, "ann")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert len(current_labels(guarded.database, "ann", "by_get")) == 0


def test_people_train_their_own_models_alone(guarded):
    texts = comments(guarded, "ann")
    for who, user in (("bob", "ann"), ("ann", "bob"), ("analyst", "ann"), ("participant", "ann")):
        assert train(guarded, who, user, texts).status_code == 403
    assert list_users(guarded.database) == []
    # Without a name it is the token's.
    found = train(guarded, "ann", None, texts)
    assert found.status_code == 200, found.text
    assert list_users(guarded.database) == ["ann"]
    for route in ("get_personalized_model_topic", "get_group_model"):
        document = {"model_name": "m", "topic": "0_x", "user": "ann"}
        assert posted(guarded, "bob", route, document).status_code == 403
    again = asked(guarded, "ann", "get_comments_to_label", {"n": "20"}, "").json()["to_label"]
    # Who is known is not asked twice.
    assert not set(again) & set(texts)
    seen = asked(guarded, "analyst", "get_audit", READING["get_audit"], "ann").json()
    assert seen["overall_perf"]["topic_overview_plot_json"]["layer"]


def test_a_page_of_another_site_changes_nothing_here(start_prepared, tmp_path):
    with start_prepared(tmp_path / "home") as server:
        text = requests.get(f"{server.url}/get_comments_to_label?n=1", timeout=60).json()
        parameters = {
            "user": "ann", "model_name": "m", "mode": "train",
            "ratings": json.dumps({text["to_label"][0]: "1"}),
        }  # fmt: skip
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://elsewhere.example"},
            {"Host": "rebound.example"},
            {"X-Forwarded-For": "203.0.113.9"},
        ):
            for route in CHANGING:
                answer = requests.get(
                    f"{server.url}/{route}",
                    params={**parameters, "topic": "0_x"},
                    headers=headers,
                    timeout=60,
                )
                assert answer.status_code in (401, 403), (route, headers)
        assert list_users(server.database) == []


def test_training_elsewhere_keeps_labels_and_says_where_to_look(start_prepared, tmp_path):
    with start_prepared(tmp_path / "home", training="elsewhere") as server:
        texts = requests.get(f"{server.url}/get_comments_to_label?n=4", timeout=60).json()
        ratings = dict.fromkeys(texts["to_label"], "3")
        document = {
            "user": "a/b", "model_name": "my model", "mode": "train", "ratings": ratings,
        }  # fmt: skip
        answer = server.post("/get_personalized_model", document)
        assert answer.status_code == 202
        found = answer.json()
        assert found["ratings_prev"] == ratings
        assert (found["status"], found["mae"]) == ("waiting", None)
        plot = found["perf_plot_json"]
        assert plot["datasets"][plot["layer"][0]["data"]["name"]]
        assert found["status_url"] == answer.headers["Location"]
        assert found["status_url"] == "/v1/users/a%2Fb/models/my%20model/trainings/0"
        assert server.get(found["status_url"]).status_code in (200, 202)
        # Nothing was computed here, and the same again freezes nothing new.
        services = server.app.state.services
        assert services.audit.user("a/b") is None
        assert services.trainer._launcher._opened is None
        assert server.post("/get_personalized_model", document).json()["n_unchanged"] == 4
        assert services.trainer.status("a/b", "my model").version == 0
        from labelaudit_dagster.launch import run_audit

        assert all(outcome.succeeded for outcome in run_audit(server.settings))
        assert services.trainer.status("a/b", "my model").state == "done"
        assert server.post("/get_personalized_model", document).status_code == 200
