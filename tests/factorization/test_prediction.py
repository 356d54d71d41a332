from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.factorization import (
    FactorizationError,
    FactorizationParameters,
    RatingTriples,
    factorize,
    fold_in,
    predict,
)


def test_prediction_is_the_models(random_model):
    model = random_model(3, 4, 2)
    expected = (
        model.mu
        + model.rater_intercept[1]
        + model.item_intercept[3]
        + model.rater_factor[1] @ model.item_factor[3]
    )
    assert predict(model, [1], [3])[0] == pytest.approx(expected)
    assert predict(model, np.arange(3)[:, None], np.arange(4)).shape == (3, 4)
    with pytest.raises(FactorizationError, match=r"col holds an index outside \[0, 4\)"):
        predict(model, [0], [4])
    with pytest.raises(FactorizationError, match="row has dtype float64"):
        predict(model, [0.0], [1])


@pytest.mark.parametrize("ndim", [1, 2])
def test_folding_in_the_fitted_raters_returns_them(polarised, ndim):
    ratings = polarised(seed=2)
    parameters = FactorizationParameters(ndim=ndim, tolerance=1e-10)
    model = factorize(ratings, parameters).parameters
    intercepts, factors = fold_in(ratings, model, parameters)
    np.testing.assert_allclose(intercepts, model.rater_intercept, atol=1e-7)
    np.testing.assert_allclose(factors, model.rater_factor, atol=1e-6)


@pytest.mark.parametrize("ndim", [1, 3])
def test_all_at_once_is_one_by_one(random_model, ndim):
    model = random_model(1, 30, ndim)
    generator = np.random.default_rng(0)
    row, col = np.nonzero(generator.random((50, 30)) < 0.4)
    value, weight = generator.random(row.size), generator.uniform(0.5, 2, row.size)
    ratings = RatingTriples.from_arrays(row, col, value, n_rows=50, n_cols=30, weight=weight)
    parameters = FactorizationParameters(ndim=ndim)
    together = fold_in(ratings, model, parameters)
    for rater in (0, 17, 49):
        own = ratings.row == rater
        alone = RatingTriples.from_arrays(
            np.zeros(own.sum(), int),
            ratings.col[own],
            ratings.value[own],
            n_cols=30,
            weight=ratings.weights()[own],
        )
        intercept, factor = fold_in(alone, model, parameters)
        np.testing.assert_allclose(together[0][rater], intercept[0], atol=1e-10)
        np.testing.assert_allclose(together[1][rater], factor[0], atol=1e-10)


def test_raters_without_ratings_get_zeros_and_unknown_items_are_refused(random_model):
    model = random_model(1, 3, 1)
    parameters = FactorizationParameters()
    ratings = RatingTriples.from_arrays([1, 1], [0, 2], [1.0, 0.0], n_rows=3)
    intercepts, factors = fold_in(ratings, model, parameters)
    assert intercepts[[0, 2]].tolist() == [0, 0]
    assert factors[[0, 2]].tolist() == [[0], [0]]
    assert intercepts[1] != 0
    nobody = RatingTriples.from_arrays([], [], [], n_rows=2, n_cols=3)
    assert fold_in(nobody, model, parameters)[0].tolist() == [0, 0]
    weightless = ratings.with_rater_weights([0, 0, 0])
    assert fold_in(weightless, model, parameters)[0].tolist() == [0, 0, 0]
    stranger = RatingTriples.from_arrays([0], [3], [1.0])
    with pytest.raises(FactorizationError, match="the ratings are about 4 items"):
        fold_in(stranger, model, parameters)
