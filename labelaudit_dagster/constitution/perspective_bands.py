"""How people along the range of perspectives rated each guideline, without showing few of them.

The raters with a side are cut into bands of about equal size, the same for every guideline, so
that guidelines can be compared and a band is rarely too small to be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import unique_ids
from labelaudit_dagster.constitution.perspectives import SIDES
from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups

BANDS_PER_SIDE = 3
"""Most bands on either side of zero."""


@dataclass(frozen=True, eq=False)
class PerspectiveBands:
    """Ratings by band of perspective, for every rated guideline.

    Attributes:
        guideline_ids: the m ids.
        sides: side of each of the B bands, from one end of the range to the other.
        low: lowest factor of the raters in each band, shape (B,).
        high: highest factor of them, shape (B,).
        n_raters: raters of the community in each band, shape (B,).
        n_helpful: helpful ratings, shape (m, B).
        n_ratings: all ratings, shape (m, B).
        hidden: cells that may not be shown, shape (m, B).
    """

    guideline_ids: tuple[str, ...]
    sides: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_raters: NDArray[np.int64]
    n_helpful: NDArray[np.int64]
    n_ratings: NDArray[np.int64]
    hidden: NDArray[np.bool_]

    def rows(self, guideline_id: str) -> list[dict[str, Any]]:
        """Return the bands of one guideline as plain records; none for one that nobody rated.

        A record has `band` from 0, `side`, `low`, `high`, `n_raters`, `n_ratings`, `n_helpful`
        and `n_not_helpful`; the last three are None where they are hidden.
        """
        if guideline_id not in self.guideline_ids:
            return []
        place = self.guideline_ids.index(guideline_id)
        records = []
        for band, side in enumerate(self.sides):
            hidden = bool(self.hidden[place, band])
            total, helpful = int(self.n_ratings[place, band]), int(self.n_helpful[place, band])
            records.append(
                {
                    "band": band,
                    "side": side,
                    "low": float(self.low[band]),
                    "high": float(self.high[band]),
                    "n_raters": int(self.n_raters[band]),
                    "n_ratings": None if hidden else total,
                    "n_helpful": None if hidden else helpful,
                    "n_not_helpful": None if hidden else total - helpful,
                }
            )
        return records


def perspective_bands(
    item_index: ArrayLike,
    rater_index: ArrayLike,
    helpful: ArrayLike,
    rater_factors: ArrayLike,
    guideline_ids: Sequence[str],
    *,
    bands_per_side: int = BANDS_PER_SIDE,
    min_group: int = MIN_GROUP,
) -> PerspectiveBands:
    """Count ratings by guideline and band of the rater's factor.

    What `support_by_side` hides stays hidden: all bands of such a side are. Within the other sides
    bands of 1 to `min_group` - 1 ratings are hidden, and with them the smallest others until two
    bands with `min_group` ratings in all are, since the side's total is public.

    Args:
        item_index: guideline of each rating, indexes into `guideline_ids`, shape (N,).
        rater_index: rater of each rating, indexes into `rater_factors`, shape (N,).
        helpful: value of each rating, 0 or 1 (or booleans), shape (N,).
        rater_factors: x_u, shape (n,) or (n, k), finite; the first dimension counts.
        guideline_ids: the m ids, unique.
        bands_per_side: most bands on either side of zero, 1 or more.
        min_group: smallest number of ratings that is shown, 1 or more.

    Raises:
        ConstitutionError: shapes do not fit, or an option is out of range.
    """
    ids = unique_ids("guideline_ids", guideline_ids)
    factors = np.asarray(rater_factors, dtype=np.float64)
    factors = factors[:, 0] if factors.ndim == 2 else factors
    items, raters = np.asarray(item_index, dtype=np.int64), np.asarray(rater_index, dtype=np.int64)
    values = np.asarray(helpful, dtype=np.float64) > 0.5
    if factors.ndim != 1 or not np.all(np.isfinite(factors)):
        raise ConstitutionError("rater_factors must be finite and of shape (n,) or (n, k).")
    if not items.shape == raters.shape == values.shape:
        raise ConstitutionError("item_index, rater_index and helpful must have the same length.")
    if bands_per_side < 1 or min_group < 1:
        raise ConstitutionError("bands_per_side and min_group must be 1 or more.")
    band_of, sides = _bands(factors, bands_per_side, min_group)
    count = len(sides)
    members = [factors[band_of == band] for band in range(count)]
    cell = items * count + band_of[raters]
    size = len(ids) * count
    n_ratings = np.bincount(cell, minlength=size).reshape(len(ids), count)
    n_helpful = np.bincount(cell[values], minlength=size).reshape(len(ids), count)
    return PerspectiveBands(
        ids,
        sides,
        np.array([group.min() for group in members]),
        np.array([group.max() for group in members]),
        np.array([len(group) for group in members], dtype=np.int64),
        n_helpful.astype(np.int64),
        n_ratings.astype(np.int64),
        _hidden(n_ratings, sides, min_group),
    )


def band_labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what to call each band: its range of factors, or zero."""
    return [
        "0" if row["side"] == "neutral" else f"{row['low']:.2f} … {row['high']:.2f}".replace(
            "-", "\N{MINUS SIGN}"
        )
        for row in rows
    ]  # fmt: skip


def _bands(
    factors: NDArray[np.float64], bands_per_side: int, min_group: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the band of each rater, and the side of each band; no band is empty."""
    band_of = np.zeros(len(factors), dtype=np.int64)
    sides: list[str] = []
    for side, sign in zip(SIDES, (-1, 0, 1), strict=True):
        members = np.flatnonzero(np.sign(factors) == sign)
        if len(members) == 0:
            continue
        cuts: NDArray[np.float64] = np.zeros(0)
        if sign != 0:
            wanted = max(1, min(bands_per_side, len(members) // (2 * min_group)))
            shares = np.arange(1, wanted) / wanted
            # Equal factors stay together, so that there may be fewer bands than wanted.
            cuts = np.unique(np.quantile(factors[members], shares, method="lower"))
        _, band = np.unique(
            np.searchsorted(cuts, factors[members], side="left"), return_inverse=True
        )
        band_of[members] = len(sides) + band
        sides += [side] * (int(band.max()) + 1)
    return band_of, tuple(sides)


def _hidden(
    n_ratings: NDArray[np.int64], sides: tuple[str, ...], min_group: int
) -> NDArray[np.bool_]:
    """Return which cells may not be shown."""
    columns = [np.array([place for place, of in enumerate(sides) if of == side]) for side in SIDES]
    totals = np.column_stack(
        [n_ratings[:, which].sum(axis=1) if len(which) else 0 * n_ratings.sum(axis=1)
         for which in columns]
    )  # fmt: skip
    hidden_sides = hidden_groups(totals, min_group)
    hidden = np.zeros(n_ratings.shape, dtype=bool)
    for place, which in enumerate(columns):
        if len(which):
            hidden[:, which] = hidden_groups(n_ratings[:, which], min_group)
            hidden[:, which] |= hidden_sides[:, [place]]
    return hidden
