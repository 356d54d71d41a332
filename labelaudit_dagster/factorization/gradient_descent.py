"""The notebook's iteration, compiled: plain gradient descent with its own stop rule (JAX).

For comparison only. The rule stops when two successive losses are close, which on real ratings
happens far from the optimum: on the Collective Constitutional AI votes the loss is then 17 % above
the optimum and the accepted guidelines are decided by the random start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from labelaudit_dagster.factorization.arranged import (
    from_state,
    in_precision,
    to_problem,
    to_state,
)
from labelaudit_dagster.factorization.blocks import State, block_errors
from labelaudit_dagster.factorization.canonical import canonical
from labelaudit_dagster.factorization.layouts import arrange, choose_backend
from labelaudit_dagster.factorization.moments import double, moments
from labelaudit_dagster.factorization.objective import objective, optimality_residual
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import (
    Candidate,
    CandidateSpread,
    Factorization,
    ModelParameters,
    SolutionStatus,
    Trajectory,
)
from labelaudit_dagster.factorization.runtime import double_precision
from labelaudit_dagster.factorization.sweeps import Problem, objective_value

Float64Array = NDArray[np.float64]

FIRST_CHECK = 100
"""Iterations before the stop rule is looked at."""
ABSOLUTE, RELATIVE = 1e-8, 1e-5
"""Tolerances of `numpy.isclose` in the stop rule: one given, one its default."""


class Step(NamedTuple):
    """Numbers that may change without recompiling."""

    lambda_i: Array
    lambda_f: Array
    learning_rate: Array
    cap: Array


class Descent(NamedTuple):
    """Carry of the loop: `loss` is that of the parameters before the last update."""

    iteration: Array
    state: State
    loss: Array
    stopped: Array
    losses: Array


def loss_and_gradient(
    problem: Problem, state: State, lambda_i: Array, lambda_f: Array
) -> tuple[Array, State]:
    """Return the objective and its gradient; that of |x| at 0 is 0, as `jax.grad` has it."""
    raters = moments(problem.raters, state.item_intercept, state.item_factor)
    items = moments(problem.items, state.rater_intercept, state.rater_factor)
    rater_count, item_count = problem.rater_count, problem.item_count
    total = jnp.sum(item_count)
    error_u, factor_u = block_errors(
        raters, rater_count, state.mu, state.rater_intercept, state.rater_factor
    )
    error_g, factor_g = block_errors(
        items, item_count, state.mu, state.item_intercept, state.item_factor
    )

    def by_intercept(error: Array, count: Array, intercept: Array) -> Array:
        return 2 * (lambda_i * count * intercept - error) / total

    def by_factor(error: Array, count: Array, factor: Array) -> Array:
        return (lambda_f * count * jnp.sign(factor) - 2 * error) / total

    gradient = State(
        mu=by_intercept(jnp.sum(error_u), total, state.mu),
        rater_intercept=by_intercept(error_u, rater_count, state.rater_intercept),
        item_intercept=by_intercept(error_g, item_count, state.item_intercept),
        rater_factor=by_factor(factor_u, rater_count, state.rater_factor),
        item_factor=by_factor(factor_g, item_count, state.item_factor),
    )
    return objective_value(problem, state, raters, lambda_i, lambda_f), gradient


@partial(jax.jit, static_argnames=("record",))
def descend(problem: Problem, start: State, step: Step, *, record: int) -> Descent:
    """Iterate until the stop rule fires or the cap is reached."""
    dtype = start.mu.dtype
    lambda_i, lambda_f = step.lambda_i.astype(dtype), step.lambda_f.astype(dtype)
    rate = step.learning_rate.astype(dtype)
    problem = problem._replace(
        rater_count=problem.rater_count.astype(dtype), item_count=problem.item_count.astype(dtype)
    )

    def body(loop: Descent) -> Descent:
        loss, gradient = loss_and_gradient(problem, loop.state, lambda_i, lambda_f)
        close = jnp.abs(loss - loop.loss) <= ABSOLUTE + RELATIVE * jnp.abs(loss)
        stopped = (close & (loop.iteration >= FIRST_CHECK)) | ~jnp.isfinite(loss)
        moved = State(*(p - rate * g for p, g in zip(loop.state, gradient, strict=True)))
        return Descent(
            iteration=jnp.where(stopped, loop.iteration, loop.iteration + 1),
            state=State(
                *(jnp.where(stopped, a, b) for a, b in zip(loop.state, moved, strict=True))
            ),
            loss=loss,
            stopped=stopped,
            losses=loop.losses.at[loop.iteration].set(loss, mode="drop"),
        )

    infinite = double(jnp.asarray(jnp.inf))
    first = Descent(
        iteration=jnp.asarray(0),
        state=start,
        loss=infinite,
        stopped=jnp.asarray(False),
        losses=jnp.full(record, jnp.nan, infinite.dtype),
    )
    return lax.while_loop(lambda loop: ~loop.stopped & (loop.iteration < step.cap), body, first)


def random_parameters(
    ratings: RatingTriples, ndim: int, seed: int, known: ModelParameters | None = None
) -> ModelParameters:
    """Return the notebook's start: everything uniform on [0, 1), but what is known already.

    Draws are made for raters and items with ratings, in their order: mu, raters' intercepts,
    items' intercepts, raters' factors, items' factors.

    Args:
        ratings: the ratings.
        ndim: number of factor dimensions.
        seed: seed of the draws.
        known: parameters to keep; NaN entries are drawn.
    """
    generator = np.random.default_rng(seed)
    raters, items = ratings.row_weights() > 0, ratings.col_weights() > 0

    def draw(present: NDArray[np.bool_], *width: int) -> Float64Array:
        values = np.zeros((present.size, *width))
        values[present] = generator.random((int(present.sum()), *width))
        return values

    drawn = ModelParameters(
        mu=float(generator.random()),
        rater_intercept=draw(raters),
        item_intercept=draw(items),
        rater_factor=draw(raters, ndim),
        item_factor=draw(items, ndim),
    )
    if known is None:
        return drawn

    def keep(given: Float64Array, fresh: Float64Array) -> Float64Array:
        return np.where(np.isnan(given), fresh, given)

    return ModelParameters(
        mu=drawn.mu if np.isnan(known.mu) else known.mu,
        rater_intercept=keep(known.rater_intercept, drawn.rater_intercept),
        item_intercept=keep(known.item_intercept, drawn.item_intercept),
        rater_factor=keep(known.rater_factor, drawn.rater_factor),
        item_factor=keep(known.item_factor, drawn.item_factor),
    )


def factorize_by_descent(
    ratings: RatingTriples,
    parameters: FactorizationParameters,
    warm_start: ModelParameters | None,
    progress: Callable[[str, float], None],
) -> Factorization:
    """Run the notebook's iteration; see `factorize`. Its result is no optimum."""
    began = perf_counter()
    progress("gradient descent", 0.0)
    backend = choose_backend(ratings) if parameters.backend == "auto" else parameters.backend
    precision = "float32" if parameters.precision == "float32" else "float64"
    start = random_parameters(ratings, parameters.ndim, parameters.seed, warm_start)
    arrangement = arrange(ratings, backend)
    with double_precision():
        problem = to_problem(arrangement)
        step = Step(
            lambda_i=jnp.asarray(parameters.lambda_intercept),
            lambda_f=jnp.asarray(parameters.lambda_factor),
            learning_rate=jnp.asarray(parameters.learning_rate),
            cap=jnp.asarray(parameters.iteration_cap),
        )
        state = in_precision(to_state(start, arrangement), precision)
        record = 1 << min(parameters.iteration_cap, 2**20).bit_length()
        loop = jax.device_get(descend(problem, state, step, record=record))
    iterations, finite = int(loop.iteration), bool(np.isfinite(loop.loss))
    model = canonical(from_state(loop.state, arrangement), ratings)
    loss = objective(ratings, model, parameters) if finite else float("nan")
    kkt = optimality_residual(ratings, model, parameters) if finite else float("inf")
    if not finite:
        status, message = SolutionStatus.NOT_FINITE, "It diverged; lower learning_rate."
    elif bool(loop.stopped):
        status = SolutionStatus.CONVERGED
        message = (
            f"The stop rule on the loss fired after {iterations} iterations, where the "
            f"optimality residual is {kkt:.1e}: the result depends on the random start. "
            'Use method="exact" for the optimum.'
        )
    else:
        status = SolutionStatus.ITERATION_LIMIT
        message = (
            f"The iteration cap of {iterations} was reached, where the optimality residual is "
            f'{kkt:.1e}: the result depends on the random start. Use method="exact".'
        )
    losses = np.asarray(loop.losses[: min(iterations + 1, record)], dtype=np.float64)
    progress("done", 1.0)
    return Factorization(
        parameters=model,
        method="gradient_descent",
        status=status,
        message=message,
        loss=loss,
        kkt=kkt,
        sweeps=iterations,
        seconds=perf_counter() - began,
        candidates=(Candidate("start", loss, kkt, iterations, status),),
        spread=CandidateSpread(loss=0.0, equally_good=1, intercept=0.0),
        intercept_spread=np.zeros(ratings.n_cols),
        numerical_error=np.full(ratings.n_cols, 10 * kkt),
        trajectory=Trajectory(losses[np.isfinite(losses)], np.zeros(0)),
        warm_start_used=warm_start is not None,
        precision=precision,
        backend=backend,
    )
