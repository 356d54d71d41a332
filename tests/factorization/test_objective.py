"""The plain objective against the notebook's dense loss, its gradient against automatic ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelaudit_dagster.factorization import (
    FactorizationParameters,
    RatingTriples,
    objective,
    optimality_residual,
)
from labelaudit_dagster.factorization.arranged import in_precision, to_problem, to_state
from labelaudit_dagster.factorization.gradient_descent import loss_and_gradient
from labelaudit_dagster.factorization.layouts import arrange


def dense_loss(theta, matrix, lambda_i, lambda_f):
    """The loss on a dense matrix with NaN for missing, as the notebook has it."""
    mu, b, c, x, y = theta
    seen = ~jnp.isnan(matrix)
    predicted = mu + b[:, None] + c[None] + x @ y.T
    fit = jnp.where(seen, jnp.where(seen, matrix, 0) - predicted, 0) ** 2
    ridge = jnp.where(seen, b[:, None] ** 2 + mu**2 + c[None] ** 2, 0)
    sizes = jnp.abs(x).sum(1)[:, None] + jnp.abs(y).sum(1)[None]
    lasso = jnp.where(seen, sizes, 0)
    return (fit.sum() + lambda_i * ridge.sum() + lambda_f * lasso.sum()) / seen.sum()


def dense(ratings):
    matrix = np.full((ratings.n_rows, ratings.n_cols), np.nan)
    matrix[ratings.row, ratings.col] = ratings.value
    return matrix


def theta_of(model):
    return (
        jnp.asarray(model.mu),
        *map(
            jnp.asarray,
            (model.rater_intercept, model.item_intercept, model.rater_factor, model.item_factor),
        ),
    )


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_objective_is_the_notebooks(polarised, random_model, ndim):
    ratings = polarised()
    model = random_model(ratings.n_rows, ratings.n_cols, ndim)
    with jax.enable_x64(True):
        expected = dense_loss(theta_of(model), dense(ratings), 0.15, 0.03)
    assert objective(ratings, model, FactorizationParameters()) == pytest.approx(
        float(expected), rel=1e-13
    )


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
@pytest.mark.parametrize("ndim", [1, 2])
def test_gradient_is_the_automatic_one(polarised, random_model, backend, ndim):
    ratings = polarised()
    model = random_model(ratings.n_rows, ratings.n_cols, ndim)
    arrangement = arrange(ratings, backend)
    with jax.enable_x64(True):
        loss, gradient = loss_and_gradient(
            to_problem(arrangement),
            in_precision(to_state(model, arrangement), "float64"),
            jnp.asarray(0.15),
            jnp.asarray(0.03),
        )
        expected = jax.grad(dense_loss)(theta_of(model), dense(ratings), 0.15, 0.03)
    assert float(loss) == pytest.approx(objective(ratings, model, FactorizationParameters()))
    rater, item = arrangement.rater_position, arrangement.item_position
    found = (
        gradient.mu,
        np.asarray(gradient.rater_intercept)[rater],
        np.asarray(gradient.item_intercept)[item],
        np.asarray(gradient.rater_factor).T[rater],
        np.asarray(gradient.item_factor).T[item],
    )
    for ours, automatic in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, automatic, atol=1e-14)


def test_residual_is_the_largest_block_of_the_gradient(polarised, random_model):
    ratings = polarised()
    model = random_model(ratings.n_rows, ratings.n_cols, 2)
    with jax.enable_x64(True):
        _, b, c, x, y = (
            np.asarray(part) * len(ratings)
            for part in jax.grad(dense_loss)(theta_of(model), dense(ratings), 0.15, 0.03)
        )
    n_u, n_g = ratings.row_weights(), ratings.col_weights()
    raters = np.sqrt(b**2 + (x**2).sum(axis=1)) / (2 * n_u)
    items = np.sqrt(c**2 + (y**2).sum(axis=1)) / (2 * n_g)
    expected = max(raters.max(), items.max())
    found = optimality_residual(ratings, model, FactorizationParameters())
    assert found == pytest.approx(expected, rel=1e-12)


def test_weights_count_like_repeated_ratings(random_model):
    once = RatingTriples.from_arrays([0, 0, 1], [0, 1, 1], [1.0, 0.0, 1.0], weight=[2, 1, 1])
    model = random_model(2, 2, 1)
    parts = RatingTriples.from_arrays([0, 0, 1, 2], [0, 1, 1, 0], [1.0, 0.0, 1.0, 1.0])
    # The doubled rating as one of a second rater with the same parameters.
    again = type(model)(
        model.mu,
        model.rater_intercept[[0, 1, 0]],
        model.item_intercept,
        model.rater_factor[[0, 1, 0]],
        model.item_factor,
    )
    parameters = FactorizationParameters()
    assert objective(once, model, parameters) == pytest.approx(objective(parts, again, parameters))
