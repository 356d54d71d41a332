"""The exact method: several starts of the block-coordinate solver, and the best of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.arranged import (
    from_state,
    in_precision,
    on_device,
    to_problem,
    to_state,
)
from labelaudit_dagster.factorization.blocks import State
from labelaudit_dagster.factorization.canonical import canonical
from labelaudit_dagster.factorization.layouts import Arrangement, arrange, choose_backend
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
from labelaudit_dagster.factorization.starts import perturbed_start, random_start, with_factor
from labelaudit_dagster.factorization.sweeps import (
    CONVERGED,
    NOT_FINITE,
    WITHOUT_RAMP,
    Loop,
    Options,
    Problem,
    solve,
)

Progress = Callable[[str, float], None]
Float64Array = NDArray[np.float64]

FEWER_STARTS_FROM = 1_000_000
"""Ratings above which two random starts are the default instead of six."""
ONE_AT_A_TIME_FROM = 1_000_000
"""Ratings from which one start uses all cores by itself."""
EQUALLY_GOOD = 1e-7
"""Candidates whose loss exceeds the best by at most this, times the mean squared rating."""
BETTER = 1e-9
"""The warm start is taken when its loss is lower by more than this, times the same."""

_RATE_SWEEPS = 10
_LEAST_AMPLIFICATION, _MOST_AMPLIFICATION = 10.0, 1000.0
_SINGLE_TOLERANCE = 1e-4
_SINGLE_CAP = 400


@dataclass(frozen=True, eq=False)
class Solved:
    """One candidate with its parameters and its way."""

    candidate: Candidate
    model: ModelParameters
    trajectory: Trajectory


class Start(NamedTuple):
    """Parameters to start from, and whether the factor penalty is ramped up first."""

    name: str
    model: ModelParameters
    ramp: bool


class ExactSolver:
    """Runs starts on one arrangement of the ratings."""

    def __init__(self, ratings: RatingTriples, parameters: FactorizationParameters) -> None:
        self.ratings = ratings
        self.parameters = parameters
        backend = parameters.backend
        self.backend = choose_backend(ratings) if backend == "auto" else backend
        # A pass in single precision is hardly faster (the gathers decide): "auto" is float64.
        self.precision = "float32" if parameters.precision == "float32" else "float64"
        arrangement = arrange(ratings, self.backend)
        self.problem: Problem = to_problem(arrangement)
        self.arrangement: Arrangement = on_device(arrangement, self.problem)
        self.mean_square = self.arrangement.total_square / self.arrangement.total_weight

    def run_all(self, starts: list[Start]) -> Iterator[Solved]:
        """Solve from each start, several at a time; yield in their order."""
        large = len(self.ratings) >= ONE_AT_A_TIME_FROM
        with ThreadPoolExecutor(1 if large else os.cpu_count()) as pool:
            yield from pool.map(self.run, starts)

    def run(self, start: Start) -> Solved:
        """Solve from one start."""
        with double_precision():
            return self._run(start)

    def _run(self, start: Start) -> Solved:
        ramp_from = 0 if start.ramp else WITHOUT_RAMP
        state = to_state(start.model, self.arrangement)
        earlier: Loop | None = None
        if self.precision == "float32":
            tolerance = max(self.parameters.tolerance, _SINGLE_TOLERANCE)
            cap = min(self.parameters.iteration_cap, _SINGLE_CAP)
            loop = self._solve(in_precision(state, "float32"), tolerance, cap, ramp_from)
            if int(loop.outcome) != NOT_FINITE:
                earlier = loop
                state = in_precision(loop.state, "float64")
                ramp_from = WITHOUT_RAMP
        used = 0 if earlier is None else int(earlier.sweep)
        remaining = max(self.parameters.iteration_cap - used, 0)
        loop = self._solve(state, self.parameters.tolerance, remaining, ramp_from)
        sweeps = used + int(loop.sweep)
        outcome = int(loop.outcome)
        status = {
            CONVERGED: SolutionStatus.CONVERGED,
            NOT_FINITE: SolutionStatus.NOT_FINITE,
        }.get(outcome, SolutionStatus.ITERATION_LIMIT)
        model = canonical(from_state(loop.state, self.arrangement), self.ratings)
        return Solved(
            Candidate(start.name, float(loop.loss), float(loop.kkt), sweeps, status),
            model,
            _trajectory(loop if earlier is None else earlier, loop if earlier else None),
        )

    def _solve(self, state: State, tolerance: float, cap: int, ramp_from: int) -> Loop:
        options = Options(
            *jax.device_put(
                (
                    np.float64(self.parameters.lambda_intercept),
                    np.float64(self.parameters.lambda_factor),
                    np.float64(tolerance),
                    np.int64(cap),
                    np.int64(ramp_from),
                )
            )
        )
        record = 1 << min(self.parameters.iteration_cap, 2**14 - 1).bit_length()
        loop: Loop = jax.device_get(solve(self.problem, state, options, record=record))
        return loop

    def evaluate(self, name: str, model: ModelParameters) -> Solved:
        """Take parameters as they are, without a sweep."""
        loss = objective(self.ratings, model, self.parameters)
        kkt = optimality_residual(self.ratings, model, self.parameters)
        candidate = Candidate(name, loss, kkt, 0, SolutionStatus.CONVERGED)
        return Solved(candidate, model, Trajectory(np.array([loss]), np.array([kkt])))


def _trajectory(first: Loop, second: Loop | None) -> Trajectory:
    losses, kkts = [], []
    for loop in (first, second):
        if loop is not None:
            kept = min(int(loop.sweep) + 1, loop.losses.size)
            losses.append(np.asarray(loop.losses[:kept], dtype=np.float64))
            kkts.append(np.asarray(loop.kkts[:kept], dtype=np.float64))
    return Trajectory(np.concatenate(losses), np.concatenate(kkts))


def _best(solved: list[Solved], margin: float) -> Solved:
    """Return the lowest loss; a converged candidate within the margin goes before others.

    A converged candidate with a clearly higher loss is no substitute: without factors, for
    example, the solver always converges.
    """
    finite = [one for one in solved if one.candidate.status is not SolutionStatus.NOT_FINITE]
    if not finite:
        return solved[0]
    lowest = min(finite, key=lambda one: one.candidate.loss)
    limit = lowest.candidate.loss + margin
    converged = [
        one
        for one in finite
        if one.candidate.status is SolutionStatus.CONVERGED and one.candidate.loss <= limit
    ]
    return min(converged, key=lambda one: one.candidate.loss, default=lowest)


def factorize_exactly(
    ratings: RatingTriples,
    parameters: FactorizationParameters,
    warm_start: ModelParameters | None,
    progress: Progress,
) -> Factorization:
    """Solve from all starts and keep the best; see `factorize`."""
    began = perf_counter()
    progress("arranging ratings", 0.0)
    with double_precision():
        solver = ExactSolver(ratings, parameters)
    n_starts = parameters.starts or (2 if len(ratings) > FEWER_STARTS_FROM else 6)
    in_all = n_starts + parameters.perturbed_restarts + 1 + (warm_start is not None)
    margin = EQUALLY_GOOD * solver.mean_square
    solved: list[Solved] = []

    def run(starts: list[Start]) -> None:
        for one in solver.run_all(starts):
            solved.append(one)
            progress(one.candidate.name, len(solved) / in_all)

    fresh = [
        Start(f"random-{k + 1}", random_start(ratings, parameters.ndim, parameters.seed, k), True)
        for k in range(n_starts)
    ]
    zero = with_factor(ratings, np.zeros((ratings.n_cols, parameters.ndim)))
    run(fresh[:1])  # alone, so that the program is compiled once
    run([*fresh[1:], Start("zero-factors", zero, False)])
    best = _best(solved, margin).model
    run(
        [
            Start(f"perturbed-{k + 1}", perturbed_start(ratings, best, parameters.seed, k), False)
            for k in range(parameters.perturbed_restarts)
        ]
    )
    winner = _best(solved, margin)
    taken = False
    if warm_start is not None:
        warm = _from_warm_start(solver, warm_start)
        if _clearly_better(warm.candidate, winner.candidate, solver.mean_square):
            solved.append(warm)
            winner, taken = warm, True
    progress("done", 1.0)
    return _result(solver, solved, winner, taken, perf_counter() - began)


def _clearly_better(warm: Candidate, cold: Candidate, mean_square: float) -> bool:
    """Whether the warm start is converged and better by a margin that rounding cannot make."""
    if warm.status is not SolutionStatus.CONVERGED:
        return False
    if cold.status is not SolutionStatus.CONVERGED:
        return warm.loss < cold.loss + EQUALLY_GOOD * mean_square
    return warm.loss < cold.loss - BETTER * mean_square


def _from_warm_start(solver: ExactSolver, model: ModelParameters) -> Solved:
    """Take the parameters untouched where they are optimal already, else sweep from them."""
    as_given = solver.evaluate("warm-start", model)
    if as_given.candidate.kkt <= solver.parameters.tolerance:
        return as_given
    return solver.run(Start("warm-start", model, False))


def _amplification(trajectory: Trajectory) -> float:
    """Return by what the residual is multiplied to bound the error of a parameter.

    Sweeps converge linearly. Where the residual falls by a factor rho per sweep, all the steps
    still to come sum up to about residual / (1 - rho). Ten at least, a thousand at most.
    """
    kkt = trajectory.kkt[-_RATE_SWEEPS - 1 :]
    if kkt.size <= _RATE_SWEEPS or not 0 < kkt[-1] < kkt[0] < np.inf:
        return _LEAST_AMPLIFICATION
    rate = float(kkt[-1] / kkt[0]) ** (1 / _RATE_SWEEPS)
    return float(np.clip(1 / (1 - rate), _LEAST_AMPLIFICATION, _MOST_AMPLIFICATION))


def _result(
    solver: ExactSolver, solved: list[Solved], winner: Solved, taken: bool, seconds: float
) -> Factorization:
    best = winner.candidate
    margin = EQUALLY_GOOD * solver.mean_square
    converged = [one for one in solved if one.candidate.status is SolutionStatus.CONVERGED]
    equals = [one for one in converged if one.candidate.loss <= best.loss + margin]
    intercepts = np.stack([one.model.item_intercept for one in equals or [winner]])
    spread = np.ptp(intercepts, axis=0)
    losses = [one.candidate.loss for one in converged if one.candidate.name != "zero-factors"]
    parameters = solver.parameters
    message = {
        SolutionStatus.CONVERGED: (
            f"Optimal to {best.kkt:.1e} (tolerance {parameters.tolerance:.1e}) after "
            f"{best.sweeps} sweeps; {len(equals)} of {len(solved)} starts reached this solution."
        ),
        SolutionStatus.ITERATION_LIMIT: (
            f"Not optimal: the residual is {best.kkt:.1e} (tolerance {parameters.tolerance:.1e}) "
            f"after {best.sweeps} sweeps; raise iteration_cap."
        ),
        SolutionStatus.NOT_FINITE: (
            "The parameters overflowed; raise lambda_factor or lambda_intercept above 0."
        ),
    }[best.status]
    return Factorization(
        parameters=winner.model,
        method="exact",
        status=best.status,
        message=message,
        loss=best.loss,
        kkt=best.kkt,
        sweeps=best.sweeps,
        seconds=seconds,
        candidates=tuple(one.candidate for one in solved),
        spread=CandidateSpread(
            loss=max(losses) - min(losses) if losses else 0.0,
            equally_good=len(equals),
            intercept=float(spread.max(initial=0)),
        ),
        intercept_spread=spread,
        numerical_error=np.maximum(spread, _amplification(winner.trajectory) * best.kkt),
        trajectory=winner.trajectory,
        warm_start_used=taken,
        precision=solver.precision,
        backend=solver.backend,
    )
