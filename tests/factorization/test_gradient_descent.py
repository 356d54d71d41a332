"""The notebook's iteration against an eager loop over its dense loss."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelaudit_dagster.factorization import (
    FactorizationParameters,
    ModelParameters,
    RatingTriples,
    SolutionStatus,
    factorize,
)
from labelaudit_dagster.factorization.gradient_descent import random_parameters


def notebook(ratings, start, cap=10_000, learning_rate=0.1):
    """Losses of the notebook's loop: automatic gradients of the dense loss, numpy's isclose."""
    matrix = np.full((ratings.n_rows, ratings.n_cols), np.nan)
    matrix[ratings.row, ratings.col] = ratings.value
    with jax.enable_x64(True):
        seen = jnp.asarray(~np.isnan(matrix))
        filled = jnp.asarray(np.nan_to_num(matrix))

        def loss(theta):
            mu, b, c, x, y = theta
            fit = jnp.where(seen, filled - (mu + b[:, None] + c[None] + x @ y.T), 0) ** 2
            ridge = jnp.where(seen, b[:, None] ** 2 + mu**2 + c[None] ** 2, 0)
            lasso = jnp.where(seen, jnp.abs(x).sum(1)[:, None] + jnp.abs(y).sum(1)[None], 0)
            return (fit.sum() + 0.15 * ridge.sum() + 0.03 * lasso.sum()) / seen.sum()

        step = jax.jit(jax.value_and_grad(loss))
        theta = tuple(
            jnp.asarray(part)
            for part in (
                start.mu,
                start.rater_intercept,
                start.item_intercept,
                start.rater_factor,
                start.item_factor,
            )
        )
        losses = []
        for iteration in range(cap):
            value, gradient = step(theta)
            losses.append(float(value))
            if iteration >= 100 and np.isclose(losses[-2], losses[-1], atol=1e-8):
                break
            theta = tuple(p - learning_rate * g for p, g in zip(theta, gradient, strict=True))
    return np.array(losses)


def descent(**others):
    return FactorizationParameters(method="gradient_descent", **others)


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
@pytest.mark.parametrize("ndim", [1, 2])
def test_the_trajectory_is_the_notebooks(polarised, backend, ndim):
    ratings = polarised()
    expected = notebook(ratings, random_parameters(ratings, ndim, 3))
    found = factorize(ratings, descent(seed=3, ndim=ndim, backend=backend))
    assert found.status is SolutionStatus.CONVERGED
    assert abs(found.sweeps - (expected.size - 1)) <= 1
    both = min(expected.size, found.trajectory.loss.size)
    np.testing.assert_allclose(found.trajectory.loss[:both], expected[:both], rtol=1e-5)


@pytest.mark.realdata
@pytest.mark.slow
def test_the_trajectory_on_ccai_is_the_notebooks(ccai):
    expected = notebook(ccai.ratings, random_parameters(ccai.ratings, 1, 3))
    found = factorize(ccai.ratings, descent(seed=3))
    assert 9_000 < expected.size < 10_000  # the rule fires late, and far from the optimum
    assert abs(found.sweeps - (expected.size - 1)) <= 1
    both = min(expected.size, found.trajectory.loss.size)
    np.testing.assert_allclose(found.trajectory.loss[:both], expected[:both], rtol=1e-5)
    assert found.loss > 1.15 * 0.1265314663
    assert found.kkt > 0.1
    assert "depends on the random start" in found.message


def test_the_result_is_far_from_optimal_and_says_so(polarised):
    ratings = polarised()
    found = factorize(ratings, descent())
    exact = factorize(ratings, FactorizationParameters())
    assert found.loss > exact.loss
    assert np.all(found.numerical_error >= 10 * found.kkt)
    assert 'method="exact"' in found.message


def test_known_parameters_are_kept_and_new_ones_drawn(polarised):
    ratings = polarised()
    known = random_parameters(ratings, 1, 8)
    known.item_intercept[2] = np.nan
    known.rater_factor[4] = np.nan
    start = random_parameters(ratings, 1, 5, known)
    fresh = random_parameters(ratings, 1, 5)
    assert start.item_intercept[2] == fresh.item_intercept[2]
    assert start.rater_factor[4, 0] == fresh.rater_factor[4, 0]
    assert start.mu == known.mu
    others = np.arange(ratings.n_cols) != 2
    np.testing.assert_array_equal(start.item_intercept[others], known.item_intercept[others])
    found = factorize(ratings, descent(seed=5), warm_start=known)
    assert found.warm_start_used
    expected = notebook(ratings, start)
    np.testing.assert_allclose(found.trajectory.loss[:100], expected[:100], rtol=1e-5)


def test_starts_are_uniform_and_differ_by_seed(polarised):
    ratings = polarised(n_rows=200)
    one, other = (random_parameters(ratings, 1, seed) for seed in (0, 1))
    assert not np.array_equal(one.rater_intercept, other.rater_intercept)
    for part in (one.rater_intercept, one.rater_factor):
        assert 0 <= part.min() < 0.1
        assert 0.9 < part.max() < 1


def test_single_precision_follows_closely(polarised):
    ratings = polarised()
    double, single = (factorize(ratings, descent(precision=p)) for p in ("float64", "float32"))
    assert single.precision == "float32"
    np.testing.assert_allclose(
        single.trajectory.loss[:100], double.trajectory.loss[:100], rtol=1e-5
    )


def test_the_cap_and_divergence_are_reported():
    ratings = RatingTriples.from_arrays([0, 0, 1], [0, 1, 1], [1.0, 0.0, 1.0])
    capped = factorize(ratings, descent(iteration_cap=20))
    assert capped.status is SolutionStatus.ITERATION_LIMIT
    assert capped.sweeps == 20
    wild = factorize(ratings, descent(learning_rate=1e6))
    assert wild.status is SolutionStatus.NOT_FINITE
    assert "lower learning_rate" in wild.message


def test_its_start_must_have_the_right_shape(polarised):
    ratings = polarised()
    wrong = ModelParameters(0.0, np.zeros(2), np.zeros(2), np.zeros((2, 1)), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="rater_intercept has shape"):
        factorize(ratings, descent(), warm_start=wrong)
