"""The scale on which comments are rated: ordered levels, their values and the threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

FEWEST_LEVELS: Final = 2
MOST_LEVELS: Final = 11
CONTRACT_TOP: Final = 4.0
"""The IndieLabel-compatible routes speak of 0 to 4, whatever the scale of the corpus."""

TOXICITY_LABELS: Final = (
    "not at all toxic",
    "slightly toxic",
    "moderately toxic",
    "very toxic",
    "extremely toxic",
)


class RatingScaleError(ExpectedFailure, ValueError):
    """A scale that cannot work; the message says which part of it and what to do."""


@dataclass(frozen=True)
class RatingScale:
    """Ordered levels of a rating; models work on levels, people and systems see values.

    A decision is positive (for toxicity: "toxic") when a value is *above* the threshold.

    Attributes:
        values: numeric value of each level, strictly ascending, 2 to 11 finite numbers.
        labels: what people read for each level, as many as values.
        threshold: at least the lowest value and below the highest one.

    Raises:
        RatingScaleError: if one of these does not hold.
    """

    values: tuple[float, ...]
    labels: tuple[str, ...]
    threshold: float

    def __post_init__(self) -> None:
        if not FEWEST_LEVELS <= len(self.values) <= MOST_LEVELS:
            raise RatingScaleError(
                f"A scale has {FEWEST_LEVELS} to {MOST_LEVELS} levels, not {len(self.values)}."
            )
        if not all(math.isfinite(value) for value in (*self.values, self.threshold)):
            raise RatingScaleError("The values and the threshold of a scale are finite numbers.")
        if any(low >= high for low, high in zip(self.values, self.values[1:], strict=False)):
            raise RatingScaleError("The values of a scale ascend, each above the one before.")
        if len(self.labels) != len(self.values):
            raise RatingScaleError(
                f"The scale has {len(self.values)} levels and {len(self.labels)} labels; give one "
                "label for each level."
            )
        if not self.values[0] <= self.threshold < self.values[-1]:
            raise RatingScaleError(
                f"The threshold {self.threshold:g} leaves no level on one side: it must be at "
                f"least {self.values[0]:g} and below {self.values[-1]:g}."
            )

    @classmethod
    def from_values(
        cls,
        values: Sequence[float],
        *,
        threshold: float | None = None,
        labels: Sequence[str] | None = None,
    ) -> Self:
        """Make a scale; by default the threshold is the middle and the labels are the values.

        Raises:
            RatingScaleError: if the parts make no scale.
        """
        levels = tuple(float(value) for value in values)
        middle = (levels[0] + levels[-1]) / 2 if levels else math.nan
        return cls(
            values=levels,
            labels=tuple(labels) if labels is not None else tuple(f"{v:g}" for v in levels),
            threshold=middle if threshold is None else float(threshold),
        )

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.values)

    @property
    def first_positive_level(self) -> int:
        """The lowest level (from zero) whose value is above the threshold."""
        return next(level for level, value in enumerate(self.values) if value > self.threshold)

    def levels_of(self, ratings: ArrayLike) -> NDArray[np.int8]:
        """Return the level of each rating, -1 where a rating is no value of the scale.

        Args:
            ratings: numbers of any shape; NaN is no value of the scale.

        Returns:
            int8, same shape, 0 to n_levels - 1 or -1.
        """
        import numpy as np

        given = np.asarray(ratings, dtype=np.float64)
        values = np.asarray(self.values)
        nearest = np.abs(given[..., None] - values).argmin(axis=-1)
        # Values such as 0.1 + 0.2 differ from 0.3 by rounding alone.
        near = np.isclose(values[nearest], given, rtol=1e-9, atol=1e-9)
        return np.where(near, nearest, -1).astype(np.int8)

    def to_contract(self, ratings: ArrayLike) -> NDArray[np.float64]:
        """Map values of this scale linearly to 0 … 4 (float64, same shape)."""
        import numpy as np

        low, high = self.values[0], self.values[-1]
        return (np.asarray(ratings, dtype=np.float64) - low) * (CONTRACT_TOP / (high - low))

    def from_contract(self, ratings: ArrayLike) -> NDArray[np.float64]:
        """Map 0 … 4 linearly to values of this scale (float64, same shape)."""
        import numpy as np

        low, high = self.values[0], self.values[-1]
        return np.asarray(ratings, dtype=np.float64) * ((high - low) / CONTRACT_TOP) + low

    @property
    def contract_threshold(self) -> float:
        """The threshold on 0 … 4."""
        return float(self.to_contract(self.threshold))

    def to_document(self) -> dict[str, Any]:
        """Return the scale as a JSON object."""
        return {
            "values": list(self.values),
            "labels": list(self.labels),
            "threshold": self.threshold,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote.

        Raises:
            RatingScaleError: if it is no scale.
        """
        return cls(
            values=tuple(float(value) for value in document["values"]),
            labels=tuple(str(label) for label in document["labels"]),
            threshold=float(document["threshold"]),
        )


TOXICITY_SCALE: Final = RatingScale(
    values=(0.0, 1.0, 2.0, 3.0, 4.0), labels=TOXICITY_LABELS, threshold=2.0
)
"""The scale of IndieLabel's data and of the built-in sample."""
