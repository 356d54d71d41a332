"""Ratings along the range of perspectives, and what must stay hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    SIDES,
    ConstitutionError,
    perspective_bands,
    support_by_side,
)


def bands_of(factors, helpful, **options):
    """Return the bands of one guideline that everybody has rated."""
    n = len(factors)
    return perspective_bands(np.zeros(n, int), np.arange(n), helpful, factors, ["g"], **options)


def test_bands_by_hand():
    factors = [*(-0.1 * k for k in range(1, 21)), *([0.0] * 6), *(0.2 * k for k in range(1, 11))]
    helpful = [1] * 20 + [0] * 6 + [1, 0] * 5
    rows = bands_of(factors, helpful, bands_per_side=2).rows("g")
    assert [row["side"] for row in rows] == ["negative", "negative", "neutral", "positive"]
    assert [row["n_raters"] for row in rows] == [10, 10, 6, 10]
    assert [row["n_helpful"] for row in rows] == [10, 10, 0, 5]
    assert [row["n_not_helpful"] for row in rows] == [0, 0, 6, 5]
    assert (rows[0]["low"], rows[0]["high"]) == pytest.approx((-2.0, -1.1))
    assert (rows[2]["low"], rows[2]["high"]) == (0.0, 0.0)


def test_bands_are_the_same_for_all_guidelines_and_count_the_community():
    factors = np.linspace(-1, 1, 60)
    items, raters = np.repeat([0, 1], [60, 6]), np.r_[np.arange(60), np.arange(6)]
    found = perspective_bands(items, raters, np.ones(66), factors, ["a", "b"])
    assert found.n_raters.tolist() == [10] * 6
    rows = found.rows("b")
    assert [row["n_ratings"] for row in rows] == [6, 0, 0, 0, 0, 0]
    assert found.rows("nobody rated it") == []


def test_a_small_band_takes_the_smallest_other_of_its_side_with_it():
    factors = np.linspace(0.01, 1, 30)
    raters = np.r_[np.arange(3), np.arange(10, 16), np.arange(20, 29)]
    n = len(raters)
    rows = perspective_bands(np.zeros(n, int), raters, np.ones(n), factors, ["g"]).rows("g")
    assert [row["n_ratings"] for row in rows] == [None, None, 9]
    assert all(rows[0][name] is None for name in ("n_helpful", "n_not_helpful"))


def test_equal_factors_stay_together():
    rows = bands_of([0.5] * 40 + [0.9] * 5, [1] * 45, bands_per_side=3).rows("g")
    assert [(row["low"], row["n_raters"]) for row in rows] == [(0.5, 40), (0.9, 5)]


def hidden_totals(rows, sides):
    """Return for each hidden set that follows from totals how many ratings it has, and groups."""
    by_side = {side: [row for row in rows if row["side"] == side] for side in SIDES}
    for side, group in by_side.items():
        total = sides[side]
        hidden = [row for row in group if row["n_ratings"] is None]
        if total is not None and hidden:
            yield total - sum(row["n_ratings"] or 0 for row in group), len(hidden)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-30, 30), st.booleans(), st.booleans()), max_size=60),
    st.integers(2, 6),
    st.integers(1, 4),
)
def test_nothing_small_is_shown_or_can_be_subtracted(people, min_group, bands_per_side):
    factors = np.array([factor / 10 for factor, _, _ in people])
    raters = np.array([i for i, person in enumerate(people) if person[1]], dtype=int)
    helpful = np.array([person[2] for person in people])[raters] if len(people) else []
    items = np.zeros(len(raters), int)
    options = {"min_group": min_group}
    rows = perspective_bands(
        items, raters, helpful, factors, ["g"], bands_per_side=bands_per_side, **options
    ).rows("g")
    frame = support_by_side(items, raters, helpful, factors, ["g"], **options).iloc[0]
    sides = {side: None if frame.isna()[f"n_{side}"] else frame[f"n_{side}"] for side in SIDES}

    for row in rows:
        assert row["n_ratings"] is None or row["n_ratings"] == 0 or row["n_ratings"] >= min_group
        # What the sides hide, the bands do not tell.
        assert sides[row["side"]] is not None or row["n_ratings"] is None
    for total, groups in hidden_totals(rows, sides):
        assert groups >= 2
        assert total >= min_group
    if not any(row["n_ratings"] is None for row in rows):
        assert sum(row["n_ratings"] for row in rows) == len(raters)
        assert sum(row["n_helpful"] for row in rows) == sum(helpful)


@pytest.mark.parametrize(
    ("factors", "helpful", "options"),
    [
        ([0.1, np.nan], [1, 1], {}),
        ([0.1, 0.2], [1], {}),
        ([0.1], [1], {"bands_per_side": 0}),
        ([0.1], [1], {"min_group": 0}),
    ],
)
def test_what_does_not_fit_is_refused(factors, helpful, options):
    with pytest.raises(ConstitutionError):
        bands_of(factors, helpful, **options)
