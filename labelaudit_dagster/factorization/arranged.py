"""Carry parameters and ratings between their own order and the arrangement's positions."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.blocks import State
from labelaudit_dagster.factorization.layouts import Arrangement
from labelaudit_dagster.factorization.results import ModelParameters
from labelaudit_dagster.factorization.sweeps import Problem

Float64Array = NDArray[np.float64]


def to_problem(arrangement: Arrangement) -> Problem:
    """Put the arranged ratings on the device, once for all starts."""
    placed = jax.device_put(
        (
            arrangement.raters,
            arrangement.items,
            arrangement.raters.mass,
            arrangement.items.mass,
            arrangement.items.total,
            np.float64(arrangement.total_square),
        )
    )
    return Problem(*placed)


def on_device(arrangement: Arrangement, problem: Problem) -> Arrangement:
    """Return the arrangement with the device's copies, so that the host's can be freed."""
    return replace(arrangement, raters=problem.raters, items=problem.items)


def to_state(model: ModelParameters, arrangement: Arrangement) -> State:
    """Arrange parameters; those of raters and items without ratings are left out."""
    rater, item = arrangement.rater_position, arrangement.item_position
    n_raters, n_items = arrangement.n_rater_positions, arrangement.n_item_positions
    placed = (
        np.float64(model.mu),
        place(model.rater_intercept, rater, n_raters),
        place(model.item_intercept, item, n_items),
        np.ascontiguousarray(place(model.rater_factor, rater, n_raters).T),
        np.ascontiguousarray(place(model.item_factor, item, n_items).T),
    )
    return State(*jax.device_put(placed))


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


def in_precision(state: State, precision: str) -> State:
    """Convert all parameters to "float32" or "float64"."""
    return State(*(jnp.asarray(part, dtype=precision) for part in state))


def place(values: Float64Array, position: NDArray[np.int64], size: int) -> Float64Array:
    """Put each value at its position, shape (size, ...); zero elsewhere."""
    placed = np.zeros((size, *values.shape[1:]))
    present = position >= 0
    placed[position[present]] = values[present]
    return placed


def _take(values: NDArray[np.floating], position: NDArray[np.int64]) -> Float64Array:
    taken = np.zeros((position.size, *values.shape[1:]))
    present = position >= 0
    taken[present] = values[position[present]]
    return taken
