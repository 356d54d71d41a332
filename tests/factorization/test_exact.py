"""The exact method on problems with known answers and on degenerate ones."""

from __future__ import annotations

import numpy as np
import pytest
from exact_solutions import EVERY_WAY, parameters_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from labelaudit_dagster.factorization import (
    FactorizationError,
    ModelParameters,
    RatingTriples,
    SolutionStatus,
    factorize,
    objective,
    predict,
)


def residual_by_hand(ratings, model, lambda_i, lambda_f):
    """Norm of each block's smallest subgradient over 2 n, written as loops; the largest of all."""
    w = ratings.weights()
    entries = list(zip(ratings.row.tolist(), ratings.col.tolist(), ratings.value, w, strict=True))
    errors = [
        weight
        * (
            value
            - model.mu
            - model.rater_intercept[u]
            - model.item_intercept[g]
            - float(np.dot(model.rater_factor[u], model.item_factor[g]))
        )
        for u, g, value, weight in entries
    ]
    worst = abs(sum(errors) / w.sum() - lambda_i * model.mu)
    sides = (
        (0, 1, model.rater_intercept, model.rater_factor, model.item_factor),
        (1, 0, model.item_intercept, model.item_factor, model.rater_factor),
    )
    for own, other, intercepts, factors, others in sides:
        for block in range(len(intercepts)):
            mine = [k for k, entry in enumerate(entries) if entry[own] == block]
            n = sum(entries[k][3] for k in mine)
            if n == 0:
                continue
            parts = [sum(errors[k] for k in mine) / n - lambda_i * intercepts[block]]
            for j in range(factors.shape[1]):
                pull = sum(errors[k] * others[entries[k][other], j] for k in mine) / n
                x = factors[block, j]
                slack = max(abs(pull) - lambda_f / 2, 0)
                parts.append(slack if x == 0 else pull - lambda_f / 2 * np.sign(x))
            worst = max(worst, float(np.linalg.norm(parts)))
    return worst


def generic_minimum(ratings, parameters, starts=12):
    """The lowest loss that L-BFGS-B finds, with factors split into positive and negative parts."""
    n_u, n_g, k = ratings.n_rows, ratings.n_cols, parameters.ndim
    w, row, col = ratings.weights(), ratings.row, ratings.col
    count_u, count_g, total = ratings.row_weights(), ratings.col_weights(), w.sum()
    cuts = np.cumsum([1, n_u, n_g, n_u * k, n_g * k, n_u * k])

    def cost(theta):
        mu, b, c, xp, yp, xm, ym = np.split(theta, cuts)
        xp, xm = xp.reshape(n_u, k), xm.reshape(n_u, k)
        yp, ym = yp.reshape(n_g, k), ym.reshape(n_g, k)
        x, y = xp - xm, yp - ym
        error = ratings.value - mu - b[row] - c[col] - (x[row] * y[col]).sum(1)
        li, lf = parameters.lambda_intercept, parameters.lambda_factor
        value = w @ error**2 + li * (count_u @ b**2 + total * mu[0] ** 2 + count_g @ c**2)
        value += lf * (count_u @ (xp + xm).sum(1) + count_g @ (yp + ym).sum(1))
        pull = -2 * w * error
        gx, gy = np.zeros((n_u, k)), np.zeros((n_g, k))
        np.add.at(gx, row, pull[:, None] * y[col])
        np.add.at(gy, col, pull[:, None] * x[row])
        parts = [
            [pull.sum() + 2 * li * total * mu[0]],
            np.bincount(row, pull, n_u) + 2 * li * count_u * b,
            np.bincount(col, pull, n_g) + 2 * li * count_g * c,
            gx + lf * count_u[:, None],
            gy + lf * count_g[:, None],
            -gx + lf * count_u[:, None],
            -gy + lf * count_g[:, None],
        ]
        return value / total, np.concatenate([np.ravel(part) for part in parts]) / total

    size = 1 + (n_u + n_g) * (1 + 2 * k)
    bounds = [(None, None)] * (1 + n_u + n_g) + [(0, None)] * (size - 1 - n_u - n_g)
    found = []
    for seed in range(starts):
        start = np.random.default_rng(seed).random(size)
        found.append(
            minimize(
                cost,
                start,
                jac=True,
                bounds=bounds,
                method="L-BFGS-B",
                options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-9},
            ).fun
        )
    return min(found)


@pytest.mark.parametrize(("backend", "precision"), EVERY_WAY)
@pytest.mark.parametrize("ndim", [1, 2])
def test_planted_parameters_are_recovered_without_penalty(backend, precision, ndim):
    generator = np.random.default_rng(5)
    x, y = generator.normal(0, 1, (20, ndim)), generator.normal(0, 1, (15, ndim))
    planted = 0.3 + generator.normal(0, 0.4, 20)[:, None] + generator.normal(0, 0.4, 15) + x @ y.T
    row, col = np.nonzero(generator.random((20, 15)) < 0.9)
    ratings = RatingTriples.from_arrays(row, col, planted[row, col])
    found = factorize(
        ratings,
        parameters_for(backend, precision, lambda_intercept=0.0, lambda_factor=0.0, ndim=ndim),
    )
    assert found.status is SolutionStatus.CONVERGED
    assert found.loss < 1e-9
    every_row, every_col = np.indices(planted.shape)
    everything = predict(found.parameters, every_row, every_col)
    np.testing.assert_allclose(everything, planted, atol=2e-3)  # the unseen tenth included


@pytest.mark.parametrize(("backend", "precision"), EVERY_WAY)
@pytest.mark.parametrize("ndim", [1, 2])
def test_small_problems_reach_the_generic_minimum(polarised, backend, precision, ndim):
    ratings = polarised(seed=2, n_rows=14, n_cols=8, share=0.8)
    parameters = parameters_for(backend, precision, ndim=ndim)
    found = factorize(ratings, parameters)
    assert found.status is SolutionStatus.CONVERGED
    assert np.abs(found.parameters.item_factor).max() > 0.1
    assert found.loss == pytest.approx(objective(ratings, found.parameters, parameters), abs=1e-14)
    assert found.loss <= generic_minimum(ratings, parameters) + 1e-8
    assert residual_by_hand(ratings, found.parameters, 0.15, 0.03) <= 1.0001e-6


@pytest.mark.parametrize(("backend", "precision"), EVERY_WAY)
def test_a_heavy_penalty_gives_the_zero_solution(polarised, backend, precision):
    ratings = polarised()
    found = factorize(ratings, parameters_for(backend, precision, lambda_factor=2.0))
    assert found.status is SolutionStatus.CONVERGED
    assert np.all(found.parameters.item_factor == 0)
    assert np.all(found.parameters.rater_factor == 0)
    # What is left is a ridge regression on indicators.
    n = len(ratings)
    design = np.zeros((n, 1 + ratings.n_rows + ratings.n_cols))
    design[:, 0] = 1
    design[np.arange(n), 1 + ratings.row] = 1
    design[np.arange(n), 1 + ratings.n_rows + ratings.col] = 1
    penalty = 0.15 * np.diag(design.sum(axis=0))
    solution = np.linalg.solve(design.T @ design + penalty, design.T @ ratings.value)
    np.testing.assert_allclose(
        found.parameters.item_intercept, solution[1 + ratings.n_rows :], atol=1e-5
    )


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_every_solution_is_optimal_by_an_independent_check(data):
    # At most eight raters and items: one compiled program serves all examples.
    n_rows = data.draw(st.integers(1, 8))
    n_cols = data.draw(st.integers(1, 8))
    cells = n_rows * n_cols
    seen = data.draw(st.lists(st.booleans(), min_size=cells, max_size=cells))
    if not any(seen):
        seen[0] = True
    row, col = np.nonzero(np.reshape(seen, (n_rows, n_cols)))
    values = data.draw(
        st.lists(st.sampled_from([0.0, 0.5, 1.0, -3.0]), min_size=row.size, max_size=row.size)
    )
    weight = data.draw(
        st.none() | st.lists(st.floats(0.01, 100), min_size=row.size, max_size=row.size)
    )
    lambda_i = data.draw(st.sampled_from([0.01, 0.15, 1.0]))
    lambda_f = data.draw(st.sampled_from([0.001, 0.03, 0.5]))
    ratings = RatingTriples.from_arrays(
        row, col, values, n_rows=n_rows, n_cols=n_cols, weight=weight
    )
    parameters = parameters_for(lambda_intercept=lambda_i, lambda_factor=lambda_f, starts=2)
    found = factorize(ratings, parameters)
    residual = residual_by_hand(ratings, found.parameters, lambda_i, lambda_f)
    assert residual == pytest.approx(found.kkt, abs=1e-9)
    assert (found.status is SolutionStatus.CONVERGED) == (found.kkt <= parameters.tolerance)
    # Next to no penalty can take more sweeps than the cap allows; the status says so, as above.
    assert found.status is SolutionStatus.CONVERGED or lambda_f < 0.01
    zero = ModelParameters(
        0.0, np.zeros(n_rows), np.zeros(n_cols), np.zeros((n_rows, 1)), np.zeros((n_cols, 1))
    )
    assert found.loss <= objective(ratings, zero, parameters) + 1e-12


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
def test_one_rating(backend):
    found = factorize(RatingTriples.from_arrays([0], [0], [1.0]), parameters_for(backend))
    # By symmetry mu = b = c = t with (1 - 3t) = 0.15 t; the factors stay at zero.
    assert found.status is SolutionStatus.CONVERGED
    assert found.parameters.mu == pytest.approx(1 / 3.15, abs=1e-6)
    assert found.parameters.item_intercept[0] == pytest.approx(1 / 3.15, abs=1e-6)
    assert found.parameters.item_factor[0, 0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_ratings(polarised, value):
    ratings = polarised()
    constant = RatingTriples.from_arrays(ratings.row, ratings.col, np.full(len(ratings), value))
    found = factorize(constant, parameters_for())
    assert found.status is SolutionStatus.CONVERGED
    np.testing.assert_allclose(found.parameters.item_intercept, value / 3.15, atol=1e-4)
    np.testing.assert_allclose(found.parameters.item_factor, 0, atol=1e-3)


def test_nothing_to_fit_is_refused(polarised):
    empty = RatingTriples.from_arrays([], [], [], n_rows=3, n_cols=3)
    ratings = polarised()
    weightless = ratings.with_rater_weights(np.zeros(ratings.n_rows))
    for one in (empty, weightless):
        with pytest.raises(FactorizationError, match="no rating with a positive weight"):
            factorize(one)
