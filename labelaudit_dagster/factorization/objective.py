"""The objective and its optimality conditions, written out plainly (NumPy).

This module is documentation and oracle: it shares no code with the solver and reports what the
solver must reach. With Ω the observed ratings, weights w (1 where none are given), n_u and n_g the
sums of weights of rater u and item g and N the sum of all:

    L = (1/N) [ Σ_Ω w (r_ug - mu - b_u - c_g - x_u·y_g)²
                + λ_i ( Σ_u n_u b_u² + N mu² + Σ_g n_g c_g² )
                + λ_f ( Σ_u n_u |x_u|₁ + Σ_g n_g |y_g|₁ ) ]

It is the community-notes model of Wojcik et al. 2022 ("Birdwatch: Crowd Wisdom and Bridging
Algorithms can Inform Understanding and Reduce the Spread of Misinformation", arXiv:2210.15723),
with absolute instead of squared factors and every penalty counted once per rating.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import ModelParameters

Float64Array = NDArray[np.float64]


def prediction_errors(ratings: RatingTriples, model: ModelParameters) -> Float64Array:
    """Return rating minus prediction for each observed rating, shape (n,)."""
    predicted = (
        model.mu
        + model.rater_intercept[ratings.row]
        + model.item_intercept[ratings.col]
        + np.sum(model.rater_factor[ratings.row] * model.item_factor[ratings.col], axis=1)
    )
    return np.asarray(ratings.value - predicted, dtype=np.float64)


def objective(
    ratings: RatingTriples, model: ModelParameters, parameters: FactorizationParameters
) -> float:
    """Return the objective L; 0 where the weights are all 0."""
    w = ratings.weights()
    n_u, n_g, total = ratings.row_weights(), ratings.col_weights(), float(w.sum())
    if total == 0:
        return 0.0
    fit = w @ prediction_errors(ratings, model) ** 2
    ridge = n_u @ model.rater_intercept**2 + total * model.mu**2 + n_g @ model.item_intercept**2
    lasso = n_u @ np.abs(model.rater_factor).sum(axis=1) + n_g @ np.abs(model.item_factor).sum(
        axis=1
    )
    penalty = parameters.lambda_intercept * ridge + parameters.lambda_factor * lasso
    return float((fit + penalty) / total)


def optimality_residual(
    ratings: RatingTriples, model: ModelParameters, parameters: FactorizationParameters
) -> float:
    """Return how far the model is from a stationary point, in the unit of the ratings.

    For mu and for each rater and item with ratings, the norm of the smallest subgradient of N·L in
    its parameters, over twice its count; the largest of all. Zero exactly at stationary points.
    """
    w = ratings.weights()
    n_u, n_g, total = ratings.row_weights(), ratings.col_weights(), float(w.sum())
    if total == 0:
        return 0.0
    error = w * prediction_errors(ratings, model)
    worst = abs(float(error.sum()) / total - parameters.lambda_intercept * model.mu)
    for own, other, count, intercept, factor, other_factor in (
        (
            ratings.row,
            ratings.col,
            n_u,
            model.rater_intercept,
            model.rater_factor,
            model.item_factor,
        ),
        (
            ratings.col,
            ratings.row,
            n_g,
            model.item_intercept,
            model.item_factor,
            model.rater_factor,
        ),
    ):
        rated = count > 0
        divisor = np.where(rated, count, 1)
        pull = np.bincount(own, weights=error, minlength=count.size) / divisor
        squares = (pull - parameters.lambda_intercept * intercept) ** 2
        half = parameters.lambda_factor / 2
        for j in range(model.ndim):
            weights = error * other_factor[other, j]
            pull = np.bincount(own, weights=weights, minlength=count.size) / divisor
            at_zero = np.maximum(np.abs(pull) - half, 0)
            squares += (
                np.where(factor[:, j] != 0, pull - half * np.sign(factor[:, j]), at_zero) ** 2
            )
        worst = max(worst, float(np.sqrt(squares[rated].max(initial=0))))
    return worst
