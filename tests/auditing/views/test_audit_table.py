"""The prepared table: joins, categories, keywords, samples, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.views import AuditTable, AuditViewError, sample_rows
from labelaudit_dagster.auditing.views.comment_sample import sample_priorities
from labelaudit_dagster.auditing.views.keyword_index import KeywordIndex


def test_rows_are_in_the_order_of_ids_whatever_the_order_of_the_frames(frames, table):
    shuffled = [frame.sample(frac=1, random_state=3) for frame in frames]
    other = AuditTable.from_frames(*shuffled[:3], scale=TOXICITY_SCALE)
    for one in (table, other):
        assert one.item_ids.tolist() == [10, 11, 12, 13, 14, 15, 16, 17]
        assert one.texts[2] == "A rude cat.*"
        assert one.system.tolist() == [0.0, 2.0, 3.0, 4.0, 3.6, 0.4, 2.4, 1.2]
        assert one.topic_names(np.array([0, 6, 7])) == ["0_cats", "-1_the_a", "250_far"]
    assert other.aligned(shuffled[3]).tolist() == table.aligned(frames[3]).tolist()


def test_categories_are_named_above_three_tenths(table):
    assert table.categories(np.arange(5)) == [
        "",
        "Profanity, Insult",
        "Insult",
        "Insult",
        "Profanity",
    ]


def test_predictions_of_the_same_comments_are_not_copied(frames, table):
    predictions = frames[3]
    assert np.shares_memory(table.aligned(predictions), predictions["mean"].to_numpy())
    wider = pd.concat([pd.DataFrame({"item_id": [3], "mean": [1.0]}), predictions])
    assert table.aligned(wider).tolist() == predictions["mean"].tolist()
    with pytest.raises(AuditViewError, match="2 comments have no prediction"):
        table.aligned(predictions.iloc[2:])


def test_comments_without_a_rating_of_the_system_are_left_out_and_counted(frames):
    comments, topics, system, _ = frames
    system = system.iloc[1:].copy()
    system.iloc[0, 1] = float("nan")
    table = AuditTable.from_frames(comments, topics, system, scale=TOXICITY_SCALE)
    assert table.item_ids.tolist() == [12, 13, 14, 15, 16, 17]
    assert table.n_left_out == 2
    with pytest.raises(AuditViewError, match="No comment has a rating"):
        AuditTable.from_frames(comments, topics, system.iloc[:0], scale=TOXICITY_SCALE)


def test_frames_that_do_not_fit_together_are_refused(frames):
    comments, topics, system, _ = frames
    with pytest.raises(AuditViewError, match="Comment 17 has no topic"):
        AuditTable.from_frames(comments, topics.iloc[:-1], system, scale=TOXICITY_SCALE)
    with pytest.raises(AuditViewError, match="twice in system_ratings"):
        AuditTable.from_frames(
            comments, topics, pd.concat([system, system.iloc[:1]]), scale=TOXICITY_SCALE
        )
    renamed = topics.assign(topic=["other", *topics["topic"].iloc[1:]])
    with pytest.raises(AuditViewError, match="two names"):
        AuditTable.from_frames(comments, renamed, system, scale=TOXICITY_SCALE)
    same = topics.assign(topic="0_cats")
    with pytest.raises(AuditViewError, match="same name"):
        AuditTable.from_frames(comments, same, system, scale=TOXICITY_SCALE)


def test_an_empty_corpus_is_a_table_without_rows(frames):
    table = AuditTable.from_frames(*(frame.iloc[:0] for frame in frames[:3]), scale=TOXICITY_SCALE)
    assert len(table) == len(table.topics) == 0
    assert table.keywords.rows_with("cat").tolist() == []


def test_contract_units_move_ratings_and_share_the_rest(frames):
    comments, topics, system, _ = frames
    five = RatingScale.from_values([1, 2, 3, 4, 5])
    table = AuditTable.from_frames(
        comments, topics, system.assign(system_rating=system["system_rating"] + 1), scale=five
    )
    mapped = table.in_contract_units()
    assert mapped.system.tolist() == pytest.approx(system["system_rating"].tolist())
    assert mapped.scale.values == (0, 1, 2, 3, 4)
    assert mapped.texts is table.texts
    assert mapped is table.in_contract_units()
    assert mapped.in_contract_units() is mapped


@pytest.mark.parametrize(
    ("keyword", "ids"),
    [
        ("CAT", [10, 11, 12, 16]),
        (".*", [12]),
        ("STRASSE", [13]),
        ("bus", [15, 16]),
        ("s", [10, 11, 13, 14, 15, 16]),
        ("zebra", []),
        ("", []),
    ],
)
def test_keywords_are_literal_and_know_no_case(table, keyword, ids):
    assert table.item_ids[table.keywords.rows_with(keyword)].tolist() == ids


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(alphabet="abAB é日\ud800\0", max_size=8), max_size=30),
    st.text("abAé日\ud800", max_size=4),
)
def test_the_index_finds_exactly_the_texts_that_hold_the_keyword(texts, keyword):
    found = KeywordIndex.from_texts(texts).rows_with(keyword).tolist()
    wanted = keyword.casefold()
    assert found == [row for row, text in enumerate(texts) if wanted and wanted in text.casefold()]


def test_the_index_spans_its_blocks(large):
    table, _, frame = large
    assert len(table) > 4096 + 1000
    for keyword in ("word17 ", "word299", "ord1 wor"):
        expected = frame["text"].str.contains(keyword, regex=False).to_numpy().nonzero()[0]
        assert len(expected)
        assert np.array_equal(table.keywords.rows_with(keyword), expected)


def test_a_very_long_text_is_searched_too():
    texts = ["x" * 5_000_000 + "needle", "hay", "needle"]
    assert KeywordIndex.from_texts(texts).rows_with("needle").tolist() == [0, 2]


def test_samples_are_the_same_for_everybody_and_stable_when_the_selection_shrinks():
    ids = np.arange(10_000, dtype=np.int64) * 7
    priorities = sample_priorities(ids, 1)
    everything = sample_rows(np.arange(10_000), priorities)
    half = sample_rows(np.arange(0, 10_000, 2), priorities)
    assert len(everything) == len(set(everything.tolist())) == 500
    assert everything.tolist() == sorted(everything.tolist())
    assert set(everything[everything % 2 == 0].tolist()) <= set(half.tolist())
    other = sample_rows(np.arange(10_000), sample_priorities(ids, 2))
    assert len(np.intersect1d(everything, other)) < 60
    # Whatever else is in the corpus.
    assert np.array_equal(priorities[5_000:], sample_priorities(ids[5_000:], 1))
    # Even over the range: a quarter of the sample from each quarter of the rows.
    assert np.histogram(everything, 4, (0, 10_000))[0].min() > 90
