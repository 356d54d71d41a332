"""What the factorization is measured against, written as one would without it."""

from __future__ import annotations

from functools import partial
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from labelaudit_dagster.factorization import ModelParameters, RatingTriples

Theta = tuple[Array, ...]


def dense_matrix(ratings: RatingTriples) -> np.ndarray:
    """Return ratings as a matrix with NaN for missing."""
    matrix = np.full((ratings.n_rows, ratings.n_cols), np.nan, dtype=np.float32)
    matrix[ratings.row, ratings.col] = ratings.value
    return matrix


def dense_loss(theta: Theta, matrix: Array) -> Array:
    """Return the notebook's loss at its penalties."""
    mu, b, c, x, y = theta
    seen = ~jnp.isnan(matrix)
    fit = jnp.where(seen, jnp.nan_to_num(matrix) - (mu + b[:, None] + c[None] + x @ y.T), 0) ** 2
    ridge = jnp.where(seen, b[:, None] ** 2 + mu**2 + c[None] ** 2, 0)
    lasso = jnp.where(seen, jnp.abs(x).sum(1)[:, None] + jnp.abs(y).sum(1)[None], 0)
    return (fit.sum() + 0.15 * ridge.sum() + 0.03 * lasso.sum()) / seen.sum()


def start_of(model: ModelParameters) -> Theta:
    """Return parameters as the notebook's five arrays, in single precision as it has them."""
    parts = (
        model.mu,
        model.rater_intercept,
        model.item_intercept,
        model.rater_factor,
        model.item_factor,
    )
    return tuple(jnp.asarray(part, jnp.float32) for part in parts)


@jax.jit
def notebook_jitted(start: Theta, matrix: Array) -> tuple[Array, Array]:
    """Run the notebook's iteration to its own stop rule, compiled; iterations and loss."""

    def body(carry: tuple[Array, Theta, Array, Array]) -> tuple[Array, Theta, Array, Array]:
        iteration, theta, previous, _ = carry
        loss, gradient = jax.value_and_grad(dense_loss)(theta, matrix)
        close = jnp.abs(previous - loss) <= 1e-8 + 1e-5 * jnp.abs(loss)
        theta = tuple(p - 0.1 * g for p, g in zip(theta, gradient, strict=True))
        return iteration + 1, theta, loss, close & (iteration >= 100)

    first = (jnp.asarray(0), start, jnp.asarray(jnp.inf, matrix.dtype), jnp.asarray(False))
    iterations, _, loss, _ = lax.while_loop(lambda c: ~c[3] & (c[0] < 10_000), body, first)
    return iterations, loss


def notebook_eager_seconds(start: Theta, matrix: Array, iterations: int) -> float:
    """Return seconds per iteration of the notebook's loop without compilation."""
    theta = start
    step = jax.value_and_grad(dense_loss)

    def once(theta: Theta) -> Theta:
        loss, gradient = step(theta, matrix)
        float(loss)
        return tuple(p - 0.1 * g for p, g in zip(theta, gradient, strict=True))

    for _ in range(3):
        theta = once(theta)
    began = perf_counter()
    for _ in range(iterations):
        theta = once(theta)
    jax.block_until_ready(theta)
    return (perf_counter() - began) / iterations


def sparse_loss(
    theta: Theta, row: Array, col: Array, value: Array, n_u: Array, n_g: Array
) -> Array:
    """Return the same loss from triples."""
    mu, b, c, x, y = theta
    error = value - mu - b[row] - c[col] - (x[row] * y[col]).sum(1)
    ridge = (n_u * b**2).sum() + value.size * mu**2 + (n_g * c**2).sum()
    lasso = (n_u * jnp.abs(x).sum(1)).sum() + (n_g * jnp.abs(y).sum(1)).sum()
    return ((error**2).sum() + 0.15 * ridge + 0.03 * lasso) / value.size


@partial(jax.jit, static_argnames=("epochs",))
def adam(
    start: Theta,
    row: Array,
    col: Array,
    value: Array,
    n_u: Array,
    n_g: Array,
    epochs: int,
    rate: float,
) -> Array:
    """Return the loss after full-batch Adam (Kingma and Ba 2015, default moments)."""
    zero = tuple(jnp.zeros_like(part) for part in start)

    def body(t: int, carry: tuple[Theta, Theta, Theta]) -> tuple[Theta, Theta, Theta]:
        theta, m, v = carry
        gradient = jax.grad(sparse_loss)(theta, row, col, value, n_u, n_g)
        m = tuple(0.9 * a + 0.1 * g for a, g in zip(m, gradient, strict=True))
        v = tuple(0.999 * a + 0.001 * g * g for a, g in zip(v, gradient, strict=True))
        step = t + 1.0
        theta = tuple(
            p - rate * (a / (1 - 0.9**step)) / (jnp.sqrt(q / (1 - 0.999**step)) + 1e-8)
            for p, a, q in zip(theta, m, v, strict=True)
        )
        return theta, m, v

    theta, _, _ = lax.fori_loop(0, epochs, body, (start, zero, zero))
    return sparse_loss(theta, row, col, value, n_u, n_g)


@partial(jax.jit, static_argnames=("size",))
def segment_pass(
    own: Array, other: Array, value: Array, c: Array, y: Array, size: int
) -> tuple[Array, ...]:
    """Return the four sums per row that the solver needs, by segment_sum over sorted rows."""
    factor, residual = y[other], value - c[other]
    return tuple(
        jax.ops.segment_sum(term, own, size, indices_are_sorted=True)
        for term in (residual, residual * factor, factor, factor * factor)
    )
