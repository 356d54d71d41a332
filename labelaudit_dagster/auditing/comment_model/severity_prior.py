"""Where a comment's severity is expected before anybody rates it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]

SMALLEST_RESIDUAL = 0.1


@dataclass(frozen=True, eq=False)
class SeverityPrior:
    """Normal prior of severities: around what the text says, with unit variance in all.

    Attributes:
        centre: expected severity, float64, shape (n,) or (1,).
        sd: residual standard deviation; the variance of `centre` plus its square is 1.
    """

    centre: Float64Array
    sd: float

    @classmethod
    def without_text(cls) -> SeverityPrior:
        """Return the standard normal."""
        return cls(np.zeros(1), 1.0)

    def on(self, grid: Float64Array) -> Float64Array:
        """Return the normalised log density on the grid, float64, shape (n or 1, G)."""
        log_density = -0.5 * ((grid - self.centre[:, None]) / self.sd) ** 2
        mass = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        top = log_density.max(axis=1) + np.log(mass.sum(axis=1))
        return log_density - top[:, None]

    @property
    def explained(self) -> float:
        """Share of the variance of severities that the text explains."""
        return 1.0 - self.sd**2
