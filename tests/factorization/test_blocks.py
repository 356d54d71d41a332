"""Closed forms against a numerical minimiser."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from labelaudit_dagster.factorization import FactorizationParameters, RatingTriples, objective
from labelaudit_dagster.factorization.arranged import (
    from_state,
    in_precision,
    to_problem,
    to_state,
)
from labelaudit_dagster.factorization.blocks import (
    State,
    block_errors,
    minimise_block,
    rescale,
    shift_intercepts,
)
from labelaudit_dagster.factorization.layouts import arrange
from labelaudit_dagster.factorization.moments import moments


def state_of(ratings, model, backend="bucketed"):
    arrangement = arrange(ratings, backend)
    state = in_precision(to_state(model, arrangement), "float64")
    return arrangement, to_problem(arrangement), state


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
@pytest.mark.parametrize("ndim", [1, 2])
@pytest.mark.parametrize("lambda_f", [0.0, 0.03, 0.4])
def test_block_minimises_over_a_rater(polarised, random_model, backend, ndim, lambda_f):
    plain = polarised(seed=3, n_rows=6)
    weight = np.random.default_rng(1).uniform(0.5, 2, len(plain))
    ratings = RatingTriples.from_arrays(plain.row, plain.col, plain.value, weight=weight)
    model = random_model(ratings.n_rows, ratings.n_cols, ndim)
    with jax.enable_x64(True):
        arrangement, problem, state = state_of(ratings, model, backend)
        sums = moments(problem.raters, state.item_intercept, state.item_factor)
        factor = state.rater_factor
        for _ in range(60):  # one call cycles a few times over the dimensions
            b, factor = minimise_block(
                sums,
                problem.rater_count,
                state.mu,
                factor,
                jnp.asarray(0.15),
                jnp.asarray(lambda_f),
            )
        found = from_state(state._replace(rater_intercept=b, rater_factor=factor), arrangement)
    for rater in range(ratings.n_rows):
        own = ratings.row == rater
        w, item = ratings.weights()[own], ratings.col[own]
        left = ratings.value[own] - model.mu - model.item_intercept[item]
        y, n = model.item_factor[item], ratings.weights()[own].sum()

        def cost(p, w=w, left=left, y=y, n=n):
            x = p[1 : 1 + ndim] - p[1 + ndim :]
            error = left - p[0] - y @ x
            return w @ error**2 + 0.15 * n * p[0] ** 2 + lambda_f * n * p[1:].sum()

        bounds = [(None, None)] + [(0, None)] * (2 * ndim)
        best = minimize(
            cost,
            np.full(1 + 2 * ndim, 0.1),
            bounds=bounds,
            method="L-BFGS-B",
            options={"ftol": 1e-16, "gtol": 1e-11, "maxiter": 5000},
        )
        x = found.rater_factor[rater]
        ours = cost(
            np.concatenate([[found.rater_intercept[rater]], np.maximum(x, 0), np.maximum(-x, 0)])
        )
        assert ours <= best.fun + 1e-10
        assert ours == pytest.approx(best.fun, abs=1e-6)


def test_rescaling_is_the_best_scale(polarised, random_model):
    ratings = polarised()
    model = random_model(ratings.n_rows, ratings.n_cols, 1)
    parameters = FactorizationParameters()
    with jax.enable_x64(True):
        arrangement, problem, state = state_of(ratings, model)
        found = from_state(rescale(state, problem.rater_count, problem.item_count), arrangement)

    def cost(log_q):
        q = np.exp(log_q)
        scaled = type(model)(
            model.mu,
            model.rater_intercept,
            model.item_intercept,
            model.rater_factor * q,
            model.item_factor / q,
        )
        return objective(ratings, scaled, parameters)

    best = minimize_scalar(cost, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
    assert objective(ratings, found, parameters) == pytest.approx(best.fun, abs=1e-12)


@pytest.mark.parametrize("lambda_i", [0.15, 0.0])
def test_shift_is_the_joint_minimum(polarised, random_model, lambda_i):
    ratings = polarised()
    model = random_model(ratings.n_rows, ratings.n_cols, 1)
    parameters = FactorizationParameters(lambda_intercept=lambda_i)
    with jax.enable_x64(True):
        arrangement, problem, state = state_of(ratings, model)
        sums = moments(problem.items, state.rater_intercept, state.rater_factor)
        error, _ = block_errors(
            sums, problem.item_count, state.mu, state.item_intercept, state.item_factor
        )
        shifted, _ = shift_intercepts(
            state,
            error.sum() / len(ratings),
            problem.rater_count,
            problem.item_count,
            jnp.asarray(lambda_i),
        )
        found = from_state(shifted, arrangement)

    def cost(shift):
        moved = type(model)(
            model.mu + shift[0],
            model.rater_intercept + shift[1],
            model.item_intercept + shift[2],
            model.rater_factor,
            model.item_factor,
        )
        return objective(ratings, moved, parameters)

    best = minimize(cost, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    assert objective(ratings, found, parameters) == pytest.approx(best.fun, abs=1e-12)


def test_constant_factors_without_penalty_leave_the_factor_at_zero():
    ratings = RatingTriples.from_arrays([0, 0, 0], [0, 1, 2], [1.0, 0.0, 1.0])
    arrangement = arrange(ratings, "dense")
    with jax.enable_x64(True):
        problem = to_problem(arrangement)
        size = arrangement.n_item_positions
        state = State(
            jnp.asarray(0.0),
            jnp.zeros(arrangement.n_rater_positions),
            jnp.zeros(size),
            jnp.zeros((1, arrangement.n_rater_positions)),
            jnp.full((1, size), 0.1),
        )
        sums = moments(problem.raters, state.item_intercept, state.item_factor)
        b, x = minimise_block(
            sums,
            problem.rater_count,
            state.mu,
            state.rater_factor,
            jnp.asarray(0.0),
            jnp.asarray(0.0),
        )
    assert float(x[0, 0]) == 0
    assert float(b[0]) == pytest.approx(2 / 3)
