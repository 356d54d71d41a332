"""What follows from one rating of a person and one of the system: decisions, errors, colours.

Positive ("Toxic") is above the threshold, everywhere. All functions take arrays in the units of
the scale they are given.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.contract_units import error_band_limits
from labelaudit_dagster.auditing.views.error_filter import ErrorFilter

Ratings: TypeAlias = NDArray[np.floating[Any]]

DECISIONS: Final = ("Non-toxic", "Toxic")
SYSTEM_LABELS: Final = ("non-toxic", "toxic")
DECISION_COLOURS: Final = ("#FFF", "#808080")

AGREE_NEGATIVE, UNDER, OVER, AGREE_POSITIVE = 0, 1, 2, 3
"""Error codes: 1 where the person's rating is positive, plus 2 where the system's is."""
ERROR_TYPES: Final = (
    "No error (agree non-toxic)",
    "System may be under-sensitive",
    "System may be over-sensitive",
    "No error (agree toxic)",
)
ERROR_COLOURS: Final = ("#d62728", "#ff7a5c", "#ffa894", "#ffd1c7")
"""Colours of an error by the distance of the system from the threshold, the farthest first."""

_KEY_COLOURS: Final = ("white", "#cbcbcb", "red", "#ff7a5c", "#ffa894", "#ffd1c7")


def is_positive(ratings: ArrayLike, scale: RatingScale) -> NDArray[np.bool_]:
    """Return where a rating lies above the threshold; shape as given."""
    return np.asarray(np.asarray(ratings) > scale.threshold, dtype=np.bool_)


def error_codes(you: ArrayLike, system: ArrayLike, scale: RatingScale) -> NDArray[np.int8]:
    """Return `AGREE_NEGATIVE`, `UNDER`, `OVER` or `AGREE_POSITIVE` for each pair.

    Args:
        you: the person's (predicted) ratings.
        system: the system's ratings, same shape.
        scale: their scale.

    Returns:
        int8, same shape; index into `ERROR_TYPES`.
    """
    person = is_positive(you, scale).view(np.int8)
    return np.asarray(person + 2 * is_positive(system, scale).view(np.int8), dtype=np.int8)


def passes_filter(codes: NDArray[np.int8], error_filter: ErrorFilter) -> NDArray[np.bool_]:
    """Return which error codes a filter lets through; same shape."""
    wanted = {
        ErrorFilter.UNDER: [UNDER],
        ErrorFilter.OVER: [OVER],
        ErrorFilter.BOTH: [UNDER, OVER],
        ErrorFilter.ALL: list(range(len(ERROR_TYPES))),
    }
    return np.isin(codes, wanted[error_filter])


def error_amounts(system: ArrayLike, scale: RatingScale) -> NDArray[np.float64]:
    """Return the distance of the system's rating from the threshold (not from the person's)."""
    return np.abs(np.asarray(system, dtype=np.float64) - scale.threshold)


def error_bands(system: ArrayLike, scale: RatingScale) -> NDArray[np.int8]:
    """Return 0 … 3 by the distance of the system from the threshold, the farthest is 0."""
    amounts = error_amounts(system, scale)
    bands = np.zeros(amounts.shape, dtype=np.int8)
    for limit in error_band_limits(scale):
        bands += amounts <= limit
    return bands


def error_colours(
    codes: NDArray[np.int8], system: ArrayLike, scale: RatingScale
) -> NDArray[np.object_]:
    """Return the colour of each row's error, that of the common decision where both agree."""
    colours = np.array([*ERROR_COLOURS, *DECISION_COLOURS], dtype=object)
    agreed = np.where(codes == AGREE_POSITIVE, 5, 4)
    differs = (codes == UNDER) | (codes == OVER)
    return colours[np.where(differs, error_bands(system, scale), agreed)]


def key_colours(scale: RatingScale) -> dict[str, str]:
    """Return the legend of plots with a model: key → colour, in the order of the legend."""
    far, middle, near = error_band_limits(scale)
    keys = (
        "System agrees: Non-toxic",
        "System agrees: Toxic",
        f"System differs: Error > {far:.4}",
        f"System differs: Error > {middle:.4}",
        f"System differs: Error > {near:.4}",
        f"System differs: Error <={near:.4}",
    )
    return dict(zip(keys, _KEY_COLOURS, strict=True))


SYSTEM_KEY_COLOURS: Final = {
    "System says: Non-toxic": _KEY_COLOURS[0],
    "System says: Toxic": _KEY_COLOURS[1],
}
"""The legend of plots without a model."""


def plot_keys(you: ArrayLike | None, system: ArrayLike, scale: RatingScale) -> NDArray[np.object_]:
    """Return the key of the legend for each row; without `you` that of plots without a model."""
    if you is None:
        said = np.array(list(SYSTEM_KEY_COLOURS), dtype=object)
        return said[is_positive(system, scale).view(np.int8)]
    codes = error_codes(you, system, scale)
    keys = np.array(list(key_colours(scale)), dtype=object)
    differs = (codes == UNDER) | (codes == OVER)
    agreed = (codes == AGREE_POSITIVE).view(np.int8)
    return keys[np.where(differs, 2 + error_bands(system, scale), agreed)]


def chosen(names: tuple[str, ...], codes: NDArray[Any]) -> list[str]:
    """Return `names[code]` for each code."""
    return [names[code] for code in codes.tolist()]
