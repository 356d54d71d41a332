"""A person's way through the API: comments to label, labels, training, audit."""

from __future__ import annotations

import pytest
import requests

from app_api.encoded_segments import path_of

EVE = "/v1/users/eve/models/my_model"


def put(api, path, document):
    return requests.put(api.url + path, json=document, timeout=20)


def training_items(api):
    view = api.app.state.services.audit.corpus()
    return set(view.table.item_ids[view.training_rows()].tolist())


def test_the_whole_way(api):
    """Nobody → suggestions → labels → training → audit, and nothing before its time."""
    assert api.get(f"{EVE}/audit").status_code == 404
    assert api.get("/v1/users/eve/models").json() == {"user": "eve", "models": []}
    offered = api.get(f"{EVE}/suggestions?n=6").json()
    assert len(offered["comments"]) == 6
    assert offered["scale"]["labels"][0] == "not at all toxic"
    batch = [
        {"item_id": one["item_id"], "rating": float(place % 5)}
        for place, one in enumerate(offered["comments"])
    ]
    receipt = api.post(f"{EVE}/labels", {"labels": batch}).json()
    assert (receipt["stored"], receipt["unchanged"], receipt["unknown"]) == (6, 0, [])
    again = api.post(f"{EVE}/labels", {"labels": batch}).json()
    assert (again["stored"], again["unchanged"]) == (0, 6)
    assert again["sequence"] == receipt["sequence"]

    (model,) = api.get("/v1/users/eve/models").json()["models"]
    assert (model["kind"], model["version"], model["state"], model["results"]) == (
        "base",
        None,
        "none",
        None,
    )
    assert api.get(f"{EVE}/trainings").json() == {"trainings": []}
    trained = api.post(f"{EVE}/trainings")
    assert trained.status_code == 201
    assert trained.headers["Location"] == f"{EVE}/trainings/0"
    version = trained.json()
    assert (version["version"], version["n_labels"], version["state"]) == (0, 6, "done")
    assert version["label_sequence"] == receipt["sequence"]
    assert 0 <= version["honest_error"]["mae_of_median"] <= 4

    nothing_new = api.post(f"{EVE}/trainings")
    assert nothing_new.status_code == 200
    assert (nothing_new.json()["version"], nothing_new.json()["is_new"]) == (0, False)
    shown = api.get(trained.headers["Location"]).json()
    assert shown == {k: v for k, v in version.items() if k not in ("is_new", "status_url")}
    assert api.get(f"{EVE}/trainings/1").status_code == 404

    (model,) = api.get("/v1/users/eve/models").json()["models"]
    assert (model["version"], model["state"], model["results"]["version"]) == (0, "done", 0)
    found = api.get(f"{EVE}/audit").json()
    assert (found["user"], found["model"], found["model_version"]) == ("eve", "my_model", 0)
    assert found["n_labels"] == 6
    assert found["honest_error"] == version["honest_error"]
    assert found["disagreement"] == pytest.approx(version["disagreement"])
    assert {row["user"] for row in api.get("/v1/users").json()["users"]} == {"ann", "bob", "eve"}


def test_a_changed_label_makes_the_next_version(api):
    labels = api.get(f"{EVE}/labels").json()["labels"]
    first = labels[0]
    assert first["left_out_mean"] is not None
    changed = 4.0 - first["rating"] if first["rating"] != 2 else 3.0
    answer = put(api, f"{EVE}/labels/{first['item_id']}", {"rating": changed})
    assert answer.status_code == 200
    assert answer.json()["stored"] == 1
    row = api.get(f"{EVE}/labels").json()["labels"][0]
    assert (row["rating"], row["left_out_mean"]) == (changed, None), "not trained on yet"
    before = api.get(EVE).json()
    assert before["version"] == 0
    trained = api.post(f"{EVE}/trainings")
    assert (trained.status_code, trained.json()["version"]) == (201, 1)
    after = api.get(EVE).json()
    assert [one["version"] for one in after["versions"]] == [0, 1]
    assert after["versions"][0] == before["versions"][0]
    assert after["results"]["honest_error"] == after["versions"][1]["honest_error"]


def test_labels_page_by_page(api):
    everything = api.get(f"{EVE}/labels").json()
    assert everything["next"] is None
    rows, after = [], None
    while True:
        page = api.get(f"{EVE}/labels", params={"limit": 4, "after": after}).json()
        rows += page["labels"]
        after = page["next"]
        if after is None:
            break
        assert len(page["labels"]) == 4
    assert rows == everything["labels"]
    csv = api.get(f"{EVE}/labels?limit=2&format=csv")
    assert csv.headers["X-Next-After"] == str(rows[1]["item_id"])
    assert api.get(f"{EVE}/labels?limit=1001").status_code == 422


def test_unsure_takes_a_label_out_of_the_training(api):
    labels = api.get(f"{EVE}/labels").json()["labels"]
    item = labels[-1]["item_id"]
    assert put(api, f"{EVE}/labels/{item}", {"rating": None}).json()["stored"] == 1
    trained = api.post(f"{EVE}/trainings").json()
    assert trained["n_labels"] == len(labels) - 1
    row = next(one for one in api.get(f"{EVE}/labels").json()["labels"] if one["item_id"] == item)
    assert (row["rating"], row["left_out_mean"]) == (None, None)
    assert api.get(EVE).json()["results"]["n_unsure"] == 1
    assert requests.delete(f"{api.url}{EVE}/labels/{item}", timeout=20).status_code == 405


def test_labels_that_cannot_be_stored(api):
    labels = {row["item_id"]: row["rating"] for row in api.get(f"{EVE}/labels").json()["labels"]}
    for labelled, kind in (
        ([{"item_id": 1, "rating": 2.5}], "invalid-value"),
        ([{"item_id": 1, "rating": 9}], "invalid-value"),
        ([{"item_id": 1, "rating": "3"}], "invalid-value"),
        ([{"item_id": 1, "rating": True}], "invalid-value"),
        ([{"item_id": 1.5, "rating": 3}], "invalid-value"),
        ([{"item_id": -1, "rating": 3}], "invalid-value"),
        ([{"item_id": 2**53, "rating": 3}], "invalid-value"),
        ([{"item_id": 1}], "invalid-value"),
        ([{"item_id": 1, "rating": 3, "more": 1}], "invalid-value"),
        ([], "invalid-value"),
        ([{"item_id": 1, "rating": 1}] * 10_001, "invalid-value"),
        # One bad label refuses the batch.
        ([{"item_id": 2, "rating": 1}, {"item_id": 3, "rating": 7}], "invalid-value"),
    ):
        answer = api.post(f"{EVE}/labels", {"labels": labelled})
        assert answer.status_code == 422, labelled[:2]
        assert answer.json()["type"].endswith(kind)
    assert api.post(f"{EVE}/labels", data="x").status_code == 415
    assert put(api, f"{EVE}/labels/999999", {"rating": 1}).status_code == 404
    assert put(api, f"{EVE}/labels/x", {"rating": 1}).status_code == 422
    receipt = api.post(
        f"{EVE}/labels", {"labels": [{"item_id": item, "rating": 1} for item in (777, 888, 777)]}
    ).json()
    assert (receipt["stored"], receipt["unknown"]) == (0, [777, 888])
    now = {row["item_id"]: row["rating"] for row in api.get(f"{EVE}/labels").json()["labels"]}
    assert now == labels


def test_suggestions_leave_out_what_was_labelled_and_stay_in_their_topic(api):
    labelled = {row["item_id"] for row in api.get(f"{EVE}/labels").json()["labels"]}
    topic = api.get("/v1/topics").json()["topics"][1]["topic"]
    table = api.app.state.services.audit.corpus().table
    in_topic = set(table.item_ids[table.topics.rows_of(topic)].tolist())
    for method in ("active", "stratified"):
        for path in (f"{EVE}/suggestions?n=200&method={method}", EVE + "/suggestions?n=5"):
            found = api.get(path).json()["comments"]
            items = {one["item_id"] for one in found}
            assert len(items) == len(found) > 0
            assert items <= training_items(api) - labelled
        tuned = api.get(f"{EVE}/suggestions?n=200&method={method}&topic={topic}").json()
        items = {one["item_id"] for one in tuned["comments"]}
        assert items == (training_items(api) & in_topic) - labelled
        first = api.get(f"{EVE}/suggestions?n=5&method={method}").json()
        assert api.get(f"{EVE}/suggestions?n=5&method={method}").json() == first
    seeds = [
        api.get(f"{EVE}/suggestions?n=9&method=stratified&seed={seed}").json()["comments"]
        for seed in (0, 1)
    ]
    assert seeds[0] != seeds[1]
    assert api.get(f"{EVE}/suggestions?topic=none").status_code == 404
    assert api.get(f"{EVE}/suggestions?method=random").status_code == 422


def test_models_for_topics_and_groups(api):
    topic = api.get("/v1/topics").json()["topics"][0]["topic"]
    answer = api.post("/v1/users/eve/models", {"kind": "topic", "topic": topic})
    assert answer.status_code == 201
    assert answer.json()["name"] == f"my_model_{topic}"
    assert answer.json()["base"] == "my_model"
    assert api.post("/v1/users/eve/models", {"kind": "topic", "topic": topic}).status_code == 200
    group = {"kind": "group", "group": {"gender": ["Female"]}}
    answer = api.post("/v1/users/eve/models", group)
    assert answer.status_code == 201
    named = answer.json()
    assert (named["name"], named["group"]) == (
        "my_model_group_gender=Female",
        {"gender": ["Female"]},
    )
    path = answer.headers["Location"]
    assert path == path_of("v1", "users", "eve", "models", named["name"])
    assert len(api.get(f"{path}/labels").json()["labels"]) == 20
    assert api.post(f"{path}/trainings").json()["n_labels"] == 20
    compared = api.get(f"{EVE}/comparison", params={"with": named["name"], "by": "race"}).json()
    assert compared["series"] == [
        "System",
        "my_model",
        named["name"],
        # Ten of twelve are White, which would tell of two people who are not.
        "race: =Asian",
    ]
    chart = api.get(f"{EVE}/charts/comparison", params={"with": named["name"], "by": "race"})
    assert len({row["series"] for row in chart.json()["datasets"]["views"]}) == 4
    assert api.get(f"{EVE}/comparison?with=unheard-of").status_code == 422


def test_a_group_model_says_what_the_comparison_of_groups_says(api):
    """One group, two ways: its trained model, and the points of view of `/v1/groups`."""
    name = "my_model_group_gender=Female"
    path = path_of("v1", "users", "eve", "models", name, "comparison")
    found = api.get(path, params={"by": "gender"}).json()["topics"]
    mine = {row["topic"]: row["value"] for row in found if row["series"] == name}
    group = {row["topic"]: row["value"] for row in found if row["series"] == "gender: Female"}
    assert mine == pytest.approx(group, abs=2e-3)


@pytest.mark.parametrize(
    ("document", "status", "kind"),
    [
        ({"kind": "topic"}, 422, "invalid-value"),
        ({"kind": "topic", "topic": "no such topic"}, 404, "not-found"),
        ({"kind": "group"}, 422, "invalid-value"),
        ({"kind": "group", "group": {}}, 422, "invalid-value"),
        ({"kind": "group", "group": {"gender": []}}, 422, "invalid-value"),
        ({"kind": "group", "group": {"gender": "Female"}}, 422, "invalid-value"),
        ({"kind": "group", "group": {"shoe": ["44"]}}, 422, "invalid-value"),
        ({"kind": "group", "group": {"gender": ["Male"]}}, 422, "invalid-value"),
        ({"kind": "base", "base": "other"}, 422, "invalid-value"),
        ({"kind": "base", "topic": "x"}, 422, "invalid-value"),
        ({"kind": "magic"}, 422, "invalid-value"),
        ({"name": ""}, 422, "invalid-value"),
        ({"name": "x" * 2001}, 422, "invalid-value"),
        ({"name": "😀" * 600}, 422, "invalid-value"),
        ({"nam": "x"}, 422, "invalid-value"),
        (
            {"name": "my_model", "kind": "group", "group": {"gender": ["Female"]}},
            409,
            "model-conflict",
        ),
    ],
)
def test_models_that_cannot_be(api, document, status, kind):
    # Of ann, whose model the server comes with: eve has none before the tests above.
    before = api.get("/v1/users/ann/models").json()
    assert "my_model" in [model["name"] for model in before["models"]]
    answer = api.post("/v1/users/ann/models", document)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:labelaudit:problem:{kind}")
    assert api.get("/v1/users/ann/models").json() == before


NAMES = [
    "a/b",
    "../../etc/passwd",
    "nul\x00l",
    "😀 ü \u202e",
    "<script>alert(1)</script>",
    "a?b#c;d%2F",
    "'; drop table users; --",
    "line\r\nX-Evil: 1",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_user_and_model_can_be_labelled_for(api, name):
    answer = api.post(path_of("v1", "users", name, "models"), {"name": name})
    assert answer.status_code == 201
    path = answer.headers["Location"]
    assert path == path_of("v1", "users", name, "models", name)
    label = {"labels": [{"item_id": 0, "rating": 1}, {"item_id": 1, "rating": 3}]}
    assert api.post(f"{path}/labels", label).json()["stored"] == 2
    assert put(api, f"{path}/labels/2", {"rating": 4}).json()["stored"] == 1
    found = api.get(path).json()
    assert (found["user"], found["name"], found["state"]) == (name, name, "none")
    assert name in [row["user"] for row in api.get("/v1/users?limit=1000").json()["users"]]


def test_a_name_of_all_these_characters_is_trained_and_audited(api):
    name = "".join(NAMES)
    path = path_of("v1", "users", name, "models", name)
    label = {"labels": [{"item_id": item, "rating": item} for item in range(5)]}
    assert api.post(f"{path}/labels", label).json()["stored"] == 5
    trained = api.post(f"{path}/trainings")
    assert trained.status_code == 201
    assert api.get(trained.headers["Location"]).json()["n_labels"] == 5
    audit = api.get(f"{path}/audit").json()
    assert (audit["user"], audit["model"]) == (name, name)
    for chart in ("performance", "topic-disagreement", "labels", "against-system", "comparison"):
        assert api.get(f"{path}/charts/{chart}").status_code == 200, chart


def test_people_page_by_page(api):
    everybody = [row["user"] for row in api.get("/v1/users?limit=1000").json()["users"]]
    assert everybody == sorted(everybody)
    seen, after = [], None
    while True:
        page = api.get("/v1/users", params={"limit": 2, "after": after}).json()
        seen += [row["user"] for row in page["users"]]
        after = page["next"]
        if after is None:
            break
    assert seen == everybody


def test_training_needs_labels(api):
    assert api.post("/v1/users/eve/models/unheard-of/trainings").status_code == 404
    api.post("/v1/users/eve/models", {"name": "empty"})
    assert api.post("/v1/users/eve/models/empty/trainings").status_code == 404
    # Only unsure ones: a model of an average person, and no error to be told.
    label = {"labels": [{"item_id": 0, "rating": None}]}
    api.post("/v1/users/eve/models/empty/labels", label)
    trained = api.post("/v1/users/eve/models/empty/trainings")
    assert (trained.status_code, trained.json()["n_labels"]) == (201, 0)
    assert trained.json()["honest_error"]["mae_of_median"] is None
    found = api.get("/v1/users/eve/models/empty/audit").json()
    assert found["quality"]["band"] == "Not known yet"
    chart = api.get("/v1/users/eve/models/empty/charts/performance").json()
    assert "Two labels or more" in chart["datasets"]["message"][0]["text"]


def test_where_others_train_the_answer_says_where_to_ask(make_audited_server):
    from labelaudit_dagster.launch import train_user

    with make_audited_server(training="elsewhere") as api:
        path = "/v1/users/ann/models/my_model"
        put(api, f"{path}/labels/30", {"rating": 4})
        asked = api.post(f"{path}/trainings")
        assert asked.status_code == 202
        assert asked.headers["Retry-After"] == "5"
        assert (asked.json()["state"], asked.json()["honest_error"]) == ("waiting", None)
        status = asked.headers["Location"]
        assert status == asked.json()["status_url"] == f"{path}/trainings/1"
        waiting = api.get(status)
        assert waiting.json()["state"] == "waiting"
        model = api.get(path).json()
        assert (model["version"], model["state"], model["results"]["version"]) == (1, "waiting", 0)
        assert api.get(f"{path}/audit").json()["model_version"] == 0, "the results that there are"
        train_user(api.settings, "ann")
        done = api.get(status, headers={"If-None-Match": waiting.headers["ETag"]})
        assert (done.status_code, done.json()["state"]) == (200, "done")
        assert api.get(f"{path}/audit").json()["model_version"] == 1
        assert api.post(f"{path}/trainings").status_code == 200
