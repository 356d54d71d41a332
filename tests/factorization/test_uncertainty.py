from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelaudit_dagster.factorization import (
    BootstrapReplicates,
    FactorizationError,
    FactorizationParameters,
    RatingTriples,
    bootstrap,
    factorize,
    instability,
    leave_one_out,
)

PARAMETERS = FactorizationParameters()


def decide(intercept, n_ratings, support):
    return (intercept > 0.25) & (n_ratings >= 3) & (support >= 0.6)


def test_replicates_are_the_solutions_of_their_weights(polarised):
    ratings = polarised(seed=1, n_rows=60, n_cols=15)
    solution = factorize(ratings, PARAMETERS)
    found = bootstrap(ratings, solution.parameters, PARAMETERS, n_replicates=4, seed=9)
    assert found.converged.all()
    assert found.item_intercept.shape == found.n_ratings.shape == (4, 15)
    for number in range(4):
        generator = np.random.default_rng([9, number])
        weight = np.bincount(generator.integers(0, 60, 60), minlength=60).astype(float)
        weighted = ratings.with_rater_weights(weight)
        np.testing.assert_allclose(found.n_ratings[number], weighted.col_weights())
        support = (
            np.bincount(weighted.col, weights=weighted.value * weighted.weights())
            / weighted.col_weights()
        )
        np.testing.assert_allclose(found.raw_support[number], support)
        expected = factorize(
            weighted,
            replace(PARAMETERS, starts=1, perturbed_restarts=0),
            warm_start=solution.parameters,
        )
        best = min(expected.candidates, key=lambda one: one.loss)
        assert best.loss == expected.loss
        assert largest_difference(weighted, found.item_intercept[number], expected) < 1e-3


def largest_difference(ratings, intercept, expected):
    """Largest difference of intercepts among the items that have ratings."""
    rated = ratings.col_weights() > 0
    return np.abs(intercept - expected.parameters.item_intercept)[rated].max()


def test_replicates_are_reproducible_and_nested(polarised):
    ratings = polarised(seed=1)
    solution = factorize(ratings, PARAMETERS)
    few = bootstrap(ratings, solution.parameters, PARAMETERS, n_replicates=3)
    more = bootstrap(ratings, solution.parameters, PARAMETERS, n_replicates=6)
    other = bootstrap(ratings, solution.parameters, PARAMETERS, n_replicates=3, seed=1)
    np.testing.assert_array_equal(few.item_intercept, more.item_intercept[:3])
    assert not np.array_equal(few.item_intercept, other.item_intercept)
    with pytest.raises(FactorizationError, match="n_replicates is 1"):
        bootstrap(ratings, solution.parameters, PARAMETERS, n_replicates=1)


def test_summaries_of_replicates():
    intercept = np.array([[0.1, 0.0], [0.2, 0.5], [0.3, 0.0], [0.4, 0.0]])
    n_ratings = np.array([[5.0, 0.0], [5.0, 2.0], [5.0, 0.0], [5.0, 0.0]])
    found = BootstrapReplicates(intercept, n_ratings, np.ones((4, 2)), np.ones(4, bool))
    error = found.standard_error()
    assert error[0] == pytest.approx(np.std([0.1, 0.2, 0.3, 0.4], ddof=1))
    assert np.isnan(error[1])
    low, high = found.interval(0.5)
    assert low.tolist() == pytest.approx([0.175, 0.5])
    assert high.tolist() == pytest.approx([0.325, 0.5])
    assert found.probability(lambda c, n, r: c >= 0.25).tolist() == [0.5, 0.25]
    assert found.probability(lambda c, n, r: c < 9).tolist() == [1.0, 0.25]
    with pytest.raises(FactorizationError, match="level is 1"):
        found.interval(1)


def test_standard_error_is_that_of_the_mean():
    # Without factors and with a light penalty an item's intercept is a mean over raters.
    generator = np.random.default_rng(0)
    votes = (generator.random((200, 2)) < [0.3, 0.7]).astype(float)
    row, col = np.indices(votes.shape).reshape(2, -1)
    ratings = RatingTriples.from_arrays(row, col, votes[row, col])
    parameters = FactorizationParameters(lambda_intercept=1e-3, lambda_factor=5.0)
    solution = factorize(ratings, parameters)
    found = bootstrap(ratings, solution.parameters, parameters, n_replicates=300)
    difference = found.item_intercept[:, 1] - found.item_intercept[:, 0]
    expected = np.std(votes[:, 1] - votes[:, 0]) / np.sqrt(200)
    assert difference.std() == pytest.approx(expected, rel=0.15)


def test_flips_are_those_of_full_refits(polarised):
    ratings = polarised(seed=11, n_rows=16, n_cols=12)
    parameters = FactorizationParameters(tolerance=1e-8)
    solution = factorize(ratings, parameters)
    count = ratings.col_weights()
    support = np.bincount(ratings.col, weights=ratings.value, minlength=12) / count
    before = decide(solution.parameters.item_intercept, count, support)
    expected = []
    for rater in range(16):
        weighted = ratings.with_rater_weights(np.where(np.arange(16) == rater, 0.0, 1.0))
        refit = factorize(weighted, replace(parameters, backend="dense"))
        left = weighted.col_weights()
        total = np.bincount(weighted.col, weights=weighted.value * weighted.weights(), minlength=12)
        after = decide(refit.parameters.item_intercept, left, total / np.maximum(left, 1))
        expected += [
            (rater, int(item), bool(after[item])) for item in np.flatnonzero(after != before)
        ]
    found = leave_one_out(ratings, solution.parameters, parameters, decide)
    assert len(expected) > 0
    flips = list(
        zip(found.rater.tolist(), found.item.tolist(), found.accepted_without.tolist(), strict=True)
    )
    assert flips == expected
    assert found.n_raters == 16
    assert found.unconverged.size == 0
    assert found.raters_per_item(12).sum() == len(expected)
    some = leave_one_out(ratings, solution.parameters, parameters, decide, raters=[expected[0][0]])
    assert some.n_raters == 1
    assert set(some.rater.tolist()) == {expected[0][0]}


def test_a_single_rater_cannot_be_left_out():
    ratings = RatingTriples.from_arrays([0, 0], [0, 1], [1.0, 0.0])
    solution = factorize(ratings, PARAMETERS)
    found = leave_one_out(ratings, solution.parameters, PARAMETERS, decide)
    assert found.rater.size == 0


def test_the_exact_method_is_stable_where_the_notebooks_is_not(polarised):
    ratings = polarised(seed=3, n_rows=60, n_cols=30, share=0.4)
    exact = instability(ratings, PARAMETERS, decide, seeds=(0, 1, 2, 3))
    assert exact.mean_jaccard == 1
    assert exact.in_all == exact.in_any != ()
    loose = instability(
        ratings,
        FactorizationParameters(method="gradient_descent", iteration_cap=200),
        decide,
        seeds=(0, 1, 2, 3),
    )
    assert loose.mean_jaccard < 1
    assert loose.steps == (200,) * 4
    assert np.ptp(loose.losses) > 100 * np.ptp(exact.losses)
    with pytest.raises(FactorizationError, match="at least two"):
        instability(ratings, PARAMETERS, decide, seeds=(0,))
