"""What a factorization returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]


class SolutionStatus(StrEnum):
    """How the solver ended."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "iteration_limit"
    NOT_FINITE = "not_finite"


@dataclass(frozen=True, eq=False)
class ModelParameters:
    """Parameters of the model: a rating is mu + b_u + c_g + x_u . y_g.

    Attributes:
        mu: global intercept.
        rater_intercept: b, float64, shape (n_raters,).
        item_intercept: c, float64, shape (n_items,).
        rater_factor: x, float64, shape (n_raters, ndim).
        item_factor: y, float64, shape (n_items, ndim).
    """

    mu: float
    rater_intercept: Float64Array
    item_intercept: Float64Array
    rater_factor: Float64Array
    item_factor: Float64Array

    @property
    def ndim(self) -> int:
        """Number of factor dimensions."""
        return int(self.item_factor.shape[1])


@dataclass(frozen=True)
class Candidate:
    """One start of the exact method and what came of it.

    Attributes:
        name: for example "random-1", "perturbed-2", "zero-factors", "warm-start".
        loss: objective reached.
        kkt: optimality residual reached, in the unit of the ratings.
        sweeps: sweeps made.
        status: how it ended.
    """

    name: str
    loss: float
    kkt: float
    sweeps: int
    status: SolutionStatus


@dataclass(frozen=True)
class CandidateSpread:
    """How far the candidates lie apart.

    Attributes:
        loss: largest minus smallest loss among converged candidates with factors.
        equally_good: number of candidates whose loss is within the margin of the best.
        intercept: largest difference of an item's intercept among the equally good ones.
    """

    loss: float
    equally_good: int
    intercept: float


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The way of the winning candidate.

    Attributes:
        loss: objective before each sweep or iteration, float64, shape (steps,).
        kkt: optimality residual, same shape; empty for gradient descent.
    """

    loss: Float64Array
    kkt: Float64Array


@dataclass(frozen=True, eq=False)
class Factorization:
    """A solution, how good it is, and how it was found.

    Attributes:
        parameters: the model.
        method: "exact" or "gradient_descent".
        status: how the solver ended; anything but CONVERGED must not be published.
        message: the status in a sentence.
        loss: objective at the solution.
        kkt: optimality residual at the solution, in the unit of the ratings.
        sweeps: sweeps (exact) or iterations (gradient descent) of the winning candidate.
        seconds: wall time; the only entry that differs between two runs on the same ratings.
        candidates: every start; the warm start is listed only when it was taken.
        spread: how far the candidates lie apart.
        intercept_spread: per item, the largest difference of its intercept among candidates as
            good as the best, float64, shape (n_items,).
        numerical_error: per item, what the solver may be wrong by: the larger of the spread and of
            the residual times what the speed of convergence says is still to come (at least
            ten), float64, shape (n_items,). No sampling error.
        trajectory: loss and residual along the way of the winning candidate.
        warm_start_used: whether the previous parameters gave the winning candidate.
        precision: "float64" or "float32".
        backend: "dense" or "bucketed".
    """

    parameters: ModelParameters
    method: str
    status: SolutionStatus
    message: str
    loss: float
    kkt: float
    sweeps: int
    seconds: float
    candidates: tuple[Candidate, ...]
    spread: CandidateSpread
    intercept_spread: Float64Array
    numerical_error: Float64Array
    trajectory: Trajectory = field(repr=False)
    warm_start_used: bool
    precision: str
    backend: str

    @property
    def converged(self) -> bool:
        """Whether the status is CONVERGED."""
        return self.status is SolutionStatus.CONVERGED
