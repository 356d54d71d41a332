"""The rating scale: levels, threshold, and the 0 to 4 of the compatible routes."""

from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.auditing.rating_scale import (
    TOXICITY_SCALE,
    RatingScale,
    RatingScaleError,
)


def test_levels_are_found_and_what_is_between_them_is_not():
    scale = RatingScale.from_values([1, 2, 3, 4, 5])
    found = scale.levels_of([1.0, 5.0, 2.5, 0.0, np.nan, 3.0 + 1e-12])
    assert found.tolist() == [0, 4, -1, -1, -1, 2]


def test_a_decision_is_positive_above_the_threshold():
    assert TOXICITY_SCALE.first_positive_level == 3
    assert RatingScale.from_values([0, 1]).first_positive_level == 1
    assert RatingScale.from_values([1, 2, 3, 4, 5], threshold=1).first_positive_level == 1


def test_the_contract_maps_linearly_and_back():
    scale = RatingScale.from_values([1, 2, 3, 4, 5, 6, 7])
    assert scale.to_contract([1, 4, 7]).tolist() == [0.0, 2.0, 4.0]
    assert scale.contract_threshold == 2.0
    np.testing.assert_allclose(scale.from_contract(scale.to_contract([1.3, 6.1])), [1.3, 6.1])


def test_a_document_round_trips():
    assert RatingScale.from_document(TOXICITY_SCALE.to_document()) == TOXICITY_SCALE


@pytest.mark.parametrize(
    ("values", "threshold", "labels", "says"),
    [
        ([1], None, None, "2 to 11 levels"),
        (range(12), None, None, "2 to 11 levels"),
        ([0, 1, 1], None, None, "ascend"),
        ([0, float("inf")], None, None, "finite"),
        ([0, 1, 2], 2, None, "threshold 2"),
        ([0, 1, 2], -0.5, None, "threshold -0.5"),
        ([0, 1, 2], None, ["no", "yes"], "2 labels"),
    ],
)
def test_a_scale_that_cannot_work_is_refused(values, threshold, labels, says):
    with pytest.raises(RatingScaleError, match=says):
        RatingScale.from_values(values, threshold=threshold, labels=labels)
