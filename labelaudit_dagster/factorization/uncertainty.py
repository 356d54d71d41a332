"""Sampling error of a solution: the rater bootstrap, and which raters alone change a decision.

Both treat raters as the sample: another thousand people might have been asked. Neither says
anything of the numerical error of the solver, which `Factorization.numerical_error` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.factorization.errors import FactorizationError
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters

Float64Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Decide = Callable[[Float64Array, Float64Array, Float64Array], BoolArray]
"""Acceptance from item intercepts, numbers of ratings and raw support, all of one shape
(..., n_items); returns booleans of that shape."""

BOOTSTRAP_TOLERANCE = 1e-5
"""Residual at which a bootstrap replicate is left alone; sampling error is a thousand times it."""


@dataclass(frozen=True, eq=False)
class BootstrapReplicates:
    """Refits on resampled raters.

    Attributes:
        item_intercept: float64, shape (B, n_items); 0 where no sampled rater rated the item.
        n_ratings: sum of weights of each item's ratings, float64, same shape.
        raw_support: weighted mean rating, float64, same shape; 0 without ratings.
        converged: bool, shape (B,).
    """

    item_intercept: Float64Array
    n_ratings: Float64Array
    raw_support: Float64Array
    converged: BoolArray

    def standard_error(self) -> Float64Array:
        """Return the standard deviation of each item's intercept over the replicates it is in.

        Shape (n_items,); NaN for an item that is in fewer than two replicates.
        """
        present = self.n_ratings > 0
        count = present.sum(axis=0)
        mean = _over(np.where(present, self.item_intercept, 0).sum(axis=0), count)
        square = np.where(present, (self.item_intercept - mean) ** 2, 0).sum(axis=0)
        return np.where(count > 1, np.sqrt(_over(square, count - 1)), np.nan)

    def interval(self, level: float = 0.9) -> tuple[Float64Array, Float64Array]:
        """Return each intercept's percentile interval over the replicates that the item is in.

        Args:
            level: share of replicates inside, in (0, 1).

        Returns:
            Lower and upper ends, each of shape (n_items,); NaN for an item in no replicate.
        """
        if not 0 < level < 1:
            raise FactorizationError(f"level is {level!r}; it must lie between 0 and 1.")
        ends = np.full((2, self.item_intercept.shape[1]), np.nan)
        probabilities = [(1 - level) / 2, (1 + level) / 2]
        for item in range(ends.shape[1]):
            present = self.item_intercept[self.n_ratings[:, item] > 0, item]
            if present.size:
                ends[:, item] = np.quantile(present, probabilities)
        return ends[0], ends[1]

    def probability(self, decide: Decide) -> Float64Array:
        """Return the share of replicates in which each item is accepted, shape (n_items,)."""
        decisions = decide(self.item_intercept, self.n_ratings, self.raw_support)
        accepted = np.asarray(decisions, dtype=bool) & (self.n_ratings > 0)
        return np.asarray(accepted.mean(axis=0), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class LeaveOneOutFlips:
    """Decisions that change when one rater is left out; one entry per flip, by rater and item.

    Attributes:
        rater: int32, shape (flips,).
        item: int32, shape (flips,).
        accepted_without: bool, shape (flips,), the decision without the rater.
        intercept_without: float64, shape (flips,), the item's intercept without the rater.
        n_raters: number of raters that were left out in turn.
        unconverged: raters whose refit did not reach the tolerance, int32; their flips are listed
            all the same.
    """

    rater: NDArray[np.int32]
    item: NDArray[np.int32]
    accepted_without: BoolArray
    intercept_without: Float64Array
    n_raters: int
    unconverged: NDArray[np.int32]

    def raters_per_item(self, n_items: int) -> NDArray[np.int64]:
        """Return how many single raters flip each item, shape (n_items,)."""
        return np.bincount(self.item, minlength=n_items)


def bootstrap(
    ratings: RatingTriples,
    model: ModelParameters,
    parameters: FactorizationParameters,
    *,
    n_replicates: int = 200,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> BootstrapReplicates:
    """Refit on raters drawn with replacement (Efron 1979, by multinomial weights).

    Replicates start from the solution and stay in its basin. Replicate b is drawn from the seed
    (seed, b), so that more replicates leave the first ones as they were.

    Args:
        ratings: the ratings of the solution.
        model: the parameters that `factorize` found for them.
        parameters: the penalties, backend and sweep cap are used.
        n_replicates: B, at least 2.
        seed: 0 or more.
        progress: called with the name of the step and the share done.
    """
    from labelaudit_dagster.factorization.replicates import ReplicateSolver

    if n_replicates < 2:
        raise FactorizationError(f"n_replicates is {n_replicates}; at least 2 are needed.")
    rated = np.flatnonzero(ratings.row_weights() > 0)

    def drawn(number: int) -> Float64Array:
        generator = np.random.default_rng([seed, number])
        weight = np.zeros(ratings.n_rows)
        weight[rated] = np.bincount(
            generator.integers(0, rated.size, rated.size), minlength=rated.size
        )
        return weight

    solver = ReplicateSolver(ratings, model, parameters, BOOTSTRAP_TOLERANCE)
    solved = list(
        solver.solve_all(
            (drawn(number) for number in range(n_replicates)),
            None if progress is None else lambda n: progress("bootstrap", n / n_replicates),
        )
    )
    return BootstrapReplicates(
        item_intercept=np.stack([one.item_intercept for one in solved]),
        n_ratings=np.stack([one.n_ratings for one in solved]),
        raw_support=np.stack([one.raw_support for one in solved]),
        converged=np.array([one.converged for one in solved]),
    )


def leave_one_out(
    ratings: RatingTriples,
    model: ModelParameters,
    parameters: FactorizationParameters,
    decide: Decide,
    *,
    raters: ArrayLike | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> LeaveOneOutFlips:
    """Leave out each rater in turn, solve again, and list the decisions that change.

    Args:
        ratings: the ratings of the solution.
        model: the parameters that `factorize` found for them.
        parameters: the penalties, tolerance, backend and sweep cap are used.
        decide: acceptance, see `Decide`.
        raters: indices to leave out; by default all with ratings (one refit each).
        progress: called with the name of the step and the share done.
    """
    from labelaudit_dagster.factorization.replicates import ReplicateSolver

    present = np.flatnonzero(ratings.row_weights() > 0)
    chosen = present if raters is None else np.intersect1d(np.asarray(raters), present)
    n_ratings = ratings.col_weights()
    total = np.bincount(
        ratings.col, weights=ratings.weights() * ratings.value, minlength=ratings.n_cols
    )
    support = _over(total, n_ratings)
    before = np.asarray(decide(model.item_intercept, n_ratings, support), dtype=bool)
    solver = ReplicateSolver(ratings, model, parameters, parameters.tolerance)

    def without(rater: int) -> Float64Array:
        weight = np.ones(ratings.n_rows)
        weight[rater] = 0
        return weight

    flips: list[tuple[int, int, bool, float]] = []
    unconverged: list[int] = []
    if chosen.size > 1 or present.size > 1:
        solved = solver.solve_all(
            (without(int(rater)) for rater in chosen),
            None if progress is None else lambda n: progress("leave one out", n / chosen.size),
        )
        for rater, one in zip(chosen.tolist(), solved, strict=True):
            after = decide(one.item_intercept, one.n_ratings, one.raw_support)
            after = np.asarray(after, dtype=bool)
            for item in np.flatnonzero(after != before).tolist():
                flips.append((rater, item, bool(after[item]), float(one.item_intercept[item])))
            if not one.converged:
                unconverged.append(rater)
    return LeaveOneOutFlips(
        rater=np.array([flip[0] for flip in flips], dtype=np.int32),
        item=np.array([flip[1] for flip in flips], dtype=np.int32),
        accepted_without=np.array([flip[2] for flip in flips], dtype=bool),
        intercept_without=np.array([flip[3] for flip in flips], dtype=np.float64),
        n_raters=int(chosen.size),
        unconverged=np.array(unconverged, dtype=np.int32),
    )


def _over(total: NDArray[np.generic], count: NDArray[np.generic]) -> Float64Array:
    """Divide; 0 where the count is not positive."""
    dividend = np.asarray(total, dtype=np.float64)
    divisor = np.asarray(count, dtype=np.float64)
    return np.divide(dividend, divisor, out=np.zeros_like(dividend), where=divisor > 0)
