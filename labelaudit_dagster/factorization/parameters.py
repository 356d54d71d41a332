"""What a caller may choose about a factorization."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from labelaudit_dagster.factorization.errors import FactorizationError

Method = Literal["exact", "gradient_descent"]
Precision = Literal["auto", "float32", "float64"]
Backend = Literal["auto", "dense", "bucketed"]


@dataclass(frozen=True)
class FactorizationParameters:
    """Model and solver options; the defaults are the notebook's model, solved exactly.

    Attributes:
        lambda_intercept: weight of the squared intercepts, >= 0.
        lambda_factor: weight of the absolute factors, >= 0.
        ndim: number of factor dimensions, 1 to 16.
        method: "exact" (block-coordinate minimisation, the optimum) or "gradient_descent" (the
            notebook's iteration, which stops far from the optimum and therefore depends on its
            random start: for comparison only).
        learning_rate: step of gradient descent, > 0; the exact method has none.
        iteration_cap: most sweeps (exact) or iterations (gradient descent) per start, >= 1.
        tolerance: largest optimality residual, in the unit of the ratings, at which the exact
            method stops, > 0. Gradient descent has the notebook's own stop rule.
        seed: seed of the random starts, >= 0.
        precision: "float64"; "float32" (single-precision sweeps, finished by double-precision
            ones, so that the tolerance holds all the same; gradient descent runs in single
            precision throughout); "auto" is "float64", which measured faster up to 10⁷ ratings.
        backend: how sums over ratings are made: "dense" (matrix products over all cells),
            "bucketed" (rows of similar length padded together); "auto" picks by the fill.
        starts: random starts of the exact method, >= 1. None: 6, or 2 above a million ratings.
        perturbed_restarts: restarts from the best candidate with noise on its factors, >= 0.
    """

    lambda_intercept: float = 0.15
    lambda_factor: float = 0.03
    ndim: int = 1
    method: Method = "exact"
    learning_rate: float = 0.1
    iteration_cap: int = 10_000
    tolerance: float = 1e-6
    seed: int = 0
    precision: Precision = "auto"
    backend: Backend = "auto"
    starts: int | None = None
    perturbed_restarts: int = 2

    def __post_init__(self) -> None:
        """Check every option.

        Raises:
            FactorizationError: naming the option, its value and what is allowed.
        """
        for name in ("lambda_intercept", "lambda_factor"):
            self._require(name, lambda number: math.isfinite(number) and number >= 0, "0 or more")
        for name in ("learning_rate", "tolerance"):
            self._require(name, lambda number: math.isfinite(number) and number > 0, "above 0")
        self._require_integer("ndim", 1, 16)
        self._require_integer("iteration_cap", 1, 10_000_000)
        self._require_integer("seed", 0, 2**63 - 1)
        self._require_integer("perturbed_restarts", 0, 10_000)
        if self.starts is not None:
            self._require_integer("starts", 1, 10_000)
        for name, allowed in (
            ("method", get_args(Method)),
            ("precision", get_args(Precision)),
            ("backend", get_args(Backend)),
        ):
            if getattr(self, name) not in allowed:
                choices = ", ".join(repr(choice) for choice in allowed)
                raise FactorizationError(f"{name} is {getattr(self, name)!r}; use one of {choices}")

    def _require(self, name: str, holds: Callable[[float], bool], wanted: str) -> None:
        value = getattr(self, name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not holds(value):
            raise FactorizationError(f"{name} is {value!r}; it must be a finite number, {wanted}.")

    def _require_integer(self, name: str, low: int, high: int) -> None:
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise FactorizationError(
                f"{name} is {value!r}; it must be a whole number from {low} to {high}."
            )
