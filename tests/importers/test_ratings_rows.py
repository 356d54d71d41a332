"""Rows of a ratings table: which are kept, which are set aside and why, and none is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import (
    Corpus,
    RatingColumns,
    item_id_of,
    read_ratings,
    read_system_scores,
    with_system_scores,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEADER = ("rater_id", "item_id", "rating", "text")
FIVE = RatingScale.from_values((1, 2, 3, 4, 5))


def table(rows: Iterable[Sequence[object]], header: Sequence[str] = HEADER) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([header, *rows])
    return stream.getvalue().encode("utf-8", "surrogatepass")


def read(
    rows: Iterable[Sequence[object]],
    header: Sequence[str] = HEADER,
    *,
    scale: RatingScale | None = FIVE,
    **columns: Any,
) -> Corpus:
    """Read a table, and hold what must be true of every corpus."""
    rows = list(rows)
    corpus = read_ratings(
        table(rows, header), columns=RatingColumns(**columns), now=NOW, name="r.csv", scale=scale
    )
    corpus.validate()
    counts = corpus.counts["comment_ratings"]
    assert counts.rows_kept + counts.rows_quarantined + counts.rows_passed == len(rows)
    return corpus


def reasons(corpus: Corpus, name: str = "comment_ratings") -> dict[int, str]:
    """Return the reason against each row, by its position."""
    rows = corpus.quarantine[corpus.quarantine["table"] == name]
    return dict(zip(rows["row_number"], rows["reason"], strict=True))


def ratings(corpus: Corpus) -> list[tuple[str, int, float]]:
    return list(corpus.comment_ratings.itertuples(index=False, name=None))


def texts(corpus: Corpus) -> dict[str, str]:
    comments = corpus.comments
    return dict(zip(comments["source_item_id"], comments["text"], strict=True))


def test_tidy_rows_become_the_canonical_tables():
    corpus = read([("b", 7, 5, "seven"), ("a", 7, 1, "seven"), ("b", 3, 2, "three")])
    assert ratings(corpus) == [("a", 7, 1.0), ("b", 3, 2.0), ("b", 7, 5.0)]
    assert corpus.comments.to_dict("list") == {
        "item_id": [3, 7],
        "source_item_id": ["3", "7"],
        "text": ["three", "seven"],
    }
    assert corpus.raters["rater_id"].tolist() == ["a", "b"]
    assert corpus.quarantine.empty
    assert corpus.warnings == {}
    assert corpus.system_ratings is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", 1, 3, "t"), "invalid_id"),
        (("  ", 1, 3, "t"), "invalid_id"),
        (("a", "", 3, "t"), "invalid_id"),
        (("a\0", 1, 3, "t"), "unstorable_id"),
        (("a\ud800", 1, 3, "t"), "unstorable_id"),
        (("a", "1\0", 3, "t"), "unstorable_id"),
        (("a", 1, 3, "t\0t"), "unstorable_text"),
        (("a", 1, 3, "t\udfff"), "unstorable_text"),
        (("a", 1, 3, "quite another text"), "differing_text"),
        (("a", 2, 3, ""), "missing_text"),
        (("a", 2, 3, " \n "), "missing_text"),
        (("a", 1, "", "t"), "not_a_number"),
        (("a", 1, "high", "t"), "not_a_number"),
        (("a", 1, "nan", "t"), "not_a_number"),
        (("a", 1, "inf", "t"), "not_a_number"),
        (("a", 1, 9, "t"), "out_of_scale"),
        (("a", 1, 2.5, "t"), "out_of_scale"),
        (("a", 1, -1, "t"), "out_of_scale"),
        (("a", 1, 3), "malformed_row"),
        (("a", 1, 3, "t", "more"), "malformed_row"),
    ],
)
def test_unusable_row_is_set_aside_with_its_reason(row: Sequence[object], reason: str):
    good = [("x", 1, 4, "t"), ("y", 1, 5, "t")]
    corpus = read([good[0], row, good[1]])
    assert ratings(corpus) == [("x", 1, 4.0), ("y", 1, 5.0)]
    assert reasons(corpus) == {1: reason}
    raw = json.loads(corpus.quarantine.iloc[-1]["raw"])
    if reason != "malformed_row":
        assert raw["item_id"] == str(row[1])


def test_comment_without_any_text_is_set_aside_with_its_ratings():
    corpus = read([("a", 1, 3, "t"), ("a", 2, 3, ""), ("b", 2, 4, " "), ("b", 3, 4, "\0")])
    assert reasons(corpus, "comments") == {1: "missing_text", 3: "unstorable_text"}
    assert reasons(corpus) == {1: "missing_text", 2: "missing_text", 3: "unstorable_text"}
    assert texts(corpus) == {"1": "t"}
    assert corpus.counts["comments"].rows_in == 3


def test_row_without_a_text_takes_that_of_other_rows():
    corpus = read([("a", 1, 3, ""), ("b", 1, 4, "t")])
    assert ratings(corpus) == [("a", 1, 3.0), ("b", 1, 4.0)]
    assert corpus.warnings == {"text_of_other_rows": 1}


def test_identical_repeats_are_kept_once():
    corpus = read([("a", 1, 3, "t")] * 3)
    assert ratings(corpus) == [("a", 1, 3.0)]
    assert sorted(reasons(corpus).values()) == ["superseded"] * 2


def test_one_number_written_in_two_ways_is_no_contradiction():
    corpus = read([("a", 1, "3", "t"), ("a", 1, "3.0", "t")])
    assert ratings(corpus) == [("a", 1, 3.0)]


def test_contradiction_without_times_counts_for_neither():
    corpus = read([("a", 1, 3, "t"), ("a", 1, 4, "t"), ("b", 1, 4, "t")])
    assert ratings(corpus) == [("b", 1, 4.0)]
    assert reasons(corpus) == {0: "conflicting", 1: "conflicting"}
    assert corpus.raters["rater_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T12:30:00+02:00"),
        ("2026-01-01", "2026-01-02 00:00"),
        ("1767225600", "1767225601"),
        ("1767225600000", "1767225600001"),
        ("1767225600000000", "1767225600000001"),
    ],
)
def test_latest_of_several_ratings_counts(earlier: str, later: str):
    rows = [("a", 1, 4, "t", later), ("a", 1, 2, "t", earlier)]
    corpus = read(rows, (*HEADER, "at"), time="at")
    assert ratings(corpus) == [("a", 1, 4.0)]
    assert reasons(corpus) == {1: "superseded"}


def test_times_that_cannot_be_used():
    rows = [
        ("a", 1, 4, "t", "someday"),
        ("b", 1, 4, "t", ""),
        ("c", 1, 4, "t", "2031-01-01"),
        ("d", 1, 4, "t", "now"),
    ]
    corpus = read(rows, (*HEADER, "at"), time="at")
    assert [rater for rater, _, _ in ratings(corpus)] == ["a", "b", "d"]
    assert reasons(corpus) == {2: "future_time"}
    assert corpus.warnings == {"invalid_time": 2}


def test_text_of_most_rows_is_that_of_the_comment():
    corpus = read(
        [
            ("a", 1, 3, "one text"),
            ("b", 1, 3, "another"),
            ("c", 1, 3, "one  text "),
            ("d", 1, 3, "one text"),
            ("e", 1, 3, "another"),
        ]
    )
    assert texts(corpus) == {"1": "one text"}
    assert reasons(corpus) == {1: "differing_text", 4: "differing_text"}
    assert corpus.warnings == {"text_variant": 1}
    assert [rater for rater, _, _ in ratings(corpus)] == ["a", "c", "d"]


def test_composed_and_decomposed_letters_are_one_text():
    corpus = read([("a", 1, 3, "caf\u00e9"), ("b", 1, 3, "cafe\u0301"), ("c", 1, 3, "cafe\u0301")])
    assert texts(corpus) == {"1": "cafe\u0301"}
    assert corpus.quarantine.empty
    assert corpus.warnings == {"text_variant": 1}


def test_tie_between_texts_goes_to_the_first_by_code_point():
    rows = [("a", 1, 3, "zebra"), ("b", 1, 3, "ant")]
    assert texts(read(rows)) == texts(read(rows[::-1])) == {"1": "ant"}


def test_item_column_that_is_no_id_is_noticed():
    corpus = read([(f"r{n}", n % 2, 3, f"text {n}") for n in range(40)])
    assert list(reasons(corpus).values()) == ["differing_text"] * 38


def test_equal_texts_of_different_comments_are_all_kept():
    corpus = read([("a", 1, 3, "same"), ("a", 2, 4, "same"), ("a", 3, 4, "same")])
    assert len(ratings(corpus)) == 3
    assert corpus.warnings == {"duplicate_text": 2}


def test_texts_can_be_the_ids_where_there_are_none():
    corpus = read([("a", "", 3, "one"), ("b", "", 4, "one"), ("a", "", 4, "two")], item="text")
    assert texts(corpus) == {"one": "one", "two": "two"}
    assert sorted(ratings(corpus)) == sorted(
        [
            ("a", item_id_of("one"), 3.0),
            ("a", item_id_of("two"), 4.0),
            ("b", item_id_of("one"), 4.0),
        ]
    )


def test_row_with_neither_rater_nor_rating_brings_a_comment():
    corpus = read([("a", 1, 3, "t"), ("", 2, "", "unrated"), ("", 2, "", "unrated")])
    assert texts(corpus) == {"1": "t", "2": "unrated"}
    assert corpus.counts["comment_ratings"].rows_passed == 2
    assert corpus.quarantine.empty


def test_rater_whose_ratings_are_all_unusable_stays_a_rater():
    corpus = read([("a", 1, 3, "t"), ("b", 1, "?", "t")])
    assert corpus.raters["rater_id"].tolist() == ["a", "b"]


def test_ids_are_verbatim_and_hashed_where_they_are_no_numbers():
    given = ["7", "007", "7.0", " 7", "-7", "t3_abc", str(2**53), str(2**53 - 1), "é", "\u0667"]
    corpus = read([("a", item, 3, f"text {n}") for n, item in enumerate(given)])
    numbers = dict(zip(corpus.comments["source_item_id"], corpus.comments["item_id"], strict=True))
    assert set(numbers) == set(given)
    assert numbers["7"] == 7
    assert numbers[str(2**53 - 1)] == 2**53 - 1
    assert all(numbers[item] == item_id_of(item) for item in given)
    assert corpus.comments["item_id"].is_monotonic_increasing


def test_demographics_agree_or_are_dropped():
    rows = [
        ("a", 1, 3, "t", "Man", "", "old"),
        ("a", 2, 3, "u", "", "", "old"),
        ("b", 1, 3, "t", "Man", "", "young"),
        ("b", 2, 3, "u", "Woman", "", "young"),
        ("c", 1, 3, "t", "Man\0", "", " "),
    ]
    corpus = read(
        rows,
        (*HEADER, "sex", "nothing", "age"),
        demographics={"gender": "sex", "nothing": "nothing", "age": "age"},
    )
    people = corpus.raters.set_index("rater_id")
    assert people.columns.tolist() == ["age", "gender"]
    assert people["gender"].dropna().to_dict() == {"a": "Man"}
    assert people["age"].dropna().to_dict() == {"a": "old", "b": "young"}
    assert corpus.warnings == {"differing_attribute": 1, "invalid_attribute": 1}
    assert len(ratings(corpus)) == 5


def test_shares_are_means_of_what_raters_say():
    rows = [
        ("a", 1, 3, "t", "true", 0.3),
        ("b", 1, 3, "t", "0", 0.3),
        ("c", 1, 3, "t", "1", 0.3),
        ("c", 1, 3, "t", "1", 0.3),
        ("a", 2, 3, "u", "maybe", 0.1),
        ("b", 2, 3, "u", "", 1.5),
    ]
    corpus = read(
        rows,
        (*HEADER, "insult", "threat"),
        categories={"is_threat_frac": "threat", "is_insult_frac": "insult"},
    )
    comments = corpus.comments
    assert comments.columns.tolist()[3:] == ["is_threat_frac", "is_insult_frac"]
    assert comments["is_threat_frac"].tolist() == [0.3, 0.1]
    np.testing.assert_array_equal(comments["is_insult_frac"], [2 / 3, np.nan])
    assert corpus.warnings == {"invalid_share": 2}


def test_scores_of_a_column():
    rows = [
        ("a", 1, 3, "t", "2.5"),
        ("b", 1, 3, "t", "2.50"),
        ("a", 2, 3, "u", "2"),
        ("b", 2, 3, "u", "3"),
        ("a", 3, 3, "v", "5.1"),
        ("a", 4, 3, "w", "n/a"),
        ("a", 5, 3, "x", ""),
        ("a", 6, 3, "y", "5"),
    ]
    corpus = read(rows, (*HEADER, "score"), system_score="score")
    assert corpus.system_ratings is not None
    assert corpus.system_ratings.to_dict("list") == {
        "item_id": [1, 6],
        "system_rating": [2.5, 5.0],
    }
    found = sorted(reasons(corpus, "system_ratings").values())
    assert found == ["conflicting", "conflicting", "not_a_number", "out_of_scale", "superseded"]
    assert corpus.counts["system_ratings"].rows_in == 7
    assert corpus.warnings == {"no_system_rating": 4}
    assert len(ratings(corpus)) == 8


def test_scores_of_a_file():
    corpus = read([("a", 1, 3, "t"), ("a", "x", 3, "u"), ("a", 9, 3, "v")])
    file = table(
        [
            (1, 0.5),
            ("x", 1),
            (item_id_of("x"), 1),
            (77, 0.2),
            (9, 1.2),
            ("", 0.1),
            (9, "?"),
        ],
        ("item_id", "score"),
    )
    scores = read_system_scores(
        file, scale=FIVE, comments=corpus.comments, name="s.csv", score_range=(0, 1)
    )
    scored = with_system_scores(corpus, scores)
    scored.validate()
    assert scored.system_ratings is not None
    found = scored.system_ratings.set_index("item_id")["system_rating"].to_dict()
    assert found == {1: 3.0, item_id_of("x"): 5.0}
    assert sorted(reasons(scored, "system_ratings").items()) == [
        (1, "superseded"),  # the row whose text comes first stays
        (3, "unknown_comment"),
        (4, "out_of_scale"),
        (5, "invalid_id"),
        (6, "not_a_number"),
    ]
    assert scored.warnings == {"no_system_rating": 1}
    again = with_system_scores(scored, scores)
    assert again.equals(scored)
    assert again.counts == scored.counts


def test_texts_of_every_length_and_script_survive():
    long = "x" * 100_000
    given = {"1": long, "2": 'quoted, "so"\nand on', "3": "😀 ü 漢字 العربية", "4": "=1+1"}
    corpus = read([("a", item, 3, text) for item, text in given.items()])
    assert texts(corpus) == given


def test_empty_table_has_no_scale_but_fits_one_that_is_given():
    corpus = read([])
    assert corpus.comment_ratings.empty
    assert corpus.comments.empty
