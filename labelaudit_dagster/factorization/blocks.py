"""Closed-form minimisers of the objective over one block of parameters (JAX).

Derivations, for one rater u with n = Σ w over its ratings, e = r - mu - c (the items' side is the
same with the roles exchanged). The part of N·L that depends on (b, x) is

    Σ w (e - b - x·y)² + λ_i n b² + λ_f n |x|₁.

Setting the derivative in b to zero: b = (s - x·S) / d with s = Σ w e, S = Σ w y, d = n (1 + λ_i).
Put in, a problem in x alone remains, x'Ax - 2 β'x + λ_f n |x|₁, with A = Σ w y y' - S S'/d and
β = Σ w e y - s S/d. With one dimension its minimiser is the soft threshold
x = sign(β) max(|β| - λ_f n/2, 0) / A; with more, the same formula is applied to one dimension
after the other with the others held.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from labelaudit_dagster.factorization.moments import Moments, double

_CYCLES_PER_BLOCK = 4
"""Passes over the dimensions inside one block; with one dimension a single pass is exact."""


class State(NamedTuple):
    """Parameters in the arrangement's positions; factors are (ndim, positions)."""

    mu: Array
    rater_intercept: Array
    item_intercept: Array
    rater_factor: Array
    item_factor: Array


def minimise_block(
    sums: Moments, count: Array, mu: Array, factor: Array, lambda_i: Array, lambda_f: Array
) -> tuple[Array, Array]:
    """Return the intercepts and factors of one side that minimise the objective.

    Args:
        sums: the side's sums.
        count: sum of weights per row; rows with 0 get zeros.
        mu: global intercept.
        factor: present factors, the start of the cycle where ndim > 1.
        lambda_i: weight of the squared intercepts.
        lambda_f: weight of the absolute factors.
    """
    ndim = factor.shape[0]
    divisor = jnp.where(count > 0, count * (1 + lambda_i), 1)
    level = sums.level - mu * count
    slope = sums.cross - mu * sums.first - level / divisor * sums.first
    threshold = lambda_f * count / 2
    # A curvature that is nothing but rounding (constant y and no penalty on b) leaves x free;
    # zero is the minimiser of smallest norm.
    noise = 64 * float(np.finfo(np.dtype(factor.dtype)).eps)
    dims = list(factor)
    for _ in range(_CYCLES_PER_BLOCK if ndim > 1 else 1):
        for j in range(ndim):
            pull = slope[j]
            for i in range(ndim):
                if i != j:
                    curvature = sums.second[i, j] - sums.first[i] * sums.first[j] / divisor
                    pull = pull - curvature * dims[i]
            own = sums.second[j, j] - sums.first[j] ** 2 / divisor
            usable = own > noise * sums.second[j, j]
            shrunk = jnp.sign(pull) * jnp.maximum(jnp.abs(pull) - threshold, 0)
            dims[j] = jnp.where(usable, shrunk / jnp.where(usable, own, 1), 0)
    new_factor = jnp.stack(dims)
    intercept = (level - jnp.sum(new_factor * sums.first, axis=0)) / divisor
    return jnp.where(count > 0, intercept, 0), jnp.where(count > 0, new_factor, 0)


def block_errors(
    sums: Moments, count: Array, mu: Array, intercept: Array, factor: Array
) -> tuple[Array, Array]:
    """Return Σ w ε and Σ w ε y for each row, ε being the errors of prediction."""
    error = sums.level - (mu + intercept) * count - jnp.sum(factor * sums.first, axis=0)
    error_factor = (
        sums.cross
        - (mu + intercept) * sums.first
        - jnp.sum(sums.second * factor[:, None, :], axis=0)
    )
    return error, error_factor


def block_residual(
    sums: Moments,
    count: Array,
    mu: Array,
    intercept: Array,
    factor: Array,
    lambda_i: Array,
    lambda_f: Array,
) -> Array:
    """Return the largest norm of the blocks' smallest subgradients, each over 2 n."""
    error, error_factor = block_errors(sums, count, mu, intercept, factor)
    divisor = jnp.where(count > 0, count, 1)
    by_intercept = (error - lambda_i * count * intercept) / divisor
    pull = error_factor / divisor
    by_factor = jnp.where(
        factor != 0,
        pull - lambda_f / 2 * jnp.sign(factor),
        jnp.maximum(jnp.abs(pull) - lambda_f / 2, 0),
    )
    norm = jnp.sqrt(by_intercept**2 + jnp.sum(by_factor**2, axis=0))
    return jnp.max(jnp.where(count > 0, norm, 0))


def rescale(state: State, rater_count: Array, item_count: Array) -> State:
    """Scale x by q and y by 1/q, each dimension by its best q.

    The fit is unchanged; the penalty q P + Q/q, with P = Σ n_u |x_u| and Q = Σ n_g |y_g|, is
    least at q = sqrt(Q / P).
    """
    x, y = state.rater_factor, state.item_factor
    mass_x = jnp.sum(double(rater_count * jnp.abs(x)), axis=1)
    mass_y = jnp.sum(double(item_count * jnp.abs(y)), axis=1)
    both = (mass_x > 0) & (mass_y > 0)
    ratio = jnp.where(both, mass_y, 1) / jnp.where(both, mass_x, 1)
    q = jnp.sqrt(ratio).astype(x.dtype)[:, None]
    return state._replace(rater_factor=x * q, item_factor=y / q)


def shift_intercepts(
    state: State,
    mean_error: Array,
    rater_count: Array,
    item_count: Array,
    lambda_i: Array,
) -> tuple[State, Array]:
    """Add a to mu, p to every b and q to every c, all three by their joint minimum.

    With T = a + p + q, the mean error E, and the weighted means B of b and C of c, the derivatives
    are zero where λ (mu + a) = λ (B + p) = λ (C + q) = E - T =: κ. Summing,
    κ = (E + mu + B + C) / (1 + 3/λ). Without a penalty only T matters and mu takes it.

    Returns:
        The new state and p, by which the raters' intercepts moved.
    """
    total = jnp.sum(double(rater_count))
    mean_b = jnp.sum(double(rater_count * state.rater_intercept)) / total
    mean_c = jnp.sum(double(item_count * state.item_intercept)) / total
    mu = double(state.mu)
    penalised = lambda_i > 0
    level = (double(mean_error) + mu + mean_b + mean_c) / (double(lambda_i) + 3)
    a = jnp.where(penalised, level - mu, double(mean_error))
    p = jnp.where(penalised, level - mean_b, 0)
    q = jnp.where(penalised, level - mean_c, 0)
    dtype = state.mu.dtype
    shifted = state._replace(
        mu=(mu + a).astype(dtype),
        rater_intercept=jnp.where(
            rater_count > 0, state.rater_intercept + p.astype(dtype), state.rater_intercept
        ),
        item_intercept=jnp.where(
            item_count > 0, state.item_intercept + q.astype(dtype), state.item_intercept
        ),
    )
    return shifted, p.astype(dtype)
