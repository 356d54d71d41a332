"""The way from a corpus' own scale to the 0 to 4 of the IndieLabel-compatible routes."""

from __future__ import annotations

from typing import Final

from labelaudit_dagster.auditing.rating_scale import CONTRACT_TOP, RatingScale

ERROR_BAND_LIMITS: Final = (1.5, 1.0, 0.5)
"""How far the system is from the threshold, on 0 to 4, where the colour of an error changes."""


def contract_scale(scale: RatingScale) -> RatingScale:
    """Return the scale with values and threshold moved linearly to 0 … 4.

    Give the result, and ratings that went through `scale.to_contract`, to any view, and its
    answer is that of the compatible routes.
    """
    values = [float(value) for value in scale.to_contract(scale.values)]
    # The ends are exact by definition; the product with a rounded factor may miss them.
    values[0], values[-1] = 0.0, CONTRACT_TOP
    return RatingScale(
        values=tuple(values), labels=scale.labels, threshold=scale.contract_threshold
    )


def contract_unit(scale: RatingScale) -> float:
    """Return how long one unit of 0 … 4 is on `scale`."""
    return (scale.values[-1] - scale.values[0]) / CONTRACT_TOP


def error_band_limits(scale: RatingScale) -> tuple[float, ...]:
    """Return `ERROR_BAND_LIMITS` in units of `scale`, falling."""
    unit = contract_unit(scale)
    return tuple(limit * unit for limit in ERROR_BAND_LIMITS)
