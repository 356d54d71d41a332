"""Differences from the system, and the ranking of topics by how surely it errs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.disagreement import (
    disagreement_metrics,
    topic_disagreement,
    wilson_interval,
)
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.auditing.views import AuditTable, AuditViewError


def table_of(topics):
    """Make a table and predictions from topic → [(system, you, how many)]."""
    rows = [
        (topic, system, you)
        for topic, parts in topics.items()
        for system, you, count in parts
        for _ in range(count)
    ]
    frame = pd.DataFrame(rows, columns=["topic_id", "system_rating", "you"])
    frame = frame.assign(item_id=range(len(frame)), text="x")
    frame["topic"] = frame["topic_id"].map(lambda number: f"{number}_t")
    table = AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE)
    return table, frame["you"].to_numpy(np.float32)


def test_metrics_by_hand():
    metrics = disagreement_metrics([1.0, 3.0, 2.0], [2.0, 1.0, 2.0], scale=TOXICITY_SCALE)
    assert metrics.n == 3
    assert metrics.mae == pytest.approx(1.0)
    assert metrics.mse == pytest.approx(5 / 3)
    assert metrics.rmse == pytest.approx((5 / 3) ** 0.5)
    assert metrics.signed_avg_diff == pytest.approx(1 / 3)
    assert metrics.decision_disagreement == pytest.approx(1 / 3)
    flipped = disagreement_metrics([2.0, 1.0, 2.0], [1.0, 3.0, 2.0], scale=TOXICITY_SCALE)
    assert flipped.signed_avg_diff == -metrics.signed_avg_diff
    assert flipped.avg_diff == metrics.avg_diff
    document = json.loads(json.dumps(metrics.to_document(3)))
    assert document == {
        "n": 3,
        "mae": 1.0,
        "mse": 1.667,
        "rmse": 1.291,
        "signed_avg_diff": 0.333,
        "avg_diff": 0.333,
        "decision_disagreement": 0.333,
    }


@pytest.mark.parametrize(
    ("you", "system", "message"),
    [
        ([], [], "no comment"),
        ([1.0], [1.0, 2.0], "cannot be compared"),
        ([float("nan")], [1.0], "not a finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(you, system, message):
    with pytest.raises(AuditViewError, match=message):
        disagreement_metrics(you, system, scale=TOXICITY_SCALE)


def test_wilson_interval_against_known_values():
    # Newcombe (1998), table I: 81 of 263 and 15 of 148 at 95 %.
    low, high = wilson_interval([81, 15, 0, 5, 0], [263, 148, 20, 5, 0], z=1.959964)
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.5655, 0.0], abs=6e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 1.0, 1.0], abs=6e-5)


def test_a_small_topic_does_not_lead_by_chance():
    table, you = table_of(
        {
            0: [(3.0, 1.0, 3)],  # three of three flagged
            1: [(3.0, 1.0, 60), (1.0, 1.0, 60)],  # half of 120
            2: [(1.0, 1.0, 400)],
            3: [(1.0, 3.0, 30), (1.0, 1.0, 90)],  # a quarter of 120 missed
        }
    )
    ranked = topic_disagreement(table, you)
    assert ranked["topic_id"].tolist() == [1, 3, 0, 2]
    assert ranked["direction"].tolist() == [
        "over-sensitive",
        "under-sensitive",
        "over-sensitive",
        "",
    ]
    assert ranked["severity"].is_monotonic_decreasing
    assert ranked["severity"].iloc[-1] == 0.0
    first = ranked.iloc[0]
    assert (first["n_comments"], first["n_over"], first["n_under"]) == (120, 60, 0)
    assert first["share_over"] == 0.5
    assert first["over_low"] < 0.5 < first["over_high"]
    assert first["severity"] < first["over_low"]
    assert (first["median_system"], first["median_you"]) == (2.0, 1.0)
    assert (first["mean_system"], first["mean_you"]) == (2.0, 1.0)


def test_many_errors_in_a_large_topic_lead_a_small_topic_of_errors_alone_only_where_sure():
    # Thirty of thirty is no accident: it leads sixty of 120.
    table, you = table_of(
        {0: [(3.0, 1.0, 30)], 1: [(3.0, 1.0, 60), (1.0, 1.0, 60)], 2: [(1.0, 1.0, 400)]}
    )
    assert topic_disagreement(table, you)["topic_id"].tolist() == [0, 1, 2]


def test_outliers_take_part_only_when_asked():
    table, you = table_of({-1: [(3.0, 1.0, 50)], 0: [(1.0, 1.0, 5)], 300: [(1.0, 3.0, 5)]})
    assert topic_disagreement(table, you)["topic_id"].tolist() == [300, 0]
    assert topic_disagreement(table, you, with_outliers=True)["topic_id"].tolist() == [-1, 300, 0]


def test_equal_severities_go_by_the_difference_of_means_then_by_number():
    table, you = table_of(
        {
            0: [(1.0, 1.0, 8)],
            1: [(1.0, 2.0, 8)],
            2: [(1.0, 1.0, 8)],
        }
    )
    assert topic_disagreement(table, you)["topic_id"].tolist() == [1, 0, 2]


def test_counts_against_pandas(large):
    table, you, frame = large
    ranked = topic_disagreement(table, you).set_index("topic_id").sort_index()
    frame = frame.assign(
        under=(frame["system_rating"].to_numpy() <= 2) & (you > 2),
        over=(frame["system_rating"].to_numpy() > 2) & (you <= 2),
    )
    expected = frame[frame["topic_id"] >= 0].groupby("topic_id")
    assert ranked["n_comments"].tolist() == expected.size().tolist()
    for name in ("under", "over"):
        assert ranked[f"n_{name}"].tolist() == expected[name].sum().tolist()
        assert np.allclose(ranked[f"share_{name}"], expected[name].mean())
    assert ranked["median_system"].tolist() == expected["system_rating"].median().tolist()


def test_a_planted_fault_is_found_among_noise():
    rng = np.random.default_rng(4)
    n, found = 3_000, 0
    topic = rng.choice([*range(40)], n, p=[0.1, 0.1, *[0.8 / 38] * 38])
    for _ in range(20):
        truth = rng.uniform(0, 4, n)
        system = np.clip(truth + rng.normal(0, 0.8, n) + 1.2 * (topic == 0), 0, 4)
        frame = pd.DataFrame(
            {
                "item_id": range(n),
                "text": "x",
                "topic_id": topic,
                "topic": [f"{number}_t" for number in topic],
                "system_rating": system,
            }
        )
        table = AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE)
        best = topic_disagreement(table, truth).iloc[0]
        found += (best["topic_id"], best["direction"]) == (0, "over-sensitive")
    assert found == 20


def test_an_empty_table_ranks_nothing(frames):
    table = AuditTable.from_frames(*(frame.iloc[:0] for frame in frames[:3]), scale=TOXICITY_SCALE)
    ranked = topic_disagreement(table, np.empty(0, np.float32))
    assert ranked.empty
    assert "severity" in ranked.columns
