"""Report drafts by every method; the list is never empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.auditing.scaffolds import (
    PROMPTS,
    ReportDraft,
    personal_scaffold,
    scaffold,
)
from labelaudit_dagster.auditing.views import AuditTable, AuditViewError

UNDER, OVER = "System is under-sensitive", "System is over-sensitive"


def found(drafts):
    return [(draft.title.removeprefix("Topic: "), draft.error_type) for draft in drafts]


def test_shares_of_errors_by_topic(table, you):
    drafts = personal_scaffold(table, you)
    # Neither the outliers nor topic 250.
    assert sorted(found(drafts)) == sorted(
        [("7_bus", UNDER), ("0_cats", UNDER), ("1_dogs_and", OVER), ("0_cats", OVER)]
    )
    assert found(drafts) == found(personal_scaffold(table, you))
    orders = {tuple(found(personal_scaffold(table, you, seed=seed))) for seed in range(9)}
    assert len(orders) > 1


def test_the_five_largest_each_way():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"topic_id": np.repeat(range(14), 50), "item_id": range(700), "text": "x"})
    frame["topic"] = frame["topic_id"].map(lambda number: f"{number}_t")
    missed = np.array([0] * 7 + [5, 10, 15, 20, 25, 30, 35])
    place = np.tile(range(50), 14)
    wrong = place < np.repeat(missed, 50)
    frame["system_rating"] = np.where(wrong, 1.0, rng.uniform(0, 2, 700))
    you = np.where(wrong, 3.0, 0.0)
    table = AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE)
    expected = [(f"{number}_t", UNDER) for number in (13, 12, 11, 10, 9)]
    assert sorted(found(personal_scaffold(table, you))) == sorted(expected)
    far = {3: (0.0, 4.0), 4: (0.0, 3.5), 5: (4.0, 1.0)}
    for number, (said, mine) in far.items():
        frame.loc[frame["topic_id"] == number, "system_rating"] = said
        you[frame["topic_id"] == number] = mine
    table = AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE)
    drafts = scaffold("personal", table, you, topic_method="mae")
    assert len(drafts) == 10
    assert found(drafts)[:3] == [("3_t", UNDER), ("4_t", UNDER), ("5_t", OVER)]
    # 30 and 35 of 50 comments move a median across, only 35 of them a mean.
    for method, last in (("median", ["12_t", "13_t"]), ("mean", ["13_t"])):
        drafts = scaffold("personal", table, you, topic_method=method)
        each = found(drafts)
        assert each[:2] == [("3_t", UNDER), ("4_t", UNDER)]
        assert each[2:] == [*((topic, UNDER) for topic in last), ("5_t", OVER)]


@pytest.mark.parametrize("method", ["median", "mean"])
def test_aggregates_on_different_sides(table, you, method):
    # Topic 1: 2.45 against 3.8 agree; only topic 7 lies on different sides.
    assert found(personal_scaffold(table, you, topic_method=method)) == [("7_bus", UNDER)]


@pytest.mark.parametrize(
    ("method", "order"),
    [
        # Gaps: topic 0: 0, 1, -1; topic 1: -0.1, -2.6; topic 7: 3.6.
        ("mae", ["7_bus", "1_dogs_and", "0_cats"]),
        ("mse", ["7_bus", "1_dogs_and", "0_cats"]),
        ("avg_diff", ["7_bus", "1_dogs_and", "0_cats"]),
    ],
)
def test_topics_by_their_error(table, you, method, order):
    drafts = personal_scaffold(table, you, topic_method=method)
    assert [topic for topic, _ in found(drafts)] == order
    types = dict(found(drafts))
    assert types == {
        "7_bus": UNDER,
        "1_dogs_and": "Show errors and non-errors",
        "0_cats": "Show errors and non-errors",
    }


def test_unknown_ways_to_compare_topics_are_refused(table, you):
    with pytest.raises(AuditViewError, match="'fnord'"):
        scaffold("personal", table, you, topic_method="fnord")


def test_fixed_topics_are_those_configured_else_the_largest(table, you):
    drafts = scaffold("fixed", table, you, fixed_topics=["7_bus", "gone", "0_cats"])
    assert found(drafts) == [("7_bus", UNDER), ("0_cats", OVER)]
    drafts = scaffold("fixed", table, None)
    assert found(drafts) == [
        ("0_cats", UNDER),
        ("1_dogs_and", OVER),
        ("7_bus", UNDER),
        ("250_far", OVER),
    ]


def test_tutorial_is_one_over_sensitive_topic(table):
    assert found(scaffold("tutorial", table, None)) == [("0_cats", OVER)]
    drafts = scaffold("tutorial", table, None, tutorial_topic="7_bus")
    assert found(drafts) == [("7_bus", OVER)]
    assert found(scaffold("tutorial", table, None, tutorial_topic="gone")) == [("0_cats", OVER)]


def test_prompts_are_five_questions(table, you):
    drafts = scaffold("prompts", table, you)
    assert [draft.error_type for draft in drafts] == [OVER, UNDER, "", "", ""]
    assert [draft.title for draft in drafts] == [title for title, _ in PROMPTS]
    assert all(title.endswith("?") for title, _ in PROMPTS)


@pytest.mark.parametrize("method", [None, "null", "none", "", "<b>"])
def test_anything_else_is_one_empty_report(table, you, method):
    assert scaffold(method, table, you) == [ReportDraft()]


def test_no_scaffold_is_empty(table, frames):
    # The model agrees with the system everywhere, or there is no model, or no comment.
    assert scaffold("personal", table, table.system) == [ReportDraft()]
    assert scaffold("personal_group", table, None) == [ReportDraft()]
    empty = AuditTable.from_frames(*(frame.iloc[:0] for frame in frames[:3]), scale=TOXICITY_SCALE)
    for method in ("fixed", "tutorial", "personal"):
        assert scaffold(method, empty, np.empty(0)) == [ReportDraft()]


def test_a_draft_is_written_as_reports_are():
    assert ReportDraft("Topic: 7_bus", OVER).to_document() == {
        "title": "Topic: 7_bus",
        "error_type": OVER,
        "evidence": [],
        "text_entry": "",
        "sep_selection": "",
        "complete_status": False,
    }
