"""Topic overview, lists of topics, quality bands, and exploration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.views import (
    AuditViewError,
    TopicIndex,
    band_ranges,
    explorable_rows,
    exploration_sample,
    grouped_topics,
    is_group_model,
    largest_topics,
    quality_band,
    topic_choices,
    topic_of_model,
    topic_overview,
    tuned_topics,
    tuning_choices,
)


def index_of(sizes):
    ids = np.repeat(list(sizes), list(sizes.values())).astype(np.int64)
    return TopicIndex.from_rows(ids, [f"{number}_t" for number in ids.tolist()])


def test_overview_by_hand(table, you):
    records = topic_overview(table, you).records()
    # Numbers from 200 are not shown; the outliers are.
    assert [row["topic"] for row in records] == ["-1_the_a", "0_cats", "1_dogs_and", "7_bus"]
    assert records[1] == {
        "topic_id": 0,
        "topic": "0_cats",
        "n_comments": 3,
        "rating_sys": 2.0,
        "pred": 2.0,
        "error_type": "No error (agree non-toxic)",
        "system_label": "non-toxic",
        "key": "System agrees: Non-toxic",
        "vis_pred_bin": 1.975,
        "row": 1,
        "url": "#0_cats/#topic",
    }
    assert [row["rating_sys"] for row in records] == [2.4, 2.0, 3.8, 0.4]
    assert [row["pred"] for row in records] == [2.4, 2.0, 2.45, 4.0]
    assert records[3]["key"] == "System differs: Error > 1.5"
    means = topic_overview(table, you, method="mean").records()
    assert [row["rating_sys"] for row in means] == [2.4, 1.67, 3.8, 0.4]
    assert [row["pred"] for row in means] == [2.4, 1.67, 2.45, 4.0]


def test_overview_without_a_model_shows_the_system(table):
    records = topic_overview(table, None).records()
    assert {row["pred"] for row in records} == {row["error_type"] for row in records} == {None}
    assert [row["vis_pred_bin"] for row in records] == [2.375, 1.975, 3.775, 0.375]
    assert records[0]["key"] == "System says: Toxic"


@pytest.mark.parametrize("method", ["median", "mean"])
def test_overview_agrees_with_pandas(large, method):
    table, you, frame = large
    overview = topic_overview(table, you, method=method)
    expected = (
        frame.assign(you=you.astype(float))
        .groupby("topic_id")[["system_rating", "you"]]
        .agg(method)
    )
    assert overview.topic_ids.tolist() == expected.index.tolist()
    assert np.allclose(overview.system, expected["system_rating"], rtol=1e-6)
    assert np.allclose(overview.you, expected["you"], rtol=1e-6)


def test_topics_are_summed_up_by_median_or_mean_alone(table, you):
    with pytest.raises(AuditViewError, match="'mode'"):
        topic_overview(table, you, method="mode")


def test_choices_leave_out_the_outliers_and_keep_real_topics():
    topics = index_of({-1: 3, 0: 160, 2: 150, 3: 149, 11: 400})
    assert [choice.topic_id for choice in topic_choices(topics)] == [0, 2, 3, 11]
    # The original drops the first, a real topic where the outliers are few.
    assert [choice.option() for choice in tuning_choices(topics)] == [
        {"value": 0, "text": "0_t"},
        {"value": 2, "text": "2_t"},
        {"value": 11, "text": "11_t"},
    ]
    assert largest_topics(topics, 2) == ["11_t", "0_t"]


def test_where_no_topic_is_large_the_largest_can_be_tuned():
    topics = index_of({-1: 300, **{number: 10 + number % 3 for number in range(8)}})
    assert [choice.topic_id for choice in tuning_choices(topics)] == [1, 2, 4, 5, 7]
    assert tuning_choices(index_of({-1: 300})) == []


def test_tuned_topics_are_the_ends_of_model_names():
    ids = np.array([-1, 1, 11, 12], dtype=np.int64)
    topics = TopicIndex.from_rows(ids, ["-1_x", "1_a_b", "11_a_b", "12_c"])
    assert topic_of_model("my_model_11_a_b", topics) == "11_a_b"
    assert topic_of_model("my_model_1_a_b", topics) == "1_a_b"
    assert topic_of_model("11_a_b", topics) is None
    assert topic_of_model("my_model_-1_x", topics) is None
    assert topic_of_model("my_model", topics) is None
    assert tuned_topics(["m", "m_12_c", "m_1_a_b", "n_1_a_b"], topics) == ["1_a_b", "12_c"]


def test_groups_of_topics_follow_the_rule_and_are_never_empty():
    ids = np.array([-1, 0, 1], dtype=np.int64)
    topics = TopicIndex.from_rows(ids, ["-1_x", "0_a", "1_b"])

    def labels(models, **options):
        return [
            (group["label"], [option["text"] for option in group["options"]])
            for group in grouped_topics(topics, models, **options)
        ]

    everything = [("All auto-generated topics", ["0_a", "1_b"])]
    tuned = [("Topics with tuned models", ["1_b"]), ("All other topics", ["0_a"])]
    assert labels([]) == labels(["m", "m_1_b"]) == labels(["x", "y", "z"]) == everything
    assert labels(["m", "m_1_b", "n"], user="somebody") == tuned
    assert labels(["m", "m_1_b", "n"], scaffold="tutorial") == everything
    assert labels(["m", "m_1_b", "n"], user="DemoUser") == everything
    assert labels(["m", "m_1_b", "m_0_a"]) == [("Topics with tuned models", ["0_a", "1_b"])]


def test_group_models_are_known_by_name():
    assert is_group_model("my_model_group_gendernull_relignull_polnull_race_lgbtq_null")
    assert not is_group_model("my_model")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (0.0, "Good"),
        (0.999, "Good"),
        (1.0, "Okay"),
        (1.199, "Okay"),
        (1.2, "Needs improvement"),
        (None, "Not known yet"),
    ],
)
def test_bands_speak_of_the_honest_error(error, name):
    band = quality_band(error, TOXICITY_SCALE)
    assert band.name == name
    assert f"<b>{name}</b>" in band.html
    assert band.html.replace("<b>", "").replace("</b>", "") == band.text
    assert ("without itself" in band.text) is (error is not None)


def test_bands_follow_the_scale():
    hundred = RatingScale.from_values([0, 50, 100])
    assert quality_band(24.9, hundred).name == "Good"
    assert quality_band(25.0, hundred).name == "Okay"
    assert [(band.start, band.stop) for band in band_ranges(hundred, 60)] == [
        (0.0, 25.0),
        (25.0, 30.0),
        (30.0, 60),
    ]


def test_exploration_is_random_without_repeats_and_reproducible(table):
    rows = exploration_sample(table, 5, seed=1)
    assert len({row["item_id"] for row in rows}) == 5
    assert rows == exploration_sample(table, 5, seed=1) != exploration_sample(table, 5, seed=2)
    everything = pd.DataFrame(exploration_sample(table, 500, seed=1)).sort_values("item_id")
    assert everything["item_id"].tolist() == table.item_ids.tolist()
    assert everything["rating"].tolist() == table.system.tolist()
    assert everything.set_index("item_id").loc[[11, 12], "system_decision"].tolist() == [
        "Non-toxic",
        "Toxic",
    ]
    assert exploration_sample(table, -3, seed=1) == []


def test_exploration_among_comments_that_meet_every_condition(table):
    topic = table.topics.names[0]
    word = table.texts[table.topics.rows_of(topic)[0]].split()[0]
    everything = explorable_rows(table)
    assert everything.tolist() == list(range(len(table)))
    positive = explorable_rows(table, system_positive=True)
    negative = explorable_rows(table, system_positive=False)
    assert sorted([*positive, *negative]) == everything.tolist()
    assert table.system_positive[positive].all()
    both = explorable_rows(table, topic=topic, keyword=word)
    assert both.tolist() == [
        row for row in table.topics.rows_of(topic).tolist()
        if word.casefold() in table.texts[row].casefold()
    ]  # fmt: skip
    assert explorable_rows(table, keyword="nowhere in it").tolist() == []
    rows = exploration_sample(table, 3, seed=1, among=positive)
    assert {row["item_id"] for row in rows} <= set(table.item_ids[positive].tolist())
    assert exploration_sample(table, 3, seed=1, among=positive[:0]) == []
