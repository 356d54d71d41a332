"""A decision in words."""

from __future__ import annotations

import pytest

from labelaudit_dagster.constitution import (
    certainty_sentences,
    support_sentences,
    verdict_sentence,
)


@pytest.fixture
def by_id(document):
    return {row["guideline_id"]: row for row in document["guidelines"]}


@pytest.mark.parametrize(
    ("key", "beginning", "cause"),
    [
        ("a", "It is accepted", ""),
        ("b", "It is not accepted", "exactly the threshold"),
        ("c", "It cannot be judged yet", "4 ratings"),
        ("d", "It is undecided", "cannot be told"),
        ("e", "It cannot be judged yet", "Nobody has rated it"),
        ("f", "It is not accepted", "3 of 6 ratings"),
    ],
)
def test_verdicts(by_id, key, beginning, cause):
    sentence = verdict_sentence(by_id[key])
    assert sentence.startswith(beginning)
    assert cause in sentence


def test_a_document_from_before_there_was_inertia_is_read(by_id):
    row = dict(by_id["a"])
    said = verdict_sentence(row)
    del row["kept_by_inertia"]
    assert verdict_sentence(row) == said


@pytest.mark.parametrize(
    ("flips", "words"),
    [
        (0, "No single rater"),
        (1, "Without 1 rater the decision"),
        (3, "Without any one of 3 raters the decision"),
        (None, None),
    ],
)
def test_certainty(by_id, flips, words):
    row = {
        **by_id["a"], "p_accepted": 0.82, "interval_low": 0.3701, "interval_high": 0.4,
        "n_flipping_raters": flips,
    }  # fmt: skip
    sentences = certainty_sentences(row, 0.9)
    assert "82% of cases" in sentences[0]
    assert sentences[1] == "The 90% interval of its intercept runs from 0.370 to 0.400."
    assert len(sentences) == 2 if words is None else sentences[2].startswith(words)
    assert certainty_sentences(by_id["a"], None) == []


def test_support_says_what_is_hidden(by_id):
    sides = {
        "negative": {"n_ratings": 20, "raw_support": 0.95},
        "neutral": {"n_ratings": 0, "raw_support": None},
        "positive": {"n_ratings": None, "raw_support": None},
    }
    sentences = support_sentences({**by_id["a"], "support_by_side": sides})
    assert len(sentences) == 2
    assert sentences[0].startswith("Of 20 raters on one side")
    assert "95%" in sentences[0]
    assert "too few" in sentences[1]
