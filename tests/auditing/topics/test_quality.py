"""The coherence figure against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from labelaudit_dagster.auditing.topics.naming import characteristic_terms
from labelaudit_dagster.auditing.topics.quality import coherence, stability


def occurrence(rows):
    return csr_matrix(np.array(rows, dtype=np.float64))


def test_words_that_only_meet_have_one_and_words_that_never_meet_minus_one():
    table = occurrence([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]])
    assert coherence(table, [[0, 1], [0, 2]]) == pytest.approx([1.0, -1.0])


def test_independent_words_have_zero():
    table = occurrence([[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 1]])
    assert coherence(table, [[0, 1]]) == pytest.approx([0.0])


def test_the_mean_over_pairs_is_taken():
    table = occurrence([[1, 1, 0], [1, 0, 1], [1, 1, 0], [0, 0, 1]])
    together = math.log((2 / 4) / ((3 / 4) * (2 / 4))) / -math.log(2 / 4)
    apart = math.log((1 / 4) / ((3 / 4) * (2 / 4))) / -math.log(1 / 4)
    assert coherence(table, [[0, 1, 2]]) == pytest.approx([(together + apart - 1.0) / 3])


def test_words_of_every_comment_have_the_limit_and_one_word_has_none():
    table = occurrence([[1, 1], [1, 1]])
    assert coherence(table, [[0, 1], [0], []]) == [1.0, None, None]


def test_the_rarer_word_elsewhere_characterises():
    # Term 0 is as common in topic 0 as term 1, but term 1 is found nowhere else.
    table = occurrence([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1]])
    assert characteristic_terms(table, np.array([0, 0, 1, 1]), 2, 2) == [[1, 0], [2, 0]]


def test_outliers_do_not_characterise():
    table = occurrence([[1, 0], [0, 1], [0, 1]])
    assert characteristic_terms(table, np.array([0, -1, -1]), 1, 5) == [[0]]


@pytest.mark.parametrize(("topic", "rounds"), [([0, 0, 0, 0], 2), ([0, 1, 0, 1], 0)])
def test_stability_is_undefined_where_nothing_can_differ(topic, rounds):
    rows = occurrence(np.eye(4))
    value = stability(
        rows,
        np.arange(4),
        np.array(topic),
        n_topics=2,
        rounds=rounds,
        most_comments=10,
        seed=0,
    )
    assert value is None
