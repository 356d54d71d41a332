"""What the client meets before anybody has labelled: settings, comments, groups, exploration."""

from __future__ import annotations

import json
import re

import pytest

from labelaudit_dagster.store import list_users

TWIN = "games are fine, twice over"

EVERY_NOTHING = [{}, {"user": "null"}, {"user": "undefined"}, {"user": ""}]


@pytest.mark.parametrize("nobody", EVERY_NOTHING)
def test_somebody_without_a_name_gets_one_and_nothing_is_kept(client, nobody):
    found = [client.ask("audit_settings", **nobody) for _ in range(2)]
    names = [answer["user"] for answer in found]
    assert all(re.fullmatch(r"[a-z]+_[a-z]+", name) for name in names)
    assert names[0] != names[1]
    assert list_users(client.server.database) == []
    assert found[0]["personalized_models"] == found[0]["personalized_model_grp"] == []


def test_settings_have_what_the_client_opens_at_once(client):
    found = client.ask("audit_settings", user="ann", scaffold_method="null", perf_metric="x")
    assert found["user"] == "ann"
    assert found["perf_metrics"] == [
        "Average rating difference",
        "Mean Absolute Error (MAE)",
        "Root Mean Squared Error (RMSE)",
        "Mean Squared Error (MSE)",
    ]
    (group,) = found["clusters"]
    assert group["label"] == "All auto-generated topics"
    numbers = [option["value"] for option in group["options"]]
    assert numbers == list(range(len(numbers)))
    assert all(
        re.fullmatch(rf"{option['value']}(_[a-z0-9]+)+", option["text"])
        for option in group["options"]
    )
    # No topic has 150 comments here, so the largest ones stand in.
    assert found["clusters_for_tuning"]
    assert all(option in group["options"] for option in found["clusters_for_tuning"])


def test_labelling_starts_without_models(client):
    found = client.ask("get_labeling", user="nobody_yet")
    assert found["personalized_models"] == []
    assert found["model_name_suggestion"] == "my_model"
    assert set(found["clusters_for_tuning"][0]) == {"value", "text"}
    assert list_users(client.server.database) == []


def test_at_most_twenty_comments_come_each_with_a_text_of_its_own(client, unlike):
    found = client.comments(40)
    assert len(found) == len(set(found)) == 20
    assert set(found) <= set(unlike["text"])
    assert len(client.comments(5)) == 5
    assert len(client.comments(1)) == 1
    assert client.comments(0) == []
    assert len(client.ask("get_comments_to_label", n="null")["to_label"]) == 20


def test_comments_are_of_every_bin_as_agreed(client, unlike):
    scores = unlike.drop_duplicates("text").set_index("text")["score"]
    edges = (0.5, 1.5, 2.5, 3.5)
    found = [sum(scores[text] >= edge for edge in edges) for text in client.comments()]
    assert [found.count(number) for number in range(5)] == [2, 4, 8, 4, 2]


def test_other_comments_come_each_time(client):
    draws = [tuple(client.comments()) for _ in range(4)]
    assert len(set(draws)) == 4


def test_comments_to_label_are_training_comments_and_twins_are_one(client):
    corpus = client.server.app.state.services.audit.corpus()
    allowed = {corpus.table.texts[row] for row in corpus.training_rows().tolist()}
    offered = [corpus.table.texts[row] for row in corpus.labelling_rows().tolist()]
    assert len(set(offered)) == len(offered)
    assert set(offered) <= allowed
    assert set(client.comments()) <= set(offered)
    assert offered.count(TWIN) <= 1


@pytest.mark.parametrize("topic", ["undefined", "null", "", "99_no_such_topic", "'; DROP TABLE"])
def test_without_a_topic_there_is_nothing_to_label(client, topic):
    assert client.ask("get_comments_to_label_topic", topic=topic) == {"to_label": []}
    assert client.ask("get_comments_to_label_topic") == {"to_label": []}


def test_comments_of_a_topic_are_of_that_topic(client):
    corpus = client.server.app.state.services.audit.corpus()
    for name in corpus.topics.names[-2:]:
        rows = corpus.topics.rows_of(name).tolist()
        found = client.ask("get_comments_to_label_topic", topic=name)["to_label"]
        assert 0 < len(found) <= 20
        assert set(found) <= {corpus.table.texts[row] for row in rows}


@pytest.mark.parametrize("n", ["-1", "many", "1.5", "1e3"])
def test_a_number_that_is_none_is_a_problem(client, n):
    answer = client.get("get_comments_to_label", n=n)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "n" in answer.json()["errors"][0]["field"]


def test_exploring_gives_rows_as_text_inside_json(client, unlike):
    answer = client.ask("get_explore_examples", n_examples=12)
    rows = json.loads(answer["examples"])
    assert len({row["item_id"] for row in rows}) == 12
    for row in rows:
        score = unlike["score"][row["item_id"]]
        assert row["comment"] == unlike["text"][row["item_id"]]
        assert row["rating"] == score
        assert row["system_decision"] == ("Toxic" if score > 2 else "Non-toxic")
        assert row["system_color"] == ("#808080" if score > 2 else "#FFF")


def test_more_examples_than_there_are_comments_are_all_of_them(client, unlike):
    rows = json.loads(client.ask("get_explore_examples", n_examples=10**9)["examples"])
    assert len(rows) == len(unlike)
    assert len(json.loads(client.ask("get_explore_examples")["examples"])) == 20
    assert json.loads(client.ask("get_explore_examples", n_examples=0)["examples"]) == []


GROUPS = [
    ({}, 24),
    ({"sel_gender": "Female"}, 12),
    ({"sel_gender": "null", "sel_pol": "undefined", "sel_race": ""}, 24),
    ({"sel_gender": "Female", "sel_pol": "Liberal"}, 0),  # 4 people: fewer than five
    ({"sel_pol": "Liberal"}, 8),
    ({"sel_race": "White"}, 16),
    ({"sel_race": "White,Asian"}, 8),
    ({"sel_race": "Asian,White"}, 8),
    ({"sel_race": "Whit"}, 0),  # part of a word
    ({"sel_race": ".*"}, 0),  # no pattern
    ({"sel_lgbtq": "LGBTQ+"}, 16),
    ({"sel_lgbtq": "Non-LGBTQ+"}, 8),
    ({"sel_relig": "Very important"}, 18),
    ({"sel_gender": "Nonbinary"}, 0),
]


@pytest.mark.parametrize(("group", "size"), GROUPS)
def test_groups_are_counted_and_small_ones_hidden(client, group, size):
    assert client.ask("get_group_size", **group) == {"group_size": size}


def test_without_a_model_there_is_no_overview(client):
    for nothing in ("", "null", "undefined"):
        found = client.ask("get_audit", pers_model=nothing, cur_user="ann", error_type="Both")
        assert found == {"overall_perf": None}


def test_a_keyword_can_be_searched_without_a_model(client, unlike):
    found = client.ask(
        "get_cluster_results",
        pers_model="",
        cur_user="null",
        cluster="null",
        topic_df_ids="",
        search_type="keyword",
        keyword="SquAD",
        error_type="Both",
    )
    expected = unlike[unlike["text"].str.contains("squad")]
    assert sorted(found["topic_df_ids"]) == sorted(expected.index)
    rows = json.loads(found["cluster_comments"])
    assert [row["system_rating"] for row in rows] == sorted(expected["score"])
    assert {row["user_rating"] for row in rows} == {None}


@pytest.mark.parametrize(
    "keyword", [".*", "%", "_", "(", "\\", "<script>alert(1)</script>", "\x00", "\u202e"]
)
def test_keywords_are_taken_literally(client, keyword):
    found = client.ask("get_cluster_results", search_type="keyword", keyword=keyword)
    assert found["topic_df_ids"] == []
    assert found["cluster_comments"] is None
    assert found["cluster_overview_plot_json"] is None
    assert found["odds_ratio_explanation"] is None


def test_viewing_a_model_that_is_not_there_creates_nothing(client):
    answer = client.get(
        "get_personalized_model", model_name="ghost", ratings="null", mode="view", user="ghost"
    )
    assert answer.status_code == 404
    assert answer.json()["type"].endswith(":not-found")
    assert list_users(client.server.database) == []
    assert client.ask("get_labeling", user="ghost")["personalized_models"] == []


def test_what_the_corpus_lacks_cannot_be_rated(client):
    answer = client.get(
        "get_personalized_model",
        model_name="my_model",
        ratings='{"not a comment": "1"}',
        mode="train",
        user="ghost",
    )
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":unknown-id")
    assert list_users(client.server.database) == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"mode": "train", "user": "ann"}, "model_name"),
        ({"mode": "train", "user": "null", "model_name": "m"}, "user"),
        ({"mode": "other", "user": "ann", "model_name": "m"}, "mode"),
        ({"mode": "train", "user": "ann", "model_name": "m", "ratings": "[]"}, "ratings"),
        ({"mode": "train", "user": "ann", "model_name": "m", "ratings": '{"a": 9}'}, "ratings"),
    ],
)
def test_what_is_missing_or_wrong_is_named(client, parameters, field):
    answer = client.get("get_personalized_model", **parameters)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert list_users(client.server.database) == []
