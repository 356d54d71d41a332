"""Predictions and the folding in of new raters, in closed form (NumPy: no compilation, no JAX)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.factorization.errors import FactorizationError
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters

Float64Array = NDArray[np.float64]

_CYCLES = 1000
_SETTLED = 1e-12


def predict(model: ModelParameters, row: ArrayLike, col: ArrayLike) -> Float64Array:
    """Predict ratings, mu + b_u + c_g + x_u . y_g, not clipped to the scale.

    Args:
        model: parameters.
        row: rater indices, any shape that broadcasts against `col`.
        col: item indices.

    Raises:
        FactorizationError: when an index is outside the model.
    """
    rows, cols = np.asarray(row), np.asarray(col)
    for name, index, size in (
        ("row", rows, model.rater_intercept.size),
        ("col", cols, model.item_intercept.size),
    ):
        if index.dtype.kind not in "iu":
            raise FactorizationError(f"{name} has dtype {index.dtype}; give integer indices.")
        if index.size and (int(index.min()) < 0 or int(index.max()) >= size):
            raise FactorizationError(f"{name} holds an index outside [0, {size}) of the model.")
    product = np.sum(model.rater_factor[rows] * model.item_factor[cols], axis=-1)
    predicted = model.mu + model.rater_intercept[rows] + model.item_intercept[cols] + product
    return np.asarray(predicted, dtype=np.float64)


def fold_in(
    ratings: RatingTriples,
    model: ModelParameters,
    parameters: FactorizationParameters,
) -> tuple[Float64Array, Float64Array]:
    """Fit raters to the items' side of a model, each for itself and all at once.

    With the items fixed, a rater's intercept and factor minimise a small convex problem in closed
    form (see `blocks`); with several dimensions, by coordinate descent until it settles.

    Args:
        ratings: the new raters' ratings; columns are the model's items.
        model: mu and the items' intercepts and factors are used.
        parameters: the penalties are used.

    Returns:
        Intercepts, shape (ratings.n_rows,), and factors, shape (ratings.n_rows, ndim); zeros for
        raters without ratings.

    Raises:
        FactorizationError: when the ratings name items that the model does not have.
    """
    if ratings.n_cols > model.item_intercept.size:
        raise FactorizationError(
            f"the ratings are about {ratings.n_cols} items and the model has "
            f"{model.item_intercept.size}; number the items as the model does."
        )
    k = model.ndim
    length = np.bincount(ratings.row, minlength=ratings.n_rows)
    rated = np.flatnonzero(length)
    intercepts, factors = np.zeros(ratings.n_rows), np.zeros((ratings.n_rows, k))
    if rated.size == 0:
        return intercepts, factors
    start = np.concatenate([[0], np.cumsum(length[rated])[:-1]])
    w = ratings.weight

    def sums(values: Float64Array) -> Float64Array:
        return np.asarray(np.add.reduceat(values, start), dtype=np.float64)

    error = ratings.value - (model.mu + model.item_intercept)[ratings.col]
    y = [np.ascontiguousarray(model.item_factor[:, j])[ratings.col] for j in range(k)]
    weighted = y if w is None else [w * one for one in y]
    n = length[rated].astype(np.float64) if w is None else sums(w)
    level = sums(error if w is None else w * error)
    first = [sums(one) for one in weighted]
    cross = [sums(error * one) for one in weighted]
    positive = n > 0
    divisor = np.where(positive, n * (1 + parameters.lambda_intercept), 1)
    curvature = {}
    for i in range(k):
        for j in range(i, k):
            second = sums(weighted[i] * y[j])
            own = second - first[i] * first[j] / divisor
            if i == j:  # curvature that is nothing but rounding leaves the factor at 0
                own = np.where(own > 64 * np.finfo(np.float64).eps * second, own, np.inf)
            curvature[i, j] = curvature[j, i] = own
    slope = [cross[j] - level / divisor * first[j] for j in range(k)]
    x = _shrink_dimensions(slope, curvature, parameters.lambda_factor * n / 2, k)
    intercept = level - sum(x[j] * first[j] for j in range(k))
    intercepts[rated] = np.where(positive, intercept / divisor, 0)
    factors[rated] = np.where(positive[:, None], np.stack(x, axis=1), 0)
    return intercepts, factors


def _shrink_dimensions(
    slope: list[Float64Array],
    curvature: dict[tuple[int, int], Float64Array],
    threshold: Float64Array,
    k: int,
) -> list[Float64Array]:
    x = [np.zeros_like(slope[0]) for _ in range(k)]
    for _ in range(_CYCLES):
        largest = 0.0
        for j in range(k):
            pull = slope[j]
            for i in range(k):
                if i != j:
                    pull = pull - curvature[i, j] * x[i]
            updated = np.sign(pull) * np.maximum(np.abs(pull) - threshold, 0) / curvature[j, j]
            largest = max(largest, float(np.abs(updated - x[j]).max(initial=0)))
            x[j] = updated
        if k == 1 or largest <= _SETTLED:
            break
    return x
