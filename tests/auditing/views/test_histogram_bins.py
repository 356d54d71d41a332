"""Bins are closed on the right, and zero has one."""

from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.views import bin_midpoints
from labelaudit_dagster.auditing.views.histogram_bins import rows_within_bins


@pytest.mark.parametrize(
    ("rating", "midpoint"),
    [
        (0.0, 0.025),
        (0.05, 0.025),
        (0.050001, 0.075),
        (0.15, 0.125),
        (2.0, 1.975),
        (2.01, 2.025),
        (4.0, 3.975),
        (-0.2, 0.025),
        (4.2, 3.975),
    ],
)
def test_midpoints_by_hand(rating, midpoint):
    assert bin_midpoints([rating], TOXICITY_SCALE).tolist() == [midpoint]


def test_every_edge_belongs_to_the_bin_on_its_left():
    edges = np.arange(1, 81) / 20
    for ratings in (edges, edges.astype(np.float32)):
        assert np.allclose(bin_midpoints(ratings, TOXICITY_SCALE), edges - 0.025, atol=1e-12)


def test_bins_follow_the_scale():
    ten = RatingScale.from_values(range(1, 11))
    assert bin_midpoints([1.0, 10.0], ten).tolist() == [1.05625, 9.94375]


def test_rows_number_each_bin_from_one_by_falling_rating():
    bins = np.array([1.0, 2.0, 1.0, 1.0, 2.0])
    assert rows_within_bins(bins, np.array([5, 1, 7, 5, 3])).tolist() == [2, 2, 1, 3, 1]
    assert rows_within_bins(np.empty(0), np.empty(0)).tolist() == []
