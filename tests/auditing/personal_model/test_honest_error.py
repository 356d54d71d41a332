"""Leave-one-out equals refitting, and its error is that of new labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model import (
    error_figures,
    fold_in,
    honest_error,
    leave_one_out,
    predict,
)

FIGURES = {"mae_of_median", "mae_of_mean", "rmse", "decision_error", "decision_error_of_mean"}


@pytest.mark.parametrize("weighted", [False, True])
def test_leaving_a_label_out_equals_folding_in_without_it(
    model: CommentModel, people: Any, weighted: bool
) -> None:
    rng = np.random.default_rng(1)
    rows, levels = people.labels(rng, 12)
    weights = rng.uniform(0.2, 1, size=12) if weighted else None
    table = leave_one_out(model, rows, levels, weights=weights)
    assert table["item_row"].is_monotonic_increasing
    for left in range(12):
        kept = np.arange(12) != left
        without = fold_in(
            model, rows[kept], levels[kept], weights=None if weights is None else weights[kept]
        )
        assert without.effective_points >= 16, "the same person points, so equality is exact"
        wanted = predict(model, without, rows[[left]])
        got = table[table["item_row"] == rows[left]].iloc[0]
        assert got["level"] == levels[left]
        assert got["item_id"] == model.item_ids[rows[left]]
        assert got["mean"] == pytest.approx(wanted.mean[0], abs=1e-5)
        assert got["median"] == wanted.median[0]
        assert got["p_above"] == pytest.approx(wanted.p_above[0], abs=1e-5)


def test_with_moved_points_it_is_close_to_folding_in_without(
    model: CommentModel, people: Any
) -> None:
    rows, levels = people.labels(np.random.default_rng(2), 300)
    assert fold_in(model, rows, levels).responses is not model.responses, "the points have moved"
    table = leave_one_out(model, rows, levels)
    order = np.argsort(rows)
    for left in (0, 100, 299):
        kept = np.delete(order, left)
        wanted = predict(model, fold_in(model, rows[kept], levels[kept]), rows[order[[left]]])
        assert table["mean"].iloc[left] == pytest.approx(wanted.mean[0], abs=0.05)


def test_the_error_is_that_of_new_labels(model: CommentModel, people: Any) -> None:
    rng = np.random.default_rng(3)
    honest, real, seen = [], [], []
    for _ in range(60):
        rows, levels = people.labels(rng, 60)
        figures = honest_error(model, rows[:20], levels[:20])
        posterior = fold_in(model, rows[:20], levels[:20])
        predicted = predict(model, posterior).mean
        honest.append(figures["mae_of_mean"])
        seen.append(np.abs(predicted[rows[:20]] - levels[:20]).mean())
        real.append(np.abs(predicted[rows[20:]] - levels[20:]).mean())
    assert np.mean(honest) == pytest.approx(np.mean(real), abs=0.04)
    assert np.mean(seen) < np.mean(honest) - 0.03, "the error on labels it was made from flatters"


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_labels_have_no_error(model: CommentModel, n: int) -> None:
    figures = honest_error(model, np.arange(n), np.zeros(n))
    assert figures == {**dict.fromkeys(FIGURES), "n": n}
    assert len(leave_one_out(model, np.arange(n), np.zeros(n))) == n


def test_figures_by_hand() -> None:
    table = pd.DataFrame(
        {
            "rating": [0.0, 3.0, 4.0, 2.0],
            "mean": [1.0, 2.5, 1.5, 2.2],
            "median": [0.0, 2.0, 3.0, 2.0],
            "p_above": [0.1, 0.4, 0.6, 0.45],
        }
    )
    figures = error_figures(table, threshold=2.0)
    assert figures["mae_of_median"] == pytest.approx(0.5)
    assert figures["mae_of_mean"] == pytest.approx((1 + 0.5 + 2.5 + 0.2) / 4)
    assert figures["rmse"] == pytest.approx(np.sqrt((1 + 0.25 + 6.25 + 0.04) / 4))
    assert figures["decision_error"] == 0.25
    assert figures["decision_error_of_mean"] == 0.5
    assert figures["n"] == 4
