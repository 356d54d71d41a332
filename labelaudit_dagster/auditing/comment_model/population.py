"""The population of raters: a normal distribution of thresholds, gaps and slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Float64Array = NDArray[np.float64]

PRIOR_SD_THRESHOLD: Final = 0.7
PRIOR_SD_GAP: Final = 0.5
PRIOR_SD_SLOPE: Final = 0.4
MEAN_PRIOR_RATERS: Final = 1.0
"""The prior of the mean counts like this many raters."""

NORMAL_PRIOR_RATERS: Final = 200.0
"""So many raters are needed for their shape to count as much as the normal distribution."""


@dataclass(frozen=True, eq=False)
class Population:
    """Normal distribution of people's parameters.

    Attributes:
        mean: float64, shape (K,): first threshold, log gaps, log slope.
        covariance: float64, shape (K, K), positive definite.
    """

    mean: Float64Array
    covariance: Float64Array

    def at(self, standard: Float64Array) -> Float64Array:
        """Move standard normal points (shape (P, K)) into this population."""
        moved: Float64Array = self.mean + standard @ np.linalg.cholesky(self.covariance).T
        return moved


def standard_normal_points(n_points: int, dimensions: int, seed: int) -> Float64Array:
    """Return scrambled Sobol points of the standard normal, with exactly its two moments.

    The points are shifted and rotated so that their mean is 0 and their covariance the unit
    matrix; otherwise every step of the fit would drift by their error.

    Args:
        n_points: a power of two is best.
        dimensions: of a point.
        seed: of the scrambling.

    Returns:
        float64, shape (n_points, dimensions).
    """
    from scipy.stats import qmc  # loads much, and only a fit needs it

    exponent = int(np.ceil(np.log2(n_points)))
    uniform = qmc.Sobol(dimensions, seed=np.random.default_rng(seed)).random_base2(exponent)
    points: Float64Array = ndtri(np.clip(uniform[:n_points], 1e-9, 1 - 1e-9))
    points = points - points.mean(axis=0)
    if n_points <= dimensions:
        return points
    factor = np.linalg.cholesky(np.cov(points.T, bias=True).reshape(dimensions, dimensions))
    return np.asarray(np.linalg.solve(factor, points.T).T)


def starting_population(level_counts: NDArray[np.int64]) -> Population:
    """Return the population that explains how often each level is used, before any fit.

    It is also the weak prior of the fit (see `updated_population`), and so decides what little
    data leave open: levels that nobody uses, the spread of a single rater.

    Args:
        level_counts: ratings at each level, shape (K,).
    """
    n_levels = len(level_counts)
    share = (level_counts + 1.0) / (level_counts.sum() + n_levels)
    below = np.cumsum(share)[:-1]
    # Severity, rater and noise together spread the latent answer.
    spread = np.sqrt(1.0 + 1.0 + PRIOR_SD_THRESHOLD**2)
    cut = np.asarray(ndtri(below)) * spread
    mean = np.concatenate([cut[:1], np.log(np.maximum(np.diff(cut), 0.05)), [0.0]])
    sd = np.full(n_levels, PRIOR_SD_GAP)
    sd[0], sd[-1] = PRIOR_SD_THRESHOLD, PRIOR_SD_SLOPE
    return Population(mean, np.diag(sd**2))


def updated_population(
    current: Population,
    start: Population,
    standard: Float64Array,
    average_weight: Float64Array,
    n_raters: int,
) -> Population:
    """Return the M-step: moments of the raters' posteriors, with a weak prior.

    Args:
        current: in which the weights were found.
        start: the prior: one rater at its mean, K + 2 raters with its covariance.
        standard: the points of the current population, shape (P, K), in standard coordinates.
        average_weight: mean over raters of the posterior weights, shape (P,), sum 1.
        n_raters: number of raters.
    """
    dimensions = standard.shape[1]
    centre = average_weight @ standard
    second = (standard * average_weight[:, None]).T @ standard - np.outer(centre, centre)
    factor = np.linalg.cholesky(current.covariance)
    mean = current.mean + factor @ centre
    spread = factor @ second @ factor.T
    share = n_raters / (n_raters + MEAN_PRIOR_RATERS)
    pulled = share * mean + (1 - share) * start.mean
    spread = spread + share * (1 - share) * np.outer(mean - start.mean, mean - start.mean)
    prior_raters = dimensions + 2
    covariance = (n_raters * spread + prior_raters * start.covariance) / (n_raters + prior_raters)
    return Population(pulled, (covariance + covariance.T) / 2)


def point_weights(average_weight: Float64Array, n_raters: int) -> Float64Array:
    """Return the prior weight of each person point: between normal and as the raters are.

    People are not exactly normal. One EM step on the weights of the points, from equal ones,
    gives the raters' average posterior; a Dirichlet prior worth `NORMAL_PRIOR_RATERS` raters
    holds it back towards equal weights, which say "normal".

    Args:
        average_weight: mean over raters of the posterior weights, shape (P,), sum 1.
        n_raters: number of raters.
    """
    share = n_raters / (n_raters + NORMAL_PRIOR_RATERS)
    return np.asarray((1 - share) / len(average_weight) + share * average_weight)
