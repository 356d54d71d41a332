"""How a person answers a comment of given severity: the graded-response model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

SMALLEST_PROBABILITY: Final = 1e-7
"""Of any level: so that no single label rules anybody out, and every logarithm is finite."""

WIDEST_LOG: Final = 6.0
"""Gaps and slopes are exponentials; beyond this they say no more and only overflow."""

SEVERITY_RANGE: Final = 4.0


def severity_grid(n_points: int) -> Float64Array:
    """Return equidistant severities from -4 to 4 (float64, shape (n_points,))."""
    return np.linspace(-SEVERITY_RANGE, SEVERITY_RANGE, n_points)


def thresholds(theta: Float64Array) -> Float64Array:
    """Return the ascending thresholds of people.

    Args:
        theta: shape (P, K): first threshold, K - 2 logarithms of gaps, logarithm of the slope,
            where K is the number of levels.

    Returns:
        float64, shape (P, K - 1).
    """
    gaps = np.exp(np.clip(theta[:, 1:-1], -WIDEST_LOG, WIDEST_LOG))
    return np.cumsum(np.concatenate([theta[:, :1], gaps], axis=1), axis=1)


def tail_table(theta: Float64Array, grid: Float64Array) -> Float64Array:
    """Return P(level > k) for k = 0 … K - 2: Φ(slope · severity - threshold k).

    Args:
        theta: people, shape (P, K), as for `thresholds`.
        grid: severities, shape (G,).

    Returns:
        float64, shape (K - 1, P, G).
    """
    slope = np.exp(np.clip(theta[:, -1], -WIDEST_LOG, WIDEST_LOG))
    argument = (slope[:, None] * grid)[None] - thresholds(theta).T[:, :, None]
    return np.asarray(ndtr(argument))


@dataclass(frozen=True, eq=False)
class ResponseTable:
    """Answers of a set of people to every severity of the grid.

    Attributes:
        theta: the people, float64, shape (P, K).
        tail: P(level > k), float32, shape (K - 1, P, G).
        probability: P(level = k), float32, shape (K, P, G), at least `SMALLEST_PROBABILITY`
            before it is normalised.
    """

    theta: Float64Array
    tail: Float32Array
    probability: Float32Array

    @classmethod
    def of(cls, theta: Float64Array, grid: Float64Array) -> ResponseTable:
        """Tabulate the answers of the people `theta` on the severities `grid`."""
        tail = tail_table(theta, grid)
        ends = np.ones((1, *tail.shape[1:]))
        probability = np.concatenate([ends, tail]) - np.concatenate([tail, 0 * ends])
        probability = np.maximum(probability, SMALLEST_PROBABILITY)
        probability /= probability.sum(axis=0)
        # The tails are taken from the floored probabilities, so that both say the same.
        floored = probability[::-1].cumsum(axis=0)[::-1][1:]
        return cls(theta, floored.astype(np.float32), probability.astype(np.float32))
