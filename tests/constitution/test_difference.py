"""What changed between two constitutions, and how much."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    churn,
    diff_constitutions,
    difference_sentences,
)

SETS = st.sets(st.sampled_from("abcdefgh"))


def test_churn_by_hand():
    assert churn([], []) == 0
    assert churn(["a"], []) == 1
    assert churn(["a", "b"], ["b", "c"]) == pytest.approx(2 / 3)
    assert churn("abcd", "abc") == 0.25


@given(SETS, SETS, SETS)
def test_churn_is_a_distance(a, b, c):
    assert 0 <= churn(a, b) <= 1
    assert churn(a, b) == churn(b, a)
    assert (churn(a, b) == 0) == (a == b)
    assert churn(a, c) <= churn(a, b) + churn(b, c) + 1e-12


BEFORE = [
    ("leaves-support", 10, 8, 0.5, "Loses friends."),
    ("leaves-intercept", 10, 10, 0.4),
    ("removed", 10, 10, 0.5),
    ("stays", 10, 10, 0.5),
    ("rescored", 10, 10, 0.5),
    ("enters", 4, 4, 0.5),
    ("edited", 10, 1, 0.0, "before"),
]
AFTER = [
    ("leaves-support", 11, 8, 0.5, "Loses friends."),
    ("leaves-intercept", 10, 10, 0.375),
    ("stays", 10, 10, 0.5),
    ("rescored", 20, 19, 0.45),
    ("enters", 5, 5, 0.5),
    ("brand-new", 6, 6, 0.6),
    ("edited", 10, 1, 0.0, "after"),
]


@pytest.fixture
def difference(make_document):
    return diff_constitutions(
        make_document(BEFORE, version="v1"), make_document(AFTER, version="v2")
    )


def ids(records):
    return [record["guideline_id"] for record in records]


def test_a_difference_by_hand(difference):
    assert (difference["previous_version"], difference["new_version"]) == ("v1", "v2")
    assert ids(difference["entered"]) == ["brand-new", "enters"]
    assert ids(difference["left"]) == ["leaves-intercept", "leaves-support", "removed"]
    assert ids(difference["stayed"]) == ["rescored", "stays"]
    assert ids(difference["new_guidelines"]) == ["brand-new"]
    assert ids(difference["removed_guidelines"]) == ["removed"]
    assert difference["edited_guidelines"] == [
        {"guideline_id": "edited", "text_before": "before", "text_after": "after"}
    ]
    assert difference["churn"] == pytest.approx(5 / 7)
    assert (difference["n_accepted_before"], difference["n_accepted_after"]) == (5, 4)
    assert difference["changed_parameters"] == {}
    assert json.loads(json.dumps(difference, allow_nan=False)) == difference


def test_why_something_left(difference):
    left = {record["guideline_id"]: record for record in difference["left"]}
    assert left["leaves-support"]["changed_tests"] == ["min_support"]
    assert left["leaves-support"]["before"]["raw_support"] == 0.8
    assert left["leaves-support"]["after"]["raw_support"] == pytest.approx(8 / 11)
    assert left["leaves-support"]["sentence"] == (
        "leaves-support (“Loses friends.”) leaves: raw support no longer passes, from 80% to"
        " 72.73% (limit 80%)."
    )
    assert left["leaves-intercept"]["changed_tests"] == ["intercept_threshold"]
    assert left["removed"]["after"] is None
    assert left["removed"]["sentence"].endswith("leaves: the guideline no longer exists.")


def test_why_something_entered(difference):
    entered = {record["guideline_id"]: record for record in difference["entered"]}
    assert entered["enters"]["changed_tests"] == ["min_ratings"]
    assert "from 4 to 5 (limit 5)" in entered["enters"]["sentence"]
    assert entered["brand-new"]["before"] is None
    assert "it is new, with 6 ratings, 100.0% support" in entered["brand-new"]["sentence"]


def test_changed_scores_of_what_stays(difference):
    changes = {record["guideline_id"]: record["score_change"] for record in difference["stayed"]}
    assert changes["stays"] == 0
    before, after = 0.1 * 0.5 + 0.9, 0.15 * 0.45 + 0.85
    assert changes["rescored"] == pytest.approx(after - before)


def test_sentences(difference):
    sentences = difference_sentences(difference)
    assert sentences[0] == "2 entered and 3 left: 4 guidelines accepted after 5 before (churn 71%)."
    assert sum("stays" in sentence.split(" with ")[0] for sentence in sentences) == 1
    assert "1 guideline is new." in sentences
    assert "1 guideline is gone." in sentences
    assert "edited (“after”) has a new text; before it read “before”." in sentences


def test_a_changed_rule_is_named(make_document):
    strict = AcceptanceRule(intercept_threshold=0.45)
    difference = diff_constitutions(
        make_document([("a", 9, 9, 0.4)]), make_document([("a", 9, 9, 0.4)], rule=strict)
    )
    assert difference["changed_parameters"] == {
        "intercept_threshold": {"before": 0.375, "after": 0.45}
    }
    sentences = difference_sentences(difference)
    assert "intercept_threshold changed from 0.375 to 0.45." in sentences
    assert "(limit 0.45, before 0.375)" in difference["left"][0]["sentence"]


def test_nothing_changed_and_the_first_one(make_document):
    document = make_document(BEFORE)
    assert difference_sentences(diff_constitutions(document, document)) == [
        "Nothing changed: the same 5 guidelines accepted with the same scores."
    ]
    first = diff_constitutions(None, document)
    assert first["churn"] == 1
    assert len(first["entered"]) == 5
    assert difference_sentences(first) == [
        "This is the first constitution; it accepts 5 guidelines."
    ]


def test_hostile_texts_stay_on_one_short_line(make_document):
    text = "a\n\r\n# heading" + "x" * 500
    difference = diff_constitutions(None, make_document([("g", 9, 9, 0.5, text)]))
    sentence = difference["entered"][0]["sentence"]
    assert "\n" not in sentence
    assert len(sentence) < 250
    assert difference["entered"][0]["text"] == text


ROWS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.integers(1, 12), st.booleans(), st.sampled_from([0.3, 0.375, 0.4, 0.5])),
)


@given(ROWS, ROWS)
def test_a_difference_takes_one_set_into_the_other(make_document_static, before, after):
    old, new = (
        make_document_static([(key, n, n if all_ else 0, c) for key, (n, all_, c) in rows.items()])
        for rows in (before, after)
    )
    difference = diff_constitutions(old, new)
    entered, left = set(ids(difference["entered"])), set(ids(difference["left"]))
    assert (set(old["accepted"]) | entered) - left == set(new["accepted"])
    assert not entered & set(old["accepted"])
    assert left | set(ids(difference["stayed"])) == set(old["accepted"])
    assert set(ids(difference["new_guidelines"])) == set(after) - set(before)
    assert set(ids(difference["removed_guidelines"])) == set(before) - set(after)
    back = diff_constitutions(new, old)
    assert (ids(back["entered"]), ids(back["left"])) == (
        ids(difference["left"]),
        ids(difference["entered"]),
    )
    assert back["churn"] == difference["churn"]
    for record in difference["entered"] + difference["left"]:
        assert record["before"] is None or record["after"] is None or record["changed_tests"]
