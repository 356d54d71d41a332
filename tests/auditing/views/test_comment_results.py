"""Results of a topic and of a keyword: hits, order, filters, table rows and plot rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.auditing.views import (
    ErrorFilter,
    comment_results,
    filter_rows,
    order_rows,
    select_rows,
)

ROW_KEYS = {
    "id",
    "comment",
    "topic",
    "user_color",
    "user_decision",
    "user_rating",
    "system_color",
    "system_decision",
    "system_rating",
    "error_color",
    "error_type",
    "toxicity_category",
    "judgment",
    "persp_score",
}


def ids(records):
    return [record["id"] for record in records]


def test_a_topic_by_hand(table, you):
    results = comment_results(table, you, topic="0_cats")
    assert results.item_ids == [10, 11, 12]
    rows = results.records()
    assert all(set(row) == ROW_KEYS for row in rows)
    # By the distance of the system from the threshold: 2, 1, 0.
    assert ids(rows) == [10, 12, 11]
    assert rows[1] == {
        "id": 12,
        "comment": "A rude cat.*",
        "topic": "0_cats",
        "user_color": "#FFF",
        "user_decision": "Non-toxic",
        "user_rating": 2.0,
        "system_color": "#808080",
        "system_decision": "Toxic",
        "system_rating": 3.0,
        "error_color": "#ffa894",
        "error_type": "System may be over-sensitive",
        "toxicity_category": "Insult",
        "judgment": "",
        "persp_score": 0.75,
    }


@pytest.mark.parametrize(
    ("error_filter", "in_table", "in_plot"),
    [
        (ErrorFilter.ALL, [10, 12, 11], [10, 11, 12]),
        (ErrorFilter.BOTH, [12, 11], [10, 11, 12]),
        (ErrorFilter.UNDER, [11], [11]),
        (ErrorFilter.OVER, [12], [10, 12]),
    ],
)
def test_filters_of_the_table_and_of_the_plot_differ(table, you, error_filter, in_table, in_plot):
    results = comment_results(table, you, topic="0_cats", error_filter=error_filter)
    assert ids(results.records()) == in_table
    assert ids(results.plot_records()) == in_plot
    assert results.item_ids == [10, 11, 12]


def test_a_keyword_without_the_model_still_shows_likely_errors_only(table, you):
    results = comment_results(
        table, you, keyword="cat", error_filter=ErrorFilter.BOTH, use_model=False
    )
    assert results.item_ids == [10, 11, 12, 16]
    rows = results.records()
    assert ids(rows) == [11, 12]  # the system's rating ascends
    assert [row["user_rating"] for row in rows] == [3.0, 2.0]
    plot = results.plot_records()
    assert [row["pred"] for row in plot] == [None] * 4
    assert [row["vis_pred_bin"] for row in plot] == [0.025, 1.975, 2.975, 2.375]
    assert {row["key"] for row in plot} == {"System says: Non-toxic", "System says: Toxic"}


def test_plot_rows_by_hand(table, you):
    plot = comment_results(table, you, topic="1_dogs_and").plot_records()
    assert plot == [
        {
            "id": 13,
            "comment": "dogs bark, straße",
            "category": "Insult",
            "rating_sys": 4.0,
            "pred": 3.9,
            "key": "System agrees: Toxic",
            "system_label": "toxic",
            "vis_pred_bin": 3.875,
            "row": 1,
            "url": "#13/#comment",
        },
        {
            "id": 14,
            "comment": "dogs bite",
            "category": "Profanity",
            "rating_sys": 3.6,
            "pred": 1.0,
            "key": "System differs: Error > 1.5",
            "system_label": "toxic",
            "vis_pred_bin": 0.975,
            "row": 1,
            "url": "#14/#comment",
        },
    ]


def test_nobody_s_model_gives_the_system_alone(table):
    results = comment_results(
        table, None, topic="0_cats", error_filter=ErrorFilter.BOTH, use_model=False
    )
    rows = results.records()
    assert ids(rows) == [10, 11, 12]
    assert {row["user_rating"] for row in rows} == {row["error_type"] for row in rows} == {None}
    assert [row["error_color"] for row in rows] == ["#FFF", "#FFF", "#808080"]
    json.dumps(rows + results.plot_records(), allow_nan=False)


def test_conditions_add_up_and_unknown_ones_find_nothing(table, you):
    assert comment_results(table, you, topic="-1_the_a").item_ids == [16]
    both = select_rows(table, topic="7_bus", item_ids=np.array([17, 10, 17, 999]))
    assert table.item_ids[both].tolist() == [10, 15, 17]
    for nothing in ({"topic": "9_none"}, {"keyword": "zebra"}, {"keyword": ""}, {}):
        results = comment_results(table, you, **nothing)
        assert results.item_ids == results.records() == results.plot_records() == []


def test_long_texts_are_shortened_in_the_plot_alone(table, you):
    results = comment_results(table, you, topic="1_dogs_and")
    assert [row["comment"] for row in results.plot_records(6)] == ["dogs…", "dogs…"]
    assert results.records()[0]["comment"] == "dogs bark, straße"


def test_table_and_plot_are_of_one_sample_of_five_hundred(large):
    table, you, frame = large
    results = comment_results(table, you, keyword="word", error_filter=ErrorFilter.ALL)
    hits = frame.loc[frame["text"].str.contains("word"), "item_id"].tolist()
    assert results.item_ids == hits
    rows, plot = results.records(), results.plot_records()
    assert len(rows) == 500
    assert sorted(ids(rows)) == ids(plot)
    again = comment_results(table, you, keyword="word", error_filter=ErrorFilter.BOTH)
    errors = [row for row in rows if "may be" in row["error_type"]]
    assert again.records() == errors
    # Of the same sample: filtering loses rows and does not draw others.
    assert 150 < len(errors) < 350


def test_orders_against_pandas(large):
    table, you, frame = large
    rows = filter_rows(table, you, np.arange(len(table)), ErrorFilter.OVER)
    mask = (frame["system_rating"].to_numpy() > 2) & (you <= 2)
    assert np.array_equal(rows, np.flatnonzero(mask))
    part = frame[mask].assign(amount=lambda f: (f["system_rating"] - 2).abs())
    expected = part.sort_values(["amount", "item_id"], ascending=[False, True])["item_id"]
    ordered = order_rows(table, rows, by_error=True)
    assert table.item_ids[ordered].tolist() == expected.tolist()
    expected = part.sort_values(["system_rating", "item_id"])["item_id"]
    ordered = order_rows(table, rows, by_error=False)
    assert table.item_ids[ordered].tolist() == expected.tolist()


def test_every_row_agrees_with_the_rules_written_once_more(large):
    table, you, _ = large
    threshold = TOXICITY_SCALE.threshold
    mine = dict(zip(table.item_ids.tolist(), you.tolist(), strict=True))
    theirs = dict(zip(table.item_ids.tolist(), table.system.tolist(), strict=True))
    for row in comment_results(table, you, topic="4_a_b").records():
        own, system = mine[row["id"]], theirs[row["id"]]
        assert row["user_decision"] == ("Toxic" if own > threshold else "Non-toxic")
        assert row["system_color"] == ("#808080" if system > threshold else "#FFF")
        differs = (own > threshold) != (system > threshold)
        assert row["error_type"].startswith("System may be") is differs
        assert row["user_rating"] == pytest.approx(own, abs=0.0051)
