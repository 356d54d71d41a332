"""Carry parameters and ratings between their own order and the arrangement's positions."""

from __future__ import annotations

import jax
import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.blocks import State
from labelaudit_dagster.factorization.layouts import Arrangement
from labelaudit_dagster.factorization.results import ModelParameters
from labelaudit_dagster.factorization.sweeps import Problem

Float64Array = NDArray[np.float64]


def to_problem(arrangement: Arrangement) -> Problem:
    """Put the arranged ratings on the device, once for all starts."""
    problem = Problem(
        raters=arrangement.raters,
        items=arrangement.items,
        rater_count=arrangement.raters.mass,
        item_count=arrangement.items.mass,
        item_total=arrangement.items.total,
        total_square=np.float64(arrangement.total_square),
    )
    placed: Problem = jax.device_put(problem)
    return placed


def to_state(model: ModelParameters, arrangement: Arrangement) -> State:
    """Arrange parameters; those of raters and items without ratings are left out."""
    rater, item = arrangement.rater_position, arrangement.item_position
    return State(
        mu=np.float64(model.mu),
        rater_intercept=_place(model.rater_intercept, rater, arrangement.n_rater_positions),
        item_intercept=_place(model.item_intercept, item, arrangement.n_item_positions),
        rater_factor=np.ascontiguousarray(
            _place(model.rater_factor, rater, arrangement.n_rater_positions).T
        ),
        item_factor=np.ascontiguousarray(
            _place(model.item_factor, item, arrangement.n_item_positions).T
        ),
    )


def from_state(state: State, arrangement: Arrangement) -> ModelParameters:
    """Bring parameters back into the order of the ratings; without ratings they are zero."""
    rater, item = arrangement.rater_position, arrangement.item_position
    return ModelParameters(
        mu=float(state.mu),
        rater_intercept=_take(np.asarray(state.rater_intercept), rater),
        item_intercept=_take(np.asarray(state.item_intercept), item),
        rater_factor=_take(np.asarray(state.rater_factor).T, rater),
        item_factor=_take(np.asarray(state.item_factor).T, item),
    )


def single_from_double(state: State) -> State:
    """Round parameters to single precision."""
    return State(*(np.asarray(part, dtype=np.float32) for part in state))


def _place(values: Float64Array, position: NDArray[np.int64], size: int) -> Float64Array:
    placed = np.zeros((size, *values.shape[1:]))
    present = position >= 0
    placed[position[present]] = values[present]
    return placed


def _take(values: NDArray[np.floating], position: NDArray[np.int64]) -> Float64Array:
    taken = np.zeros((position.size, *values.shape[1:]))
    present = position >= 0
    taken[present] = values[position[present]]
    return taken
