"""The compiled loop of the exact method: sweep over raters and items until optimal (JAX)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from labelaudit_dagster.factorization.blocks import (
    State,
    block_errors,
    block_residual,
    minimise_block,
    rescale,
    shift_intercepts,
)
from labelaudit_dagster.factorization.layouts import Side
from labelaudit_dagster.factorization.moments import Moments, double, moments

LEVEL_SWEEPS = 10
"""Sweeps without factor penalty at the beginning of a continuation."""
RAMP_SWEEPS = 40
"""Sweeps over which the factor penalty then grows to its value."""
WITHOUT_RAMP = LEVEL_SWEEPS + RAMP_SWEEPS
"""`Options.ramp_from` that skips the continuation."""

RUNNING, CONVERGED, NOT_FINITE = 0, 1, 2


class Problem(NamedTuple):
    """Arranged ratings with the counts that the objective needs.

    rater_count is the sum of weights of each rater's ratings; rater_weight (None for ones)
    multiplies whole raters, item_count includes it. A rater's own block does not depend on its
    weight, so that replicates which differ in rater_weight share everything else.
    """

    raters: Side
    items: Side
    rater_count: Array
    item_count: Array
    item_total: Array
    total_square: Array
    rater_weight: Array | None = None


class Options(NamedTuple):
    """Numbers that may change without recompiling."""

    lambda_i: Array
    lambda_f: Array
    tolerance: Array
    cap: Array
    ramp_from: Array


class Loop(NamedTuple):
    """Carry of the loop; loss and kkt belong to `state` and are those before sweep `sweep`."""

    sweep: Array
    state: State
    item_residual: Array
    loss: Array
    kkt: Array
    outcome: Array
    losses: Array
    kkts: Array


def rater_mass(problem: Problem) -> Array:
    """Return each rater's sum of weights, its own weight included."""
    if problem.rater_weight is None:
        return problem.rater_count
    return problem.rater_count * problem.rater_weight


def sweep_once(
    problem: Problem, state: State, sums: Moments, lambda_i: Array, lambda_f: Array
) -> tuple[State, Array]:
    """Minimise over all raters, rescale, minimise over all items, shift.

    Args:
        problem: the ratings.
        state: where to start.
        sums: the raters' sums at `state`.
        lambda_i: weight of the squared intercepts.
        lambda_f: weight of the absolute factors.

    Returns:
        The new state and the largest residual of its items and of mu. (That of the raters follows
        from their sums at the new state, which the next sweep needs anyway.)
    """
    count, mass, item_count = problem.rater_count, rater_mass(problem), problem.item_count
    b, x = minimise_block(sums, count, state.mu, state.rater_factor, lambda_i, lambda_f)
    state = rescale(state._replace(rater_intercept=b, rater_factor=x), mass, item_count)
    own = moments(problem.items, state.rater_intercept, state.rater_factor, problem.rater_weight)
    c, y = minimise_block(own, item_count, state.mu, state.item_factor, lambda_i, lambda_f)
    error, _ = block_errors(own, item_count, state.mu, c, y)
    total = jnp.sum(double(item_count))
    mean_error = jnp.sum(double(error)) / total
    state, moved = shift_intercepts(
        state._replace(item_intercept=c, item_factor=y), mean_error, mass, item_count, lambda_i
    )
    own = own._replace(level=own.level - moved * item_count, cross=own.cross - moved * own.first)
    error, _ = block_errors(own, item_count, state.mu, state.item_intercept, y)
    mu_residual = jnp.abs(jnp.sum(double(error)) / total - double(lambda_i * state.mu))
    residual = block_residual(
        own, item_count, state.mu, state.item_intercept, y, lambda_i, lambda_f
    )
    return state, jnp.maximum(residual, mu_residual.astype(residual.dtype))


def objective_value(
    problem: Problem, state: State, sums: Moments, lambda_i: Array, lambda_f: Array
) -> Array:
    """Return the objective, from the raters' sums alone.

    Σ w (r - mu - c)² needs only the items' counts and totals; the rest of the square follows from
    the raters' sums.
    """
    mass = double(rater_mass(problem))
    scale = 1 if problem.rater_weight is None else double(problem.rater_weight)
    count, item_count = double(problem.rater_count), double(problem.item_count)
    mu, b, x = double(state.mu), double(state.rater_intercept), double(state.rater_factor)
    level = double(sums.level) - mu * count
    cross = double(sums.cross) - mu * double(sums.first)
    offset = mu + double(state.item_intercept)
    square = (
        double(problem.total_square)
        - 2 * jnp.sum(offset * double(problem.item_total))
        + jnp.sum(item_count * offset**2)
    )
    quadratic = jnp.sum(x[:, None, :] * double(sums.second) * x[None], axis=(0, 1))
    fitted = (
        -2 * (b * level + jnp.sum(x * cross, axis=0))
        + count * b**2
        + 2 * b * jnp.sum(x * double(sums.first), axis=0)
        + quadratic
    )
    total = jnp.sum(item_count)
    ridge = (
        jnp.sum(mass * b**2)
        + total * mu**2
        + jnp.sum(item_count * double(state.item_intercept) ** 2)
    )
    lasso = jnp.sum(mass * jnp.abs(x)) + jnp.sum(item_count * jnp.abs(double(state.item_factor)))
    return (
        square + jnp.sum(scale * fitted) + double(lambda_i) * ridge + double(lambda_f) * lasso
    ) / total


def _penalty_at(sweep: Array, options: Options) -> Array:
    """Return the factor penalty of a sweep: 0, then a ramp, then its value."""
    ramp = (sweep + options.ramp_from - LEVEL_SWEEPS) / RAMP_SWEEPS
    return options.lambda_f * jnp.clip(ramp, 0, 1)


@partial(jax.jit, static_argnames=("record",))
def solve(problem: Problem, start: State, options: Options, *, record: int) -> Loop:
    """Sweep from `start` until the residual is within the tolerance, or the cap is reached.

    Args:
        problem: the ratings.
        start: parameters to start from; the dtype of all sweeps.
        options: penalties, tolerance, cap; ramp_from = 0 begins the continuation,
            WITHOUT_RAMP skips it.
        record: entries of the trajectory that are kept.
    """
    dtype = start.mu.dtype
    lambda_i = options.lambda_i.astype(dtype)
    lambda_f = options.lambda_f.astype(dtype)
    problem = problem._replace(
        rater_count=problem.rater_count.astype(dtype), item_count=problem.item_count.astype(dtype)
    )

    def body(loop: Loop) -> Loop:
        state = loop.state
        sums = moments(problem.raters, state.item_intercept, state.item_factor)
        rater_residual = block_residual(
            sums,
            jnp.where(rater_mass(problem) > 0, problem.rater_count, 0),
            state.mu,
            state.rater_intercept,
            state.rater_factor,
            lambda_i,
            lambda_f,
        )
        kkt = double(jnp.maximum(rater_residual, loop.item_residual))
        loss = objective_value(problem, state, sums, options.lambda_i, options.lambda_f)
        at_value = loop.sweep + options.ramp_from >= WITHOUT_RAMP
        done = at_value & (kkt <= options.tolerance)
        finite = jnp.isfinite(loss) & ~jnp.isnan(kkt)
        outcome = jnp.where(finite, jnp.where(done, CONVERGED, RUNNING), NOT_FINITE)
        stop = (outcome != RUNNING) | (loop.sweep >= options.cap)
        penalty = _penalty_at(loop.sweep, options).astype(dtype)
        moved, item_residual = sweep_once(problem, state, sums, lambda_i, penalty)
        return Loop(
            sweep=jnp.where(stop, loop.sweep, loop.sweep + 1),
            state=State(*(jnp.where(stop, a, b) for a, b in zip(state, moved, strict=True))),
            item_residual=item_residual,
            loss=loss,
            kkt=kkt,
            outcome=jnp.where(stop & (outcome == RUNNING), -1, outcome),
            losses=loop.losses.at[loop.sweep].set(loss, mode="drop"),
            kkts=loop.kkts.at[loop.sweep].set(kkt, mode="drop"),
        )

    infinite = jnp.asarray(jnp.inf, dtype)
    first = Loop(
        sweep=jnp.asarray(0),
        state=start,
        item_residual=infinite,
        loss=double(infinite),
        kkt=double(infinite),
        outcome=jnp.asarray(RUNNING),
        losses=jnp.full(record, jnp.nan, double(infinite).dtype),
        kkts=jnp.full(record, jnp.nan, double(infinite).dtype),
    )
    return lax.while_loop(lambda loop: loop.outcome == RUNNING, body, first)
