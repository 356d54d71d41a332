"""Messages against enumeration of everything that can be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from labelaudit_dagster.auditing.comment_model.layout import arrange
from labelaudit_dagster.auditing.comment_model.messages import normalised, sweep
from labelaudit_dagster.auditing.comment_model.population import (
    Population,
    standard_normal_points,
)
from labelaudit_dagster.auditing.comment_model.response import ResponseTable, severity_grid

N_LEVELS, N_GRID, N_POINTS = 3, 7, 16
PEOPLE = Population(np.array([-0.3, 0.1, 0.2]), np.diag([0.8, 0.3, 0.2]))


def by_enumeration(
    rater: list[int], item: list[int], level: list[int], log_prior: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return posteriors of the severities and the log evidence, summing over all severities."""
    n_items, n_raters = len(log_prior), max(rater) + 1
    total, belief = 0.0, np.zeros_like(log_prior)
    for state in itertools.product(range(N_GRID), repeat=n_items):
        probability = np.exp(sum(log_prior[i, g] for i, g in enumerate(state)))
        for u in range(n_raters):
            likelihood = np.full(N_POINTS, 1 / N_POINTS)
            for r, i, k in zip(rater, item, level, strict=True):
                if r == u:
                    likelihood = likelihood * table[k, :, state[i]]
            probability *= likelihood.sum()
        total += probability
        for i, g in enumerate(state):
            belief[i, g] += probability
    return belief / total, float(np.log(total))


def by_messages(
    rater: list[int], item: list[int], level: list[int], log_prior: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, float]:
    layout = arrange(rater, item, level, n_items=len(log_prior), n_levels=N_LEVELS)
    belief, to_items = log_prior, np.zeros((len(rater), N_GRID), dtype=np.float32)
    for _ in range(20):
        swept = sweep(layout, log_prior, belief, to_items, table)
        belief, to_items = swept.log_belief, swept.to_items
    assert swept.average_weight.sum() == pytest.approx(1, abs=1e-6)
    return normalised(belief), swept.evidence


def problem(n_items: int) -> tuple[np.ndarray, np.ndarray]:
    grid = severity_grid(N_GRID)
    points = standard_normal_points(N_POINTS, N_LEVELS, seed=3)
    table = ResponseTable.of(PEOPLE.at(points), grid).probability
    log_prior = -0.5 * (grid - np.linspace(-0.5, 0.5, n_items)[:, None]) ** 2
    return log_prior - np.log(np.exp(log_prior).sum(axis=1, keepdims=True)), table


@pytest.mark.parametrize(
    ("rater", "item", "level"),
    [
        ([0, 0, 0], [0, 1, 2], [0, 2, 1]),
        ([0, 1, 2, 3], [0, 0, 0, 0], [2, 2, 1, 0]),
        ([0, 0, 1, 1], [0, 1, 1, 2], [2, 0, 1, 1]),
    ],
    ids=["one rater", "one comment", "a chain"],
)
def test_messages_are_exact_without_loops(
    rater: list[int], item: list[int], level: list[int]
) -> None:
    log_prior, table = problem(max(item) + 1)
    exact, log_evidence = by_enumeration(rater, item, level, log_prior, table)
    belief, evidence = by_messages(rater, item, level, log_prior, table)
    np.testing.assert_allclose(belief, exact, atol=1e-5)
    assert evidence == pytest.approx(log_evidence, abs=1e-4)


def test_messages_are_close_with_loops() -> None:
    rng = np.random.default_rng(5)
    rater, item = (list(side) for side in zip(*itertools.product(range(3), range(3)), strict=True))
    level = rng.integers(0, N_LEVELS, size=9).tolist()
    log_prior, table = problem(3)
    exact, log_evidence = by_enumeration(rater, item, level, log_prior, table)
    belief, evidence = by_messages(rater, item, level, log_prior, table)
    assert 0 < np.abs(belief - exact).sum(axis=1).max() < 0.05
    assert evidence == pytest.approx(log_evidence, abs=0.05)


def test_levels_of_a_person_are_a_distribution() -> None:
    points = standard_normal_points(64, 5, seed=1)
    table = ResponseTable.of(5 * points, severity_grid(31))
    np.testing.assert_allclose(table.probability.sum(axis=0), 1, atol=1e-5)
    assert table.probability.min() > 0
    assert np.all(np.diff(table.tail, axis=0) <= 0)
    assert np.all(np.diff(table.tail, axis=2) >= -1e-6), "severer comments are rated higher"


def test_person_points_have_exactly_the_moments_of_the_standard_normal() -> None:
    points = standard_normal_points(256, 5, seed=1)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.cov(points.T, bias=True), np.eye(5), atol=1e-12)
    np.testing.assert_array_equal(points, standard_normal_points(256, 5, seed=1))
    assert not np.array_equal(points, standard_normal_points(256, 5, seed=2))
