"""One representative of the solutions that differ only in sign and order of dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters

_BALANCED = 1e-6
"""Share of the mass below which positive and negative factors count as balanced."""


def canonical(model: ModelParameters, ratings: RatingTriples) -> ModelParameters:
    """Order the dimensions and choose their signs from the data.

    Dimensions go by falling mass Σ n_u |x_u|. In each, the raters' mass-weighted sum Σ n_u x_u is
    positive: the side that more rating was done from is the positive one. Where the two sides
    balance (to 1e-6 of the mass), the first item with a factor of at least a tenth of the largest
    is positive. A zero has no sign (adding zero turns -0.0 into 0.0), since readers of the numbers
    would stumble over it. Applying the function again changes nothing.
    """
    count = ratings.row_weights()
    mass = count @ np.abs(model.rater_factor)
    balance = count @ model.rater_factor
    order = np.argsort(-mass, kind="stable")
    sign = np.array(
        [_sign(float(balance[j]), float(mass[j]), model.item_factor[:, j]) for j in order]
    )
    return ModelParameters(
        mu=model.mu + 0.0,
        rater_intercept=model.rater_intercept + 0.0,
        item_intercept=model.item_intercept + 0.0,
        rater_factor=_oriented(model.rater_factor[:, order], sign),
        item_factor=_oriented(model.item_factor[:, order], sign),
    )


def _oriented(factor: NDArray[np.float64], sign: NDArray[np.float64]) -> NDArray[np.float64]:
    return factor * sign + 0.0


def _sign(balance: float, mass: float, item_factor: NDArray[np.float64]) -> float:
    if abs(balance) > _BALANCED * mass:
        return 1.0 if balance > 0 else -1.0
    size = np.abs(item_factor)
    if size.max(initial=0) == 0:
        return 1.0
    leading = item_factor[np.flatnonzero(size >= size.max() / 10)[0]]
    return 1.0 if leading > 0 else -1.0
