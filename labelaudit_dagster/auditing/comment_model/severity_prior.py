"""Where a comment's severity is expected before anybody rates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]

SMALLEST_SD: Final = 0.2
"""Of the residual: a text never settles the severity."""

SMALLEST_PRECISION: Final = 1e-3
"""Comments whose ratings say less than this about the severity teach the text prior nothing."""

_SMALLEST_VARIANCE: Final = 1e-4


@dataclass(frozen=True, eq=False)
class SeverityPrior:
    """Normal prior of severities: around what the text says, with unit variance in all.

    Attributes:
        text: what the text says, standardised, float64, shape (n,) or (1,) where there is no text.
        slope: of the expected severity on `text`, 0 to 1.
        sd: residual standard deviation; slope² + sd² = 1.
    """

    text: Float64Array
    slope: float
    sd: float

    @classmethod
    def without_text(cls) -> SeverityPrior:
        """Return the standard normal."""
        return cls(np.zeros(1), 0.0, 1.0)

    @classmethod
    def from_text(
        cls, texts: Sequence[str], mean: Float64Array, variance: Float64Array, seed: int
    ) -> SeverityPrior:
        """Learn from the texts where severities lie, each comment from the others alone.

        Args:
            texts: of the comments, n.
            mean: posterior mean of each severity under the standard normal prior, shape (n,).
            variance: posterior variance, shape (n,).
            seed: of the folds.
        """
        from labelaudit_dagster.auditing.text_prior import text_severity  # loads scikit-learn

        # What the ratings alone say: the posterior without its prior.
        precision = 1.0 / np.maximum(variance, _SMALLEST_VARIANCE) - 1.0
        rated = precision > SMALLEST_PRECISION
        precision = np.where(rated, precision, 0.0)
        alone = np.where(rated, mean * (precision + 1.0) / np.where(rated, precision, 1.0), 0.0)
        learnt = text_severity(texts, alone, precision, seed=seed)
        spread = float(learnt.mean.std())
        if learnt.explained_variance <= 0 or spread == 0:
            return cls.without_text()
        slope = min(float(np.sqrt(learnt.explained_variance)), float(np.sqrt(1 - SMALLEST_SD**2)))
        return cls((learnt.mean - learnt.mean.mean()) / spread, slope, float(np.sqrt(1 - slope**2)))

    @property
    def explained(self) -> float:
        """Share of the variance of severities that the text explains."""
        return self.slope**2

    def on(self, grid: Float64Array) -> Float64Array:
        """Return the normalised log density on the grid, float64, shape (n or 1, G)."""
        log_density = -0.5 * ((grid - self.slope * self.text[:, None]) / self.sd) ** 2
        top = log_density.max(axis=1, keepdims=True)
        mass = np.exp(log_density - top).sum(axis=1, keepdims=True)
        return np.asarray(log_density - top - np.log(mass))

    def updated(self, mean: Float64Array, variance: Float64Array) -> tuple[SeverityPrior, float]:
        """Return the M-step of slope and residual, and the factor by which severities shrank.

        The variance in all is then brought back to 1, which fixes the unit of severities; people's
        slopes must be multiplied by the factor to say the same as before.

        Args:
            mean: posterior mean of each severity, shape (n,).
            variance: posterior variance, shape (n,).
        """
        if self.slope == 0:
            return self, 1.0
        slope = max(float(self.text @ mean) / float(self.text @ self.text), 0.0)
        residual = float(((mean - slope * self.text) ** 2 + variance).mean())
        factor = float(np.sqrt(slope**2 + residual))
        slope = min(slope / factor, float(np.sqrt(1 - SMALLEST_SD**2)))
        return replace(self, slope=slope, sd=float(np.sqrt(1 - slope**2))), factor
