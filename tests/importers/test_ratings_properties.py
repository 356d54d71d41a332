"""What holds for every ratings table: the order of rows makes no difference, none is lost."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import Corpus, RatingColumns, assign_item_ids, read_ratings
from labelaudit_dagster.importers import item_ids as item_ids_module
from labelaudit_dagster.importers.item_texts import NO_TEXT, choose_item_texts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = RatingColumns(
    time="at",
    demographics={"age": "age", "gender": "gender"},
    categories={"is_insult_frac": "insult"},
    system_score="score",
)
HEADER = ("rater_id", "item_id", "rating", "text", "at", "age", "gender", "insult", "score")

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "", "10", "9", "ü", "\0"]),
        st.sampled_from(["1", "2", "x", "01", "", "\0"]),
        st.sampled_from(["0", "1", "1.0", "2", "3", "", "no"]),
        st.sampled_from(["t", "t ", "u", "caf\u00e9", "cafe\u0301", "", "\0"]),
        st.sampled_from(["", "2026-01-01", "2026-01-02", "2031-01-01", "soon"]),
        st.sampled_from(["", "old", "young"]),
        st.sampled_from(["", "m", "\0"]),
        st.sampled_from(["", "0", "0.1", "0.2", "0.7", "1", "2"]),
        st.sampled_from(["", "0.5", "0.50", "2", "2.5", "-0", "0"]),
    ),
    max_size=25,
)


def read(content: list[tuple[str, ...]]) -> Corpus:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([HEADER, *content])
    corpus = read_ratings(
        stream.getvalue().encode(),
        columns=COLUMNS,
        now=NOW,
        name="r.csv",
        scale=RatingScale.from_values((0, 1, 2)),
    )
    corpus.validate()
    return corpus


def left_out(corpus: Corpus) -> Mapping[Any, int]:
    return Counter(corpus.quarantine[["table", "reason", "raw"]].itertuples(index=False, name=None))


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_makes_no_difference(content: list[tuple[str, ...]], random: Any):
    corpus = read(content)
    other = read(random.sample(content, len(content)))
    assert other.equals(corpus)
    for name in corpus.table_names:
        pd.testing.assert_frame_equal(other.table(name), corpus.table(name), check_exact=True)
    assert other.counts == corpus.counts
    assert other.warnings == corpus.warnings
    assert other.identity == corpus.identity
    assert left_out(other) == left_out(corpus)


@given(rows)
@settings(max_examples=20, deadline=None)
def test_every_row_is_kept_set_aside_or_a_bare_comment(content: list[tuple[str, ...]]):
    corpus = read(content)
    counts = corpus.counts["comment_ratings"]
    assert counts.rows_in + counts.rows_passed == len(content)
    ids = {row[1] for row in content} - {"", "\0"}
    assert corpus.counts["comments"].rows_in == len(ids)
    assert set(corpus.raters["rater_id"]) == {row[0] for row in content} - {"", "\0"}


@settings(max_examples=50, deadline=None)
@given(st.sets(st.text(st.characters(exclude_characters="\0"), max_size=4), max_size=20))
def test_item_ids_are_distinct_and_within_their_range(ids: set[str]):
    ids = {name.encode("utf-8", "replace").decode() for name in ids}
    assigned = assign_item_ids(ids)
    assert set(assigned) == ids
    assert len(set(assigned.values())) == len(ids)
    assert all(0 <= number < 2**53 for number in assigned.values())
    assert assign_item_ids(sorted(ids)[::-1]) == assigned


def test_item_ids_that_collide_are_told_apart_by_the_set_alone():
    """With hashes of two bits nearly everything collides."""
    original = item_ids_module._hashed
    with patch.object(item_ids_module, "_hashed", lambda name, n: original(name, n) >> 48):
        names = ["a", "b", "c", "d", "e", "3", "17"]
        assigned = assign_item_ids(names)
        assert assigned["3"] == 3
        assert assigned["17"] == 17
        assert len(set(assigned.values())) == len(names)
        assert assign_item_ids(names[::-1]) == assigned
        taken = assign_item_ids(["a", "3"], taken=set(assigned.values()))
        assert not set(taken.values()) & set(assigned.values())


def test_item_id_of_a_text_stays_what_it_is_documented_to_be():
    """Stored labels name these numbers: another hash would lose them."""
    assert assign_item_ids(["t3_abc", "ü"]) == {
        "t3_abc": 5_790_336_040_433_669,
        "ü": 3_023_879_219_455_781,
    }


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.booleans()), max_size=40),
)
def test_texts_of_items_agree_with_counting(entries: list[tuple[int, int, bool]]):
    distinct = ["a b", "a  b", "c", "b", " c", "d"]
    items, texts, usable = (
        np.array([entry[k] for entry in entries], dtype=dtype)
        for k, dtype in enumerate((np.int64, np.int64, np.bool_))
    )
    chosen = choose_item_texts(items, 5, texts, distinct, usable)
    for item in range(5):
        counts = Counter(distinct[t] for i, t, ok in entries if i == item and ok)
        if not counts:
            assert chosen.text_of_item[item] == NO_TEXT
            continue
        groups: Counter[str] = Counter()
        for text, count in counts.items():
            groups[" ".join(text.split())] += count
        group = min(groups, key=lambda text: (-groups[text], text))
        spellings = [text for text in counts if " ".join(text.split()) == group]
        best = min(spellings, key=lambda text: (-counts[text], text))
        assert distinct[chosen.text_of_item[item]] == best
        for row, (i, t, ok) in enumerate(entries):
            if i == item:
                same = " ".join(distinct[t].split()) == group
                assert chosen.differing[row] == (ok and not same)
                assert chosen.variant[row] == (ok and same and distinct[t] != best)
