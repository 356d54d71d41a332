"""What the exact method's solution does not depend on: order, copies, weights, precision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from exact_solutions import EVERY_WAY, assert_identical, parameters_for, same_solution

from labelaudit_dagster.factorization import (
    FactorizationParameters,
    RatingTriples,
    factorize,
    objective,
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
