"""Support on each side of the factor axis, and what must stay hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import SIDES, ConstitutionError, support_by_side


def sides_of(groups, min_group=5):
    """Return the row of one guideline rated by groups of (side, raters, helpful)."""
    factors, helpful = [], []
    for sign, n, yes in groups:
        factors += [sign * 0.3] * n
        helpful += [1] * yes + [0] * (n - yes)
    n = len(factors)
    return support_by_side(
        np.zeros(n, int), np.arange(n), helpful, factors, ["g"], min_group=min_group
    ).iloc[0]


def shown(row):
    return {
        side: None if pd.isna(row[f"n_{side}"]) else (row[f"n_{side}"], row[f"support_{side}"])
        for side in SIDES
    }


def test_shares_by_hand():
    row = sides_of([(-1, 10, 9), (1, 20, 5), (0, 5, 5)])
    assert shown(row) == {"negative": (10, 0.9), "neutral": (5, 1.0), "positive": (20, 0.25)}


def test_an_empty_group_is_shown_as_empty():
    row = sides_of([(-1, 6, 3), (1, 6, 6)])
    assert row["n_neutral"] == 0
    assert np.isnan(row["support_neutral"])
    assert shown(row)["negative"] == (6, 0.5)


def test_a_small_group_takes_the_smallest_other_with_it():
    row = sides_of([(-1, 4, 4), (1, 20, 20), (0, 9, 9)])
    assert shown(row) == {"negative": None, "neutral": None, "positive": (20, 1.0)}


def test_two_tiny_groups_hide_the_third():
    assert set(shown(sides_of([(-1, 1, 1), (1, 20, 20), (0, 2, 2)])).values()) == {None}


def test_two_small_groups_that_add_up_stay_two():
    row = sides_of([(-1, 4, 4), (1, 20, 20), (0, 3, 2)])
    assert shown(row) == {"negative": None, "neutral": None, "positive": (20, 1.0)}


@given(st.tuples(*[st.integers(0, 12)] * 3), st.integers(1, 8))
def test_nothing_small_can_be_subtracted(counts, min_group):
    row = sides_of([(sign, n, n) for sign, n in zip((-1, 0, 1), counts, strict=True)], min_group)
    hidden = [n for n, value in zip(counts, shown(row).values(), strict=True) if value is None]
    visible = [n for n, value in zip(counts, shown(row).values(), strict=True) if value is not None]
    assert all(n == 0 or n >= min_group for n in visible)
    # What a reader can subtract is the sum of the hidden groups: several groups, enough people,
    # or simply everybody.
    if hidden and any(visible):
        assert len(hidden) >= 2
        assert sum(hidden) >= min_group


@given(st.data())
def test_groups_add_up_when_nothing_is_hidden(data):
    m, n = 4, 15
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    items, raters = np.nonzero(rng.random((m, n)) < 0.7)
    helpful = rng.integers(0, 2, len(items))
    factors = rng.choice([-0.5, 0.0, 0.5], n)
    frame = support_by_side(
        items, raters, helpful, np.column_stack([np.zeros(n), factors]), list("abcd"),
        dimension=1, min_group=1,
    )  # fmt: skip
    counts = frame[[f"n_{side}" for side in SIDES]].to_numpy(float)
    shares = frame[[f"support_{side}" for side in SIDES]].to_numpy(float)
    assert counts.sum(1).tolist() == np.bincount(items, minlength=m).tolist()
    assert np.nansum(counts * shares, axis=1) == pytest.approx(
        np.bincount(items, weights=helpful, minlength=m)
    )


def test_no_ratings_at_all():
    frame = support_by_side([], [], [], np.zeros(0), ["a", "b"])
    assert frame["n_negative"].tolist() == [0, 0]
    assert frame["support_positive"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item_index": [2]}, "item_index"),
        ({"item_index": [0.5]}, "item_index"),
        ({"rater_index": [-1]}, "rater_index"),
        ({"helpful": [2]}, "helpful"),
        ({"helpful": [1, 1]}, "same length"),
        ({"rater_factors": [float("nan")]}, "rater_factors"),
        ({"rater_factors": [[0.0]], "dimension": 1}, "dimension"),
        ({"min_group": 0}, "min_group"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    good = {
        "item_index": [0],
        "rater_index": [0],
        "helpful": [1],
        "rater_factors": [0.5],
        "guideline_ids": ["a"],
    }
    with pytest.raises(ConstitutionError, match=message):
        support_by_side(**{**good, **change})
