"""The Collective Constitutional AI votes: the optimum and the guidelines that it accepts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelaudit_dagster.factorization import (
    FactorizationParameters,
    RatingTriples,
    SolutionStatus,
    bootstrap,
    factorize,
    objective,
    optimality_residual,
)

pytestmark = pytest.mark.realdata

ACCEPTED = ["280", "717", "763", "807", "857", "901"]
BEST_KNOWN = 0.1265314663


@pytest.fixture(scope="module")
def solution(ccai):
    return factorize(ccai.ratings)


def test_the_optimum_and_its_accepted_guidelines(ccai, solution):
    assert solution.status is SolutionStatus.CONVERGED
    assert solution.loss <= BEST_KNOWN
    parameters = FactorizationParameters()
    assert objective(ccai.ratings, solution.parameters, parameters) <= BEST_KNOWN
    assert optimality_residual(ccai.ratings, solution.parameters, parameters) <= 1.001e-6
    assert ccai.accepted(solution.parameters) == ACCEPTED
    intercept = dict(zip(ccai.guidelines, solution.parameters.item_intercept, strict=True))
    margins = [intercept[f"guideline-{name}"] - 0.375 for name in ACCEPTED]
    assert 0.0034 < min(margins) < max(margins) < 0.0078
    assert intercept["guideline-631"] - 0.375 == pytest.approx(-4.82e-5, abs=1e-6)


def test_the_numerical_error_decides_even_the_closest_guideline(ccai, solution):
    exacter = factorize(ccai.ratings, FactorizationParameters(tolerance=1e-10))
    actual = np.abs(exacter.parameters.item_intercept - solution.parameters.item_intercept)
    assert np.all(actual <= solution.numerical_error)
    closest = ccai.guidelines.index("guideline-631")
    assert solution.numerical_error[closest] < 4.8e-5


@pytest.mark.slow
def test_a_hundred_seeds_accept_one_set(ccai):
    # A single random start each, which is harder than the default policy with its best of nine.
    accepted = set()
    for seed in range(100):
        alone = FactorizationParameters(seed=seed, starts=1, perturbed_restarts=0)
        found = factorize(ccai.ratings, alone)
        assert found.status is SolutionStatus.CONVERGED
        assert found.loss <= BEST_KNOWN
        accepted.add(tuple(ccai.accepted(found.parameters)))
    assert accepted == {tuple(ACCEPTED)}


def test_other_seeds_of_the_default_policy_agree(ccai, solution):
    for seed in (1, 2, 3):
        found = factorize(ccai.ratings, FactorizationParameters(seed=seed))
        assert ccai.accepted(found.parameters) == ACCEPTED
        difference = found.parameters.item_intercept - solution.parameters.item_intercept
        assert np.all(np.abs(difference) <= solution.numerical_error)


@pytest.mark.parametrize("backend", ["dense", "bucketed"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_every_way_agrees(ccai, solution, backend, precision):
    parameters = FactorizationParameters(
        backend=backend, precision=precision, starts=1, perturbed_restarts=0
    )
    found = factorize(ccai.ratings, parameters)
    assert found.loss == pytest.approx(solution.loss, abs=1e-11)
    difference = found.parameters.item_intercept - solution.parameters.item_intercept
    assert np.abs(difference).max() < 1e-5


def test_shuffled_votes_and_published_parameters_change_no_bit(ccai, solution):
    order = np.random.default_rng(4).permutation(len(ccai.ratings))
    shuffled = RatingTriples.from_arrays(
        ccai.ratings.row[order], ccai.ratings.col[order], ccai.ratings.value[order]
    )
    for found in (
        factorize(shuffled),
        factorize(ccai.ratings, warm_start=solution.parameters),
    ):
        assert not found.warm_start_used
        assert found.candidates == solution.candidates
        for name in ("rater_intercept", "item_intercept", "rater_factor", "item_factor"):
            np.testing.assert_array_equal(
                getattr(found.parameters, name), getattr(solution.parameters, name)
            )


def test_two_dimensions_fit_better_and_are_optimal(ccai, solution):
    parameters = FactorizationParameters(ndim=2)
    found = factorize(ccai.ratings, replace(parameters, starts=2, perturbed_restarts=0))
    assert found.status is SolutionStatus.CONVERGED
    assert found.loss < solution.loss
    assert optimality_residual(ccai.ratings, found.parameters, parameters) <= 1.001e-6
    assert found.loss == pytest.approx(objective(ccai.ratings, found.parameters, parameters))


def test_the_bootstrap_shows_how_open_the_closest_guideline_is(ccai, solution):
    found = bootstrap(ccai.ratings, solution.parameters, FactorizationParameters(), n_replicates=60)
    assert found.converged.all()
    probability = dict(zip(ccai.guidelines, found.probability(ccai.decide), strict=True))
    assert 0.2 < probability["guideline-631"] < 0.8
    assert probability["guideline-280"] > 0.6
    clear = [
        name
        for name, value in zip(ccai.guidelines, solution.parameters.item_intercept, strict=True)
        if value < 0.2
    ]
    assert max(probability[name] for name in clear) < 0.1


def test_no_parameter_is_a_negative_zero(ccai, solution) -> None:
    model = solution.parameters
    for array in (
        model.rater_intercept,
        model.item_intercept,
        model.rater_factor,
        model.item_factor,
    ):
        assert not np.signbit(array[array == 0]).any()
