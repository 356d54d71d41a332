"""Where the exact method starts from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters

Float64Array = NDArray[np.float64]

_START_LEVELS = (0.0, 0.5)


def random_start(ratings: RatingTriples, ndim: int, seed: int, number: int) -> ModelParameters:
    """Return mu = mean rating, no intercepts, and random item factors.

    Factors are drawn for rated items only, in the items' order: neither the order of ratings nor
    raters or items without ratings change them. They are uniform on an interval of length one
    about 0 and about 0.5 in turn.
    """
    generator = np.random.default_rng([seed, number])
    rated = ratings.col_weights() > 0
    factor = np.zeros((ratings.n_cols, ndim))
    level = _START_LEVELS[number % len(_START_LEVELS)]
    factor[rated] = generator.random((int(rated.sum()), ndim)) - 0.5 + level
    return with_factor(ratings, factor)


def with_factor(ratings: RatingTriples, factor: Float64Array) -> ModelParameters:
    """Return mu = mean rating, no intercepts, and the given item factors, (n_items, ndim)."""
    weights = ratings.weights()
    return ModelParameters(
        mu=float(weights @ ratings.value / weights.sum()),
        rater_intercept=np.zeros(ratings.n_rows),
        item_intercept=np.zeros(ratings.n_cols),
        rater_factor=np.zeros((ratings.n_rows, factor.shape[1])),
        item_factor=factor,
    )


def perturbed_start(
    ratings: RatingTriples, model: ModelParameters, seed: int, number: int
) -> ModelParameters:
    """Multiply the rated items' factors by 1 plus standard normal noise, in the items' order."""
    generator = np.random.default_rng([seed, 1_000_000 + number])
    rated = ratings.col_weights() > 0
    factor = model.item_factor.copy()
    factor[rated] *= 1 + generator.standard_normal(factor[rated].shape)
    return ModelParameters(
        model.mu, model.rater_intercept, model.item_intercept, model.rater_factor, factor
    )
