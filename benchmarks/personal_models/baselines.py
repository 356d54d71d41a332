"""What one would do without a model: means, and a person's shift from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Float = NDArray[np.float64]


@dataclass(frozen=True)
class CrowdMeans:
    """Means of the fitting raters' ratings, and the variances by which to shrink.

    The variances are estimated on the fitting raters alone, by the method of moments for the
    model rating = mean + item + rater + noise: equal ratings of two raters on one item share its
    effect, two ratings of one rater the rater's.

    Attributes:
        overall: mean of all ratings.
        item: plain mean of each item; the overall mean where nobody rated it.
        item_shrunk: the same, drawn towards the overall mean.
        rater_variance: of the raters' shifts.
        noise_variance: of a rating around item and shift, the item's remaining error included.
    """

    overall: float
    item: Float
    item_shrunk: Float
    rater_variance: float
    noise_variance: float

    @classmethod
    def of(cls, rater: Int, item: Int, rating: Float, *, n_items: int) -> Self:
        """Estimate everything from the fitting raters' ratings."""
        overall = float(rating.mean())
        away = rating - overall
        of_items = _shared_variance(item, away)
        of_raters = _shared_variance(rater, away)
        noise = max(float(np.mean(away**2)) - of_items - of_raters, 1e-6)
        count = np.bincount(item, minlength=n_items)
        total = np.bincount(item, weights=away, minlength=n_items)
        plain = overall + total / np.maximum(count, 1)
        ratio = (noise + of_raters) / max(of_items, 1e-9)
        shrunk = overall + total / (count + ratio)
        left = of_items * ratio / (count + ratio)
        return cls(overall, plain, shrunk, of_raters, noise + float(left[item].mean()))

    def with_shift(self, item: Int, rating: Float, wanted: Int) -> Float:
        """Predict the item's mean plus the person's mean difference from it."""
        return self.item[wanted] + float(np.mean(rating - self.item[item]))

    def both_shrunk(self, item: Int, rating: Float, wanted: Int) -> Float:
        """Predict the shrunk item mean plus the person's shift, shrunk by how little is known."""
        weight = item.size * self.rater_variance
        share = weight / (weight + self.noise_variance)
        return self.item_shrunk[wanted] + share * float(np.mean(rating - self.item_shrunk[item]))


def _shared_variance(group: Int, away: Float) -> float:
    """Return the mean product of two different members' deviations in one group, at least 0."""
    count = np.bincount(group)
    total = np.bincount(group, weights=away)
    squares = np.bincount(group, weights=away**2)
    pairs = float((count * (count - 1)).sum())
    return max(float((total**2 - squares).sum()) / max(pairs, 1.0), 0.0)
