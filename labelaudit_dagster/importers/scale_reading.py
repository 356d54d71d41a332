"""The scale of a corpus: as somebody writes it, or as the ratings show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelaudit_dagster.auditing.rating_scale import (
    FEWEST_LEVELS,
    MOST_LEVELS,
    RatingScale,
    RatingScaleError,
)
from labelaudit_dagster.importers.failure import ImportFailure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_HOW_TO_GIVE_IT = "give the scale, as --scale 1:5 or --scale 0,0.5,1"
_MOST_SHOWN = 12


def parse_scale_values(text: str) -> tuple[float, ...]:
    """Read the values of a scale: `1:5` for all whole numbers from 1 to 5, or a list `0,0.5,1`.

    Raises:
        RatingScaleError: The text is neither, or its values make no scale.
    """
    low, colon, high = text.partition(":")
    try:
        if not colon:
            values = tuple(float(part) for part in text.split(","))
        else:
            first, last = int(low), int(high)
            if last - first >= MOST_LEVELS:
                raise RatingScaleError(
                    f"The scale {text} has {last - first + 1} levels; at most {MOST_LEVELS} can be."
                )
            values = tuple(float(value) for value in range(first, last + 1))
    except ValueError as error:
        if isinstance(error, RatingScaleError):
            raise
        raise RatingScaleError(
            f"'{text}' is no scale; write its whole numbers as 1:5, or its values as 0,0.5,1."
        ) from error
    return RatingScale.from_values(values).values


def parse_range(text: str) -> tuple[float, float]:
    """Read two numbers `LOW:HIGH`, the first below the second.

    Raises:
        ImportFailure: The text is something else.
    """
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = math.nan, math.nan
    if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
        raise ImportFailure(f"'{text}' is no range; write two numbers as 0:1, the lower one first.")
    return ends


def scale_of_ratings(
    ratings: npt.NDArray[np.float64],
    name: str,
    *,
    threshold: float | None = None,
    labels: Sequence[str] | None = None,
) -> RatingScale:
    """Return the scale whose values are the distinct ratings.

    Args:
        ratings: float64, any shape; what is not finite says nothing.
        name: The file's name, for messages.
        threshold: The highest value that is not positive; by default the middle of the scale.
        labels: What people read for each level; by default the values.

    Raises:
        ImportFailure: The ratings are not all whole numbers, or of fewer than 2 or more than 11
            values, so that somebody has to say what the scale is.
        RatingScaleError: The values are a scale, but not with this threshold or these labels.
    """
    import numpy as np

    values = np.unique(ratings[np.isfinite(ratings)]) + 0.0
    shown = ", ".join(f"{value:g}" for value in values[:_MOST_SHOWN])
    if len(values) > _MOST_SHOWN:
        shown += ", …"
    if not len(values):
        raise ImportFailure(f"{name} has no rating that is a number; check --rating.")
    if (values != np.round(values)).any():
        raise ImportFailure(
            f"{name} has ratings that are no whole numbers ({shown}); {_HOW_TO_GIVE_IT}."
        )
    if not FEWEST_LEVELS <= len(values) <= MOST_LEVELS:
        raise ImportFailure(
            f"{name} has ratings of {len(values)} different values ({shown}), and a scale has "
            f"{FEWEST_LEVELS} to {MOST_LEVELS}; {_HOW_TO_GIVE_IT}."
        )
    return RatingScale.from_values(values.tolist(), threshold=threshold, labels=labels)
