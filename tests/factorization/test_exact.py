"""The exact method on problems with known answers, on degenerate ones, and its invariances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from labelaudit_dagster.factorization import (
    FactorizationError,
    FactorizationParameters,
    ModelParameters,
    RatingTriples,
    SolutionStatus,
    factorize,
    objective,
    predict,
)

EVERY_WAY = [
    pytest.param(backend, precision, id=f"{backend}-{precision}")
    for backend in ("dense", "bucketed")
    for precision in ("float64", "float32")
]


def parameters_for(backend="dense", precision="float64", **others):
    return FactorizationParameters(backend=backend, precision=precision, **others)


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


def same_solution(left, right, atol=1e-6):
    np.testing.assert_allclose(left.mu, right.mu, atol=atol)
    np.testing.assert_allclose(left.item_intercept, right.item_intercept, atol=atol)
    np.testing.assert_allclose(left.item_factor, right.item_factor, atol=atol)


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


@pytest.mark.parametrize(("backend", "precision"), EVERY_WAY)
def test_backends_and_precisions_agree(polarised, backend, precision):
    plain = polarised(seed=7, n_rows=40, n_cols=20, share=0.4)
    weight = np.random.default_rng(0).uniform(0.2, 3, len(plain))
    weighted = RatingTriples.from_arrays(plain.row, plain.col, plain.value, weight=weight)
    for ratings in (plain, weighted):
        reference = factorize(ratings, parameters_for())
        found = factorize(ratings, parameters_for(backend, precision))
        assert found.backend == backend
        assert found.precision == precision
        assert found.loss == pytest.approx(reference.loss, abs=1e-10)
        same_solution(found.parameters, reference.parameters, atol=3e-5)


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
def test_the_order_of_ratings_does_not_matter(polarised, backend):
    ratings = polarised(seed=1)
    order = np.random.default_rng(0).permutation(len(ratings))
    shuffled = RatingTriples.from_arrays(
        ratings.row[order],
        ratings.col[order],
        ratings.value[order],
        n_rows=ratings.n_rows,
        n_cols=ratings.n_cols,
    )
    first, second = (factorize(one, parameters_for(backend)) for one in (ratings, shuffled))
    assert_identical(first, second)


def assert_identical(first, second):
    assert first.parameters.mu == second.parameters.mu
    for name in ("rater_intercept", "item_intercept", "rater_factor", "item_factor"):
        np.testing.assert_array_equal(
            getattr(first.parameters, name), getattr(second.parameters, name)
        )
    assert first.candidates == second.candidates
    assert (first.loss, first.kkt, first.spread) == (second.loss, second.kkt, second.spread)
    np.testing.assert_array_equal(first.numerical_error, second.numerical_error)
    np.testing.assert_array_equal(first.trajectory.loss, second.trajectory.loss)


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
def test_raters_and_items_without_ratings_change_nothing(polarised, backend):
    ratings = polarised(seed=1)
    # New numbers leave gaps in the middle: rater 3 and item 2 have no ratings.
    row = ratings.row + (ratings.row >= 3)
    col = ratings.col + (ratings.col >= 2)
    wider = RatingTriples.from_arrays(
        row, col, ratings.value, n_rows=ratings.n_rows + 2, n_cols=ratings.n_cols + 2
    )
    first, second = (factorize(one, parameters_for(backend)) for one in (ratings, wider))
    raters = np.delete(np.arange(wider.n_rows), [3, wider.n_rows - 1])
    items = np.delete(np.arange(wider.n_cols), [2, wider.n_cols - 1])
    assert first.parameters.mu == second.parameters.mu
    for name, kept in (
        ("rater_intercept", raters),
        ("rater_factor", raters),
        ("item_intercept", items),
        ("item_factor", items),
    ):
        ours, others = getattr(first.parameters, name), getattr(second.parameters, name)
        np.testing.assert_array_equal(ours, others[kept])
        assert np.all(np.delete(others, kept, axis=0) == 0)
    assert first.candidates == second.candidates


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
def test_duplicated_ratings_weigh_double_and_change_no_solution(polarised, backend):
    ratings = polarised(seed=4)
    parameters = parameters_for(backend, tolerance=1e-9)
    plain = factorize(ratings, parameters)
    # A rating is duplicated by a copy of its rater, since a pair occurs once.
    all_twice = RatingTriples.from_arrays(
        np.concatenate([ratings.row, ratings.row + ratings.n_rows]),
        np.concatenate([ratings.col, ratings.col]),
        np.concatenate([ratings.value, ratings.value]),
    )
    doubled = factorize(all_twice, parameters)
    assert doubled.loss == pytest.approx(plain.loss, abs=1e-12)
    same_solution(plain.parameters, doubled.parameters, atol=1e-7)
    some = ratings.row < 5
    some_twice = RatingTriples.from_arrays(
        np.concatenate([ratings.row, ratings.row[some] + ratings.n_rows]),
        np.concatenate([ratings.col, ratings.col[some]]),
        np.concatenate([ratings.value, ratings.value[some]]),
    )
    weighted = ratings.with_rater_weights(np.where(np.arange(ratings.n_rows) < 5, 2.0, 1.0))
    copied, by_weight = factorize(some_twice, parameters), factorize(weighted, parameters)
    assert copied.loss == pytest.approx(by_weight.loss, abs=1e-12)
    assert copied.loss != pytest.approx(plain.loss, abs=1e-6)
    same_solution(copied.parameters, by_weight.parameters, atol=1e-7)


def test_equal_weights_cancel_to_the_bit(polarised):
    ratings = polarised(seed=4)
    heavy = ratings.with_rater_weights(np.full(ratings.n_rows, 7.0))
    first, second = (factorize(one, parameters_for()) for one in (ratings, heavy))
    np.testing.assert_array_equal(first.parameters.item_intercept, second.parameters.item_intercept)
    assert second.loss == pytest.approx(
        objective(heavy, second.parameters, FactorizationParameters()), abs=1e-14
    )


def test_ratings_of_weight_zero_count_as_absent(polarised):
    ratings = polarised(seed=4)
    weight = np.ones(ratings.n_rows)
    weight[[2, 9]] = 0
    kept = ~np.isin(ratings.row, [2, 9])
    fewer = RatingTriples.from_arrays(
        ratings.row[kept],
        ratings.col[kept],
        ratings.value[kept],
        n_rows=ratings.n_rows,
        n_cols=ratings.n_cols,
    )
    first = factorize(fewer, parameters_for("bucketed"))
    second = factorize(ratings.with_rater_weights(weight), parameters_for("bucketed"))
    assert_identical(first, second)


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


def test_the_iteration_limit_is_reported(polarised):
    found = factorize(polarised(), parameters_for(iteration_cap=5))
    assert found.status is SolutionStatus.ITERATION_LIMIT
    assert found.kkt > 1e-6
    assert not found.converged
    assert "raise iteration_cap" in found.message


def test_the_sign_follows_the_larger_camp():
    generator = np.random.default_rng(0)
    camp = np.where(np.arange(40) < 26, 1.0, -1.0)
    votes = (generator.random((40, 12)) < 0.5 + 0.45 * np.outer(camp, np.tile([1, -1], 6))) * 1.0
    row, col = np.indices(votes.shape).reshape(2, -1)
    ratings = RatingTriples.from_arrays(row, col, votes[row, col])
    for seed in range(4):
        found = factorize(ratings, replace(parameters_for(), seed=seed)).parameters
        assert found.rater_factor[:26].mean() > 0 > found.rater_factor[26:].mean()
        assert found.item_factor[0, 0] > 0 > found.item_factor[1, 0]


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
def test_a_solution_fed_back_changes_nothing(polarised, backend):
    ratings = polarised(seed=6)
    first = factorize(ratings, parameters_for(backend))
    second = factorize(ratings, parameters_for(backend), warm_start=first.parameters)
    assert not second.warm_start_used
    assert_identical(first, second)


def test_a_better_warm_start_is_taken_and_stays(polarised):
    ratings = polarised(seed=6, n_rows=60, n_cols=30)
    good = factorize(ratings, parameters_for(starts=12))
    # One start that may not move far finds less.
    poor = parameters_for(starts=1, perturbed_restarts=0, iteration_cap=60)
    cold = factorize(ratings, poor)
    assert cold.status is SolutionStatus.ITERATION_LIMIT or cold.loss > good.loss
    warm = factorize(ratings, poor, warm_start=good.parameters)
    assert warm.warm_start_used
    assert warm.candidates[-1].name == "warm-start"
    assert warm.loss <= good.loss + 1e-12
    again = factorize(ratings, poor, warm_start=warm.parameters)
    np.testing.assert_array_equal(again.parameters.item_intercept, warm.parameters.item_intercept)
    np.testing.assert_array_equal(again.parameters.rater_factor, warm.parameters.rater_factor)


def test_a_warm_start_that_does_not_fit_is_refused(polarised, random_model):
    ratings = polarised()
    with pytest.raises(FactorizationError, match="item_intercept has shape"):
        factorize(ratings, warm_start=random_model(ratings.n_rows, 3, 1))
    wrong = random_model(ratings.n_rows, ratings.n_cols, 1)
    wrong.item_intercept[0] = np.nan
    with pytest.raises(FactorizationError, match="not finite"):
        factorize(ratings, warm_start=wrong)


def test_candidates_trajectory_and_progress(polarised):
    steps = []
    found = factorize(
        polarised(),
        parameters_for(starts=3),
        progress=lambda name, share: steps.append((name, share)),
    )
    names = [one.name for one in found.candidates]
    assert names == [
        "random-1",
        "random-2",
        "random-3",
        "zero-factors",
        "perturbed-1",
        "perturbed-2",
    ]
    assert found.loss == min(one.loss for one in found.candidates)
    assert found.trajectory.loss.shape == found.trajectory.kkt.shape == (found.sweeps + 1,)
    assert found.trajectory.loss[-1] == found.loss
    assert np.all(np.diff(found.trajectory.loss[51:]) <= 1e-12)  # after the ramp it only falls
    assert np.all(found.numerical_error >= 10 * found.kkt)
    assert np.all(found.numerical_error >= found.intercept_spread)
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1
