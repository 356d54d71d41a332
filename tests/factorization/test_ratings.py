from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.factorization import FactorizationError, RatingTriples


def test_ratings_are_sorted_and_counted():
    ratings = RatingTriples.from_arrays(
        [2, 0, 2], [1, 3, 0], [1.0, 0.0, 0.5], n_rows=4, weight=[1.0, 2.0, 3.0]
    )
    assert ratings.row.tolist() == [0, 2, 2]
    assert ratings.col.tolist() == [3, 0, 1]
    assert ratings.value.tolist() == [0.0, 0.5, 1.0]
    assert ratings.weights().tolist() == [2.0, 3.0, 1.0]
    assert (ratings.n_rows, ratings.n_cols, len(ratings)) == (4, 4, 3)
    assert ratings.row_weights().tolist() == [2.0, 0.0, 4.0, 0.0]
    assert ratings.col_weights().tolist() == [3.0, 1.0, 0.0, 2.0]
    assert (ratings.row.dtype, ratings.value.dtype) == (np.int32, np.float64)


def test_arrays_are_copies_and_read_only():
    value = np.array([0.0, 1.0])
    ratings = RatingTriples.from_arrays([0, 1], [0, 1], value)
    value[0] = 9
    assert ratings.value[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        ratings.value[0] = 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [0], [1.0, 1.0]), "col has 1 entries and row has 2"),
        (([0, 1], [0, 0], [1.0, np.nan]), "value holds nan at position 1"),
        (([0, 1], [0, 0], [1.0, np.inf]), "value holds inf at position 1"),
        (([0, 1], [0, 0], [1.0, -1e200]), "value holds -1e\\+200; beyond 1e30"),
        (([0, 1], [0, 0], [1.0, "yes"]), "value holds something that is no number"),
        (([0, -1], [0, 0], [1.0, 1.0]), "row holds an index outside"),
        (([0.0, 1.0], [0, 0], [1.0, 1.0]), "row has dtype float64"),
        (([[0, 1]], [0, 0], [1.0, 1.0]), "row has 2 dimensions"),
        (([3, 1, 3], [2, 0, 2], [1.0, 1.0, 0.0]), "rater 3 rated item 2 more than once"),
    ],
)
def test_bad_ratings_are_refused(arguments, message):
    with pytest.raises(FactorizationError, match=message):
        RatingTriples.from_arrays(*arguments)


def test_bad_weights_and_extents_are_refused():
    with pytest.raises(FactorizationError, match="weight holds -1"):
        RatingTriples.from_arrays([0], [0], [1.0], weight=[-1.0])
    with pytest.raises(FactorizationError, match="weight holds nan"):
        RatingTriples.from_arrays([0], [0], [1.0], weight=[np.nan])
    with pytest.raises(FactorizationError, match="row holds index 4 but n_rows is 3"):
        RatingTriples.from_arrays([4], [0], [1.0], n_rows=3)
    ratings = RatingTriples.from_arrays([0], [0], [1.0])
    with pytest.raises(FactorizationError, match="rater_weight has 2 entries for 1 raters"):
        ratings.with_rater_weights([1.0, 1.0])


def test_rater_weights_multiply():
    ratings = RatingTriples.from_arrays([0, 1], [0, 0], [1.0, 0.0], weight=[2.0, 3.0])
    assert ratings.with_rater_weights([0.5, 2.0]).weights().tolist() == [1.0, 6.0]
