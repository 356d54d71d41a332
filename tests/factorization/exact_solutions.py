"""Ways to solve a problem exactly, and comparisons of what they find."""

from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.factorization import FactorizationParameters

EVERY_WAY = [
    pytest.param(backend, precision, id=f"{backend}-{precision}")
    for backend in ("dense", "bucketed")
    for precision in ("float64", "float32")
]


def parameters_for(backend="dense", precision="float64", **others):
    return FactorizationParameters(backend=backend, precision=precision, **others)


def same_solution(left, right, atol=1e-6):
    np.testing.assert_allclose(left.mu, right.mu, atol=atol)
    np.testing.assert_allclose(left.item_intercept, right.item_intercept, atol=atol)
    np.testing.assert_allclose(left.item_factor, right.item_factor, atol=atol)


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
