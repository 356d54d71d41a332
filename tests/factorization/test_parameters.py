from __future__ import annotations

import pytest

from labelaudit_dagster.factorization import FactorizationError, FactorizationParameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lambda_intercept", -0.1),
        ("lambda_factor", float("nan")),
        ("lambda_factor", "0.1"),
        ("ndim", 0),
        ("ndim", 1.0),
        ("ndim", True),
        ("method", "newton"),
        ("learning_rate", 0),
        ("iteration_cap", 0),
        ("tolerance", 0.0),
        ("tolerance", float("inf")),
        ("seed", -1),
        ("precision", "float16"),
        ("backend", "sparse"),
        ("starts", 0),
        ("perturbed_restarts", -1),
    ],
)
def test_bad_options_are_named(name, value):
    with pytest.raises(FactorizationError, match=f"^{name} is "):
        FactorizationParameters(**{name: value})


def test_defaults_are_the_notebooks_model():
    parameters = FactorizationParameters()
    assert (parameters.lambda_intercept, parameters.lambda_factor) == (0.15, 0.03)
    assert (parameters.ndim, parameters.method) == (1, "exact")
