"""Starts of the exact method: candidates, warm starts, and what it reports of the way."""

from __future__ import annotations

import numpy as np
import pytest
from exact_solutions import assert_identical, parameters_for

from labelaudit_dagster.factorization import (
    FactorizationError,
    SolutionStatus,
    factorize,
)


def test_the_iteration_limit_is_reported(polarised):
    found = factorize(polarised(), parameters_for(iteration_cap=5))
    assert found.status is SolutionStatus.ITERATION_LIMIT
    assert found.kkt > 1e-6
    assert not found.converged
    assert "raise iteration_cap" in found.message


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
