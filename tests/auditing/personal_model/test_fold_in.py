"""Fold-in against quadrature, its invariances, and labels of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.comment_model.response import tail_table
from labelaudit_dagster.auditing.personal_model import (
    PersonalModelError,
    fold_in,
    fold_in_many,
    level_probabilities,
    predict,
)


def by_quadrature(model: CommentModel, rows: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return P(level 1) of all comments of a binary model, by sums over a fine grid of people."""
    mean, sd = model.population.mean, np.sqrt(np.diag(model.population.covariance))
    if len(rows) <= 50:
        a, s = (np.linspace(m - 5 * d, m + 5 * d, 201) for m, d in zip(mean, sd, strict=True))
    else:  # the posterior is narrow
        a, s = np.linspace(-1.5, 1.5, 81), np.linspace(-0.6, 1.0, 81)
    theta = np.stack([part.ravel() for part in np.meshgrid(a, s, indexing="ij")], axis=1)
    tail = tail_table(theta, model.grid)[0]
    severity = model.severity[rows].astype(np.float64)
    above = np.clip(severity @ tail.T, 1e-12, 1 - 1e-12)
    log_weight = -0.5 * (((theta - mean) / sd) ** 2).sum(axis=1)
    log_weight += np.where(levels[:, None] == 1, np.log(above), np.log(1 - above)).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(model.severity @ (weight @ tail / weight.sum()))


@pytest.mark.parametrize("n", [0, 1, 5, 20, 50])
def test_predictions_are_those_of_quadrature(
    binary_model: CommentModel, binary_people: Any, n: int
) -> None:
    rows, levels = binary_people.labels(np.random.default_rng(n), n)
    exact = by_quadrature(binary_model, rows, levels)
    predicted = predict(binary_model, fold_in(binary_model, rows, levels))
    np.testing.assert_allclose(predicted.p_above, exact, atol=0.02)
    assert np.sqrt(np.mean((predicted.p_above - exact) ** 2)) < 0.01


def test_many_labels_are_still_those_of_quadrature(
    binary_model: CommentModel, binary_people: Any
) -> None:
    rows, levels = binary_people.labels(np.random.default_rng(1), 3000)
    posterior = fold_in(binary_model, rows, levels)
    assert posterior.effective_points > 100, "the points have moved to the person"
    exact = by_quadrature(binary_model, rows, levels)
    predicted = predict(binary_model, posterior)
    np.testing.assert_allclose(predicted.p_above, exact, atol=0.004)


def test_five_thousand_labels_do_not_underflow(
    binary_model: CommentModel, binary_people: Any
) -> None:
    theta = np.array([1.1, -0.2])
    rows, levels = binary_people.labels(np.random.default_rng(2), 5000, theta)
    posterior = fold_in(binary_model, rows, levels)
    assert posterior.effective_points > 100
    truth = binary_model.severity @ tail_table(theta[None], binary_model.grid)[0, 0]
    predicted = predict(binary_model, posterior)
    np.testing.assert_allclose(predicted.p_above, truth, atol=0.04)


def test_without_labels_a_person_is_the_population(model: CommentModel) -> None:
    posterior = fold_in(model, [], [])
    assert posterior.n_labels == 0
    np.testing.assert_allclose(posterior.weight, model.point_weight)
    average = np.tensordot(model.point_weight, model.responses.probability, axes=(0, 1))
    wanted = model.severity.astype(np.float64) @ average.T
    got = level_probabilities(model, posterior, np.arange(model.n_items))
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_levels_of_a_prediction_are_a_distribution(model: CommentModel, people: Any) -> None:
    posterior = fold_in(model, *people.labels(np.random.default_rng(0), 20))
    assert posterior.weight.sum() == pytest.approx(1, abs=1e-12)
    probability = level_probabilities(model, posterior, np.arange(model.n_items))
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-12)
    assert probability.min() > 0


def test_the_order_of_labels_changes_no_bit(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(3), 60)
    order = np.random.default_rng(4).permutation(60)
    first = predict(model, fold_in(model, rows, levels))
    second = predict(model, fold_in(model, rows[order], levels[order]))
    for name, column in vars(first).items():
        assert column.tobytes() == vars(second)[name].tobytes(), name


def test_a_label_counts_by_its_weight(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(5), 20)
    plain = fold_in(model, rows, levels)
    ones = fold_in(model, rows, levels, weights=np.ones(20))
    np.testing.assert_array_equal(ones.weight, plain.weight)
    half = np.repeat([1.0, 0.0], 10)
    without = fold_in(model, rows[:10], levels[:10])
    np.testing.assert_array_equal(fold_in(model, rows, levels, weights=half).weight, without.weight)
    nothing = fold_in(model, rows, levels, weights=np.full(20, 1e-9))
    np.testing.assert_allclose(nothing.weight, model.point_weight, rtol=1e-5)
    # The distance from the population grows with the weight.
    spread = [
        fold_in(model, rows, levels, weights=np.full(20, w)).effective_points
        for w in (0.01, 0.1, 0.3)
    ]
    assert spread[0] > spread[1] > spread[2]


def test_many_people_are_folded_in_one_after_the_other(model: CommentModel, people: Any) -> None:
    rng = np.random.default_rng(6)
    labels = [people.labels(rng, n) for n in (0, 3, 20)]
    weighted = (*labels[2], np.full(20, 0.5))
    got = list(fold_in_many(model, [*labels, weighted]))
    assert [posterior.n_labels for posterior in got] == [0, 3, 20, 20]
    np.testing.assert_array_equal(got[1].weight, fold_in(model, *labels[1]).weight)
    half = fold_in(model, *labels[2], weights=np.full(20, 0.5))
    np.testing.assert_array_equal(got[3].weight, half.weight)


@pytest.mark.parametrize("level", [0, 2, 4])
@pytest.mark.parametrize("n", [1, 20, 400])
def test_equal_labels_pull_everything_to_them(model: CommentModel, level: int, n: int) -> None:
    rows = np.arange(n)
    predicted = predict(model, fold_in(model, rows, np.full(n, level)))
    before = predict(model, fold_in(model, [], []))
    assert np.isfinite(predicted.mean).all()
    assert np.abs(predicted.mean - level).mean() < np.abs(before.mean - level).mean()
    if n == 400:
        assert np.abs(predicted.mean - level).mean() < 0.35


@pytest.mark.parametrize(
    ("rows", "levels", "weights", "message"),
    [
        ([0, 1], [0], None, "2 rows, 1 levels"),
        ([0], [0], [1.0, 1.0], "2 weights"),
        ([-1], [0], None, "rows 0 to 399"),
        ([400], [0], None, "rows 0 to 399"),
        ([0], [5], None, "levels 0 to 4"),
        ([0], [-1], None, "unsure"),
        ([2, 2], [0, 4], None, "Comment 6 is labelled twice"),
        ([0], [0], [-1.0], "finite numbers from 0"),
        ([0], [0], [float("nan")], "finite numbers from 0"),
    ],
)
def test_labels_that_cannot_be_used_are_named(
    model: CommentModel, rows: list[int], levels: list[int], weights: Any, message: str
) -> None:
    with pytest.raises(PersonalModelError, match=message):
        fold_in(model, rows, levels, weights=weights)
