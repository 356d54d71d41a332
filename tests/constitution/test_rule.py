"""The acceptance rule: strictness, floating point, broadcasting and its own validation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ConstitutionError,
    accepted_mask,
    consensus_score,
    raw_support,
)

RULE = AcceptanceRule()


def test_defaults_are_the_notebooks():
    assert RULE.to_dict() == {
        "intercept_threshold": 0.375,
        "min_ratings": 5,
        "min_support": 0.8,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("intercept_threshold", float("nan")),
        ("intercept_threshold", float("inf")),
        ("intercept_threshold", "0.3"),
        ("intercept_threshold", True),
        ("min_ratings", 0),
        ("min_ratings", -1),
        ("min_ratings", 5.0),
        ("min_ratings", True),
        ("min_support", 1.0000001),
        ("min_support", 80),
        ("min_support", -0.1),
        ("min_support", float("nan")),
        ("min_support", None),
    ],
)
def test_a_bad_value_is_refused_by_name(field, value):
    with pytest.raises(ConstitutionError, match=field):
        AcceptanceRule(**{field: value})


def test_numpy_numbers_become_plain_ones():
    rule = AcceptanceRule(np.float32(0.5), np.int64(7), np.float64(0.25))
    assert [type(v) for v in rule.to_dict().values()] == [float, int, float]


def test_the_intercept_is_strict_and_the_other_tests_are_not():
    above = np.nextafter(0.375, 1)
    below_support = np.nextafter(0.8, 0)
    assert accepted_mask([0.375, above], [5, 5], [0.8, 0.8], RULE).tolist() == [False, True]
    assert accepted_mask(above, [4, 5, 6], 0.8, RULE).tolist() == [False, True, True]
    assert accepted_mask(above, 5, [below_support, 0.8, 1.0], RULE).tolist() == [False, True, True]


def test_nan_passes_nothing():
    nan = float("nan")
    assert not accepted_mask([nan, 1.0], [9, 9], [1.0, nan], RULE).any()


def test_replicates_broadcast_against_counts():
    intercepts = np.array([[0.4, 0.3, 0.4], [0.4, 0.4, 0.4]])
    mask = accepted_mask(intercepts, np.array([5, 5, 4]), np.array([0.9, 0.9, 0.9]), RULE)
    assert mask.tolist() == [[True, False, False], [True, True, False]]


@given(st.integers(1, 5000), st.data())
def test_support_decides_as_exact_fractions_do(n, data):
    helpful = data.draw(st.integers(0, n))
    passed = bool(accepted_mask(1.0, n, raw_support(helpful, n), AcceptanceRule(min_ratings=1)))
    assert passed == (Fraction(helpful, n) >= Fraction(4, 5))


def test_support_without_ratings_is_not_a_number():
    assert np.isnan(raw_support([0], [0])[0])


@pytest.mark.parametrize(("helpful", "ratings"), [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts_are_refused(helpful, ratings):
    with pytest.raises(ConstitutionError, match="n_helpful"):
        raw_support([helpful], [ratings])


def test_score_by_hand():
    # (1.1 - 0.9) * 0.4 + 0.9 - 0.1
    assert consensus_score(0.9, 0.4) == pytest.approx(0.88, abs=1e-15)
    assert consensus_score([0.0, 1.0], [0.5, 0.5]).tolist() == pytest.approx([0.45, 0.95])


@given(st.floats(0, 1), st.floats(-2, 2), st.floats(0.001, 1))
def test_score_grows_with_the_intercept(raw, intercept, step):
    assert consensus_score(raw, intercept + step) > consensus_score(raw, intercept)


@given(st.floats(0, 0.99), st.floats(-2, 0.99))
def test_score_grows_with_support_below_an_intercept_of_one(raw, intercept):
    assert consensus_score(raw + 0.01, intercept) > consensus_score(raw, intercept)
