"""Solve problems that differ from a solved one only in the weights of raters (JAX).

A rater's own block does not depend on its weight, so that all replicates share the arranged
ratings; each starts from the solution, and a few dozen sweeps lead to its own optimum. Replicates
are independent of each other and run on all cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.arranged import from_state, place, to_problem, to_state
from labelaudit_dagster.factorization.exact import ONE_AT_A_TIME_FROM
from labelaudit_dagster.factorization.layouts import arrange
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters
from labelaudit_dagster.factorization.runtime import double_precision
from labelaudit_dagster.factorization.sweeps import CONVERGED, WITHOUT_RAMP, Options, solve

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Replicate:
    """The solution for one set of rater weights.

    Attributes:
        item_intercept: float64, shape (n_items,); 0 for items without weight.
        n_ratings: sum of weights per item, float64, shape (n_items,).
        raw_support: weighted mean rating per item, float64, shape (n_items,); 0 without weight.
        converged: whether the tolerance was reached.
    """

    item_intercept: Float64Array
    n_ratings: Float64Array
    raw_support: Float64Array
    converged: bool


class ReplicateSolver:
    """Solves replicates of one problem, each from the given solution."""

    def __init__(
        self,
        ratings: RatingTriples,
        solution: ModelParameters,
        parameters: FactorizationParameters,
        tolerance: float,
    ) -> None:
        self.ratings = ratings
        self.parameters = parameters
        self.tolerance = tolerance
        backend = "bucketed" if parameters.backend == "auto" else parameters.backend
        self.arrangement = arrange(ratings, backend)
        # `arrange` lets equal weights cancel; counts must then cancel likewise.
        weighted = self.arrangement.total_weight != float(len(ratings))
        self._weights = ratings.weights() if weighted else np.ones(len(ratings))
        with double_precision():
            self.problem = to_problem(self.arrangement)
            self.start = to_state(solution, self.arrangement)

    def solve_all(
        self, rater_weights: Iterable[Float64Array], report: Callable[[int], None] | None = None
    ) -> Iterator[Replicate]:
        """Yield the replicates in the order of their weights, each of shape (n_raters,)."""
        cores = os.cpu_count() or 1
        workers = 1 if len(self.ratings) >= ONE_AT_A_TIME_FROM else cores
        with ThreadPoolExecutor(workers) as pool:
            for number, replicate in enumerate(pool.map(self.solve_one, rater_weights)):
                if report is not None:
                    report(number + 1)
                yield replicate

    def solve_one(self, rater_weight: Float64Array) -> Replicate:
        """Solve for one set of weights, shape (n_raters,)."""
        ratings, arrangement = self.ratings, self.arrangement
        weight = self._weights * rater_weight[ratings.row]
        count = _sums(ratings.col, weight, ratings.n_cols)
        weighted = weight * ratings.value
        total = _sums(ratings.col, weighted, ratings.n_cols)
        with double_precision():
            own = jax.device_put(
                (
                    place(rater_weight, arrangement.rater_position, arrangement.n_rater_positions),
                    place(count, arrangement.item_position, arrangement.n_item_positions),
                    place(total, arrangement.item_position, arrangement.n_item_positions),
                    np.float64(weighted @ ratings.value),
                )
            )
            problem = self.problem._replace(
                rater_weight=own[0], item_count=own[1], item_total=own[2], total_square=own[3]
            )
            options = Options(
                *jax.device_put(
                    (
                        np.float64(self.parameters.lambda_intercept),
                        np.float64(self.parameters.lambda_factor),
                        np.float64(self.tolerance),
                        np.int64(self.parameters.iteration_cap),
                        np.int64(WITHOUT_RAMP),
                    )
                )
            )
            loop = jax.device_get(solve(problem, self.start, options, record=1))
        model = from_state(loop.state, arrangement)
        return Replicate(
            item_intercept=np.where(count > 0, model.item_intercept, 0),
            n_ratings=count,
            raw_support=np.divide(total, count, out=np.zeros_like(total), where=count > 0),
            converged=int(loop.outcome) == CONVERGED,
        )


def _sums(index: NDArray[np.int32], weight: Float64Array, size: int) -> Float64Array:
    return np.bincount(index, weights=weight, minlength=size).astype(np.float64)
