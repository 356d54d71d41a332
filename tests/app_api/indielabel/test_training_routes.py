"""Labels in, models out: what is kept, what comes back, what is not trained twice."""

from __future__ import annotations

import json
import threading

import pytest

from labelaudit_dagster.store import current_labels, list_models, list_trainings


def labels_of(client, user, model="my_model"):
    found = current_labels(client.server.database, user, model)
    return dict(zip(found["item_id"].tolist(), found["rating"].tolist(), strict=True))


def ratings_for(texts, start=0):
    return {text: str((place + start) % 5) for place, text in enumerate(texts)}


def test_training_answers_all_that_the_client_reads(client):
    ratings = ratings_for(client.comments())
    found = client.train("anna", ratings)
    assert found["model_name"] == "my_model"
    assert found["ratings_prev"] == ratings
    assert 0 < found["mae"] <= found["rmse"] <= 4
    assert found["mse"] == pytest.approx(found["rmse"] ** 2, abs=0.01)
    assert found["avg_diff"] == abs(found["signed_avg_diff"])
    assert all(found[name] == round(found[name], 3) for name in ("mae", "mse", "rmse", "avg_diff"))
    assert 0 < found["model_mae"] < 4
    band = (
        "Good" if found["model_mae"] < 1.0
        else "Okay" if found["model_mae"] < 1.2
        else "Needs improvement"
    )  # fmt: skip
    assert f"<b>{band}</b>" in found["mae_status"]
    assert "your own labels" in found["mae_status"]
    assert (found["n_stored"], found["n_unknown"]) == (20, 0)
    plot = found["perf_plot_json"]
    bands = plot["datasets"][plot["layer"][0]["data"]["name"]]
    assert {"start", "stop", "bkgd"} <= set(bands[0])
    (row,) = plot["datasets"][plot["layer"][1]["data"]["name"]]
    assert (row["version"], row["metric"]) == (0, "Your MAE")
    assert row["perf"] == pytest.approx(found["model_mae"], abs=5e-4)
    assert plot["title"]["text"] == "Performance over model versions: my_model"
    assert plot["width"] == 500
    viewed = client.ask(
        "get_personalized_model", model_name="my_model", ratings="null", mode="view", user="anna"
    )
    kept = {name: value for name, value in found.items() if not name.startswith(("n_", "unknown"))}
    assert viewed == kept


def test_the_same_again_trains_nothing(client):
    ratings = ratings_for(client.comments(8))
    first = client.train("ben", ratings)
    again = client.train("ben", ratings)
    assert (again["n_stored"], again["n_unchanged"]) == (0, 8)
    different = {"n_stored", "n_unchanged"}
    assert {k: v for k, v in first.items() if k not in different} == {
        k: v for k, v in again.items() if k not in different
    }
    assert len(list_trainings(client.server.database, "ben")) == 1


def test_a_changed_label_wins_and_a_new_version_follows(client):
    texts = client.comments(6)
    client.train("cleo", dict.fromkeys(texts, "0"))
    found = client.train("cleo", {texts[0]: "4", texts[1]: 3})
    assert found["ratings_prev"] == {**dict.fromkeys(texts, "0"), texts[0]: "4", texts[1]: "3"}
    assert sorted(labels_of(client, "cleo").values()) == [0.0, 0.0, 0.0, 0.0, 3.0, 4.0]
    plot = found["perf_plot_json"]
    rows = plot["datasets"][plot["layer"][1]["data"]["name"]]
    assert [row["version"] for row in rows] == [0, 1]


def test_unsure_is_kept_comes_back_and_trains_nothing(client):
    first, second, third, *_ = client.comments()
    found = client.train("dora", {first: "-1", second: "2", third: -1})
    assert found["ratings_prev"] == {first: "-1", second: "2", third: "-1"}
    view = client.server.app.state.services.audit.user("dora")
    model = view.models["my_model"]
    assert (model.n_labels, model.n_unsure) == (1, 2)
    # One label gives no honest error, and the answer says so without a NaN.
    assert found["model_mae"] is None
    assert "Not known yet" in found["mae_status"]
    assert found["perf_plot_json"]["datasets"]


def test_unknown_comments_are_counted_and_named_and_hold_up_nobody(client):
    (text,) = client.comments(1)
    found = client.train("emil", {text: "1", "no such comment": "2", "nor\x00 this": "3"})
    assert found["n_unknown"] == 2
    assert found["unknown_comments"] == ["no such comment", "nor\x00 this"]
    assert found["ratings_prev"] == {text: "1"}


def test_twins_are_one_comment(client):
    twin = "games are fine, twice over"
    found = client.train("twin", {twin: "3"})
    assert found["ratings_prev"] == {twin: "3"}
    assert labels_of(client, "twin") == {40: 3.0}


@pytest.mark.parametrize(
    "name",
    ["../../etc", "..", "a/b", "x" * 300, "<b>ü</b>\x00x"],
)
def test_names_are_only_names(client, name):
    (text,) = client.comments(1)
    found = client.train(name, {text: "1"}, model=name)
    assert found["model_name"] == name
    settings = client.ask("audit_settings", user=name)
    assert settings["user"] == name
    assert settings["personalized_models"] == [name]
    assert client.ask("get_audit", pers_model=name, cur_user=name)["overall_perf"] is not None


def test_two_trainings_of_one_person_follow_each_other(client):
    texts = client.comments(12)
    answers = []

    def train(part):
        answers.append(client.train("twice", ratings_for(part)))

    threads = [threading.Thread(target=train, args=(texts[i::2],)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    trainings = list_trainings(client.server.database, "twice")
    assert [one.version for one in trainings] == list(range(len(trainings)))
    assert trainings[-1].n_labels == 12
    view = client.server.app.state.services.audit.user("twice")
    assert view.models["my_model"].version == trainings[-1].version
    assert view.models["my_model"].n_labels == 12


def test_labels_are_on_the_disk_when_training_fails(client, monkeypatch):
    from labelaudit_dagster.run_outcome import RunOutcome

    trainer = client.server.app.state.services.trainer
    monkeypatch.setattr(
        trainer._launcher,
        "_run_in_one_step",
        lambda *_, **__: RunOutcome("a-run", succeeded=False, problems=["it broke"]),
    )
    texts = client.comments(3)
    answer = client.get(
        "get_personalized_model",
        model_name="my_model",
        ratings=json.dumps(dict.fromkeys(texts, "1")),
        mode="train",
        user="frida",
    )
    assert answer.status_code == 503
    assert "labels are stored" in answer.json()["detail"]
    assert "it broke" not in answer.text
    assert len(labels_of(client, "frida")) == 3
    monkeypatch.undo()
    # The same request later trains what was left.
    assert client.train("frida", dict.fromkeys(texts, "1"))["n_unchanged"] == 3


def test_a_topic_model_is_a_model_of_its_own(client):
    client.train("gina", ratings_for(client.comments(4)))
    topic = client.ask("audit_settings", user="gina")["clusters"][0]["options"][1]["text"]
    texts = client.ask("get_comments_to_label_topic", topic=topic)["to_label"][:5]
    found = client.ask(
        "get_personalized_model_topic",
        model_name="my_model",
        ratings=json.dumps(dict.fromkeys(texts, "4")),
        user="gina",
        topic=topic,
    )
    name = f"my_model_{topic}"
    assert found["success"] == "success"
    assert found["new_model_name"] == name
    # Labels of the base model are not carried over.
    assert found["ratings_prev"] == dict.fromkeys(texts, "4")
    (model,) = [one for one in list_models(client.server.database, "gina") if one.name == name]
    assert (model.kind, model.base, model.topic) == ("topic", "my_model", topic)
    settings = client.ask("audit_settings", user="gina")
    assert settings["personalized_models"] == ["my_model", name]
    # Two models are not grouped; with a third the tuned topic leads.
    assert len(settings["clusters"]) == 1
    client.train("gina", dict.fromkeys(texts, "1"), model="other")
    groups = client.ask("audit_settings", user="gina", scaffold_method="personal")["clusters"]
    assert [group["label"] for group in groups] == ["Topics with tuned models", "All other topics"]
    assert [option["text"] for option in groups[0]["options"]] == [topic]
    for options in (
        {"user": "gina", "scaffold_method": "tutorial"},
        {"user": "DemoUser", "scaffold_method": "personal"},
    ):
        assert len(client.ask("audit_settings", **options)["clusters"]) == 1


@pytest.mark.parametrize("topic", ["null", "99_nothing"])
def test_without_a_real_topic_no_topic_model_is_made(client, topic):
    (text,) = client.comments(1)
    answer = client.get(
        "get_personalized_model_topic",
        model_name="my_model",
        ratings=json.dumps({text: "1"}),
        user="hugo",
        topic=topic,
    )
    assert answer.status_code == 422
    assert list_models(client.server.database, "hugo") == []


def test_a_group_gets_a_model_of_its_medians(client):
    asked = {
        "user": "ines",
        "model_name": "my_model",
        "sel_gender": "Female",
        "sel_pol": "null",
        "sel_relig": "undefined",
        "sel_race": "White,Asian",
        "sel_lgbtq": "null",
    }
    # Fewer than five people meet both conditions.
    assert client.ask("get_group_model", **asked) == {
        "group_size": 0,
        "mae": None,
        "new_model_name": None,
    }
    assert list_models(client.server.database, "ines") == []
    found = client.ask("get_group_model", **(asked | {"sel_race": ""}))
    name = "my_model_group_genderFemale_relignull_polnull_race_lgbtq_null"
    assert found["group_size"] == 12
    assert found["new_model_name"] == name
    view = client.server.app.state.services.audit.user("ines")
    assert found["mae"] == view.models[name].metrics["mae"]
    assert view.models[name].n_labels == 20
    settings = client.ask("audit_settings", user="ines")
    assert settings["personalized_model_grp"] == settings["personalized_models"] == [name]
    # The same group again is the same model, and nothing is trained.
    assert client.ask("get_group_model", **(asked | {"sel_race": ""})) == found
    assert len(list_trainings(client.server.database, "ines", name)) == 1


def test_post_does_the_same_with_ratings_as_an_object(client):
    ratings = ratings_for(client.comments(3))
    answer = client.server.post(
        "/get_personalized_model",
        {"user": "post", "model_name": "my_model", "mode": "train", "ratings": ratings},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["ratings_prev"] == ratings
    again = client.train("post", ratings)
    assert again["n_unchanged"] == 3
