"""Person points moved to where one person is, for labels too many for the population's points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.comment_model import CommentModel, Population, ResponseTable

Float64Array = NDArray[np.float64]
LogLikelihood = Callable[[ResponseTable], Float64Array]

ENOUGH_POINTS: Final = 16.0
"""With fewer effective points than this the population's points are too coarse for a person."""

_SHARE: Final = 0.25
"""Of the points, as effective points, that each step of the way must keep."""
_INFLATION: Final = 1.3
"""Of the proposal's covariance, so that it reaches beyond what it was matched to."""
_MOST_STEPS: Final = 20
_BISECTIONS: Final = 30


def refined_points(
    model: CommentModel, log_likelihood: LogLikelihood
) -> tuple[ResponseTable, Float64Array]:
    """Return points around a person's posterior, and their importance weights before the labels.

    Annealed importance sampling on the fixed Sobol points (adaptive tempering as in Del Moral,
    Doucet and Jasra 2006, without the random moves): the labels are let in by as much as keeps a
    quarter of the points effective, the points are moved to the mean and covariance found, until
    all labels are in.

    Args:
        model: the fitted comment model.
        log_likelihood: sum over the person's labels of log P(label | point), for a table of
            points.

    Returns:
        The table of the points, and the log of prior over proposal density, shape (P,).
    """
    standard, population = model.standard_points, model.population
    proposal = population
    wanted = _SHARE * len(standard)
    for _ in range(_MOST_STEPS):
        theta = proposal.at(standard)
        table = ResponseTable.of(theta, model.grid)
        ratio = _log_density(theta, population) - _log_density(theta, proposal)
        likelihood = log_likelihood(table)
        if _effective(ratio + likelihood) >= wanted:
            break
        weight = _weights(ratio + _temperature(ratio, likelihood, wanted) * likelihood)
        centre = weight @ theta
        centred = theta - centre
        spread = _INFLATION * (centred * weight[:, None]).T @ centred
        proposal = Population(centre, spread + 1e-9 * np.eye(len(centre)))
    return table, ratio


def _temperature(ratio: Float64Array, likelihood: Float64Array, wanted: float) -> float:
    """Return the largest share of the log likelihood that keeps enough points effective."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _effective(ratio + middle * likelihood) >= wanted:
            low = middle
        else:
            high = middle
    return high


def _weights(log_weight: Float64Array) -> Float64Array:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _effective(log_weight: Float64Array) -> float:
    return float(1.0 / np.sum(_weights(log_weight) ** 2))


def _log_density(theta: Float64Array, population: Population) -> Float64Array:
    """Return the log of the normal density, up to a constant common to all populations."""
    factor = np.linalg.cholesky(population.covariance)
    standard = np.linalg.solve(factor, (theta - population.mean).T)
    return np.asarray(-0.5 * (standard**2).sum(axis=0) - np.log(np.diag(factor)).sum())
