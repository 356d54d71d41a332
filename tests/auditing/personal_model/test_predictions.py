"""Predictions: their definition at the boundaries, and whether they are calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model import fold_in, level_probabilities, predict
from labelaudit_dagster.auditing.personal_model.predictions import summarised
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale


def test_quantiles_are_the_lowest_value_that_reaches_the_share() -> None:
    # P(level): half at 1 and half at 3; all at 0; all at 4; 0.25 at each of 0, 1, 2, 3.
    probability = np.array(
        [
            [0, 0.5, 0, 0.5, 0],
            [1, 0, 0, 0, 0],
            [0, 0, 0, 0, 1],
            [0.25, 0.25, 0.25, 0.25, 0],
        ]
    )
    tail = (1 - probability.cumsum(axis=1)[:, :-1]).T.astype(np.float32)
    figures = summarised(tail, TOXICITY_SCALE)
    assert figures.median.tolist() == [1, 0, 4, 1], "the lower median"
    assert figures.mean.tolist() == [2, 0, 4, 1.5]
    assert figures.p_above.tolist() == [0.5, 0, 1, 0.25]
    assert figures.quantile_10.tolist() == [1, 0, 4, 0]
    assert figures.quantile_25.tolist() == [1, 0, 4, 0]
    assert figures.quantile_75.tolist() == [3, 0, 4, 2]
    assert figures.quantile_90.tolist() == [3, 0, 4, 3]


def test_figures_are_in_values_of_the_scale() -> None:
    scale = RatingScale.from_values([-1, 0.5, 10], threshold=0.5)
    figures = summarised(np.array([[0.75], [0.6]], dtype=np.float32), scale)
    assert figures.mean[0] == pytest.approx(0.25 * -1 + 0.15 * 0.5 + 0.6 * 10)
    assert figures.median[0] == 10
    assert figures.p_above[0] == pytest.approx(0.6)
    assert figures.quantile_25[0] == -1


def test_a_subset_is_predicted_as_among_all(model: CommentModel, people: Any) -> None:
    posterior = fold_in(model, *people.labels(np.random.default_rng(1), 20))
    rows = np.array([7, 3, 399])
    every, some = predict(model, posterior), predict(model, posterior, rows)
    assert len(every) == 400
    np.testing.assert_allclose(some.mean, every.mean[rows], atol=1e-5)
    frame = every.to_frame(model.item_ids)
    assert frame["item_id"].dtype == np.int64
    assert list(frame.columns)[:4] == ["item_id", "mean", "median", "p_above"]
    assert {str(kind) for kind in frame.dtypes[1:]} == {"float32"}


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.integers(0, 399), st.integers(0, 4), max_size=60),
    st.floats(0.05, 3),
)
def test_figures_agree_whatever_the_labels(
    model: CommentModel, labels: dict[int, int], weight: float
) -> None:
    weights = np.full(len(labels), weight)
    posterior = fold_in(model, list(labels), list(labels.values()), weights=weights)
    figures = predict(model, posterior)
    assert figures.mean.min() >= 0
    assert figures.mean.max() <= 4
    assert figures.p_above.min() >= 0
    assert figures.p_above.max() <= 1
    ordered = [
        figures.quantile_10,
        figures.quantile_25,
        figures.median,
        figures.quantile_75,
        figures.quantile_90,
    ]
    assert np.all(np.diff(np.stack(ordered), axis=0) >= 0)
    assert np.isin(np.stack(ordered), TOXICITY_SCALE.values).all()
    clear = np.abs(figures.p_above - 0.5) > 1e-4
    np.testing.assert_array_equal((figures.median > 2)[clear], (figures.p_above > 0.5)[clear])


@pytest.mark.parametrize("n", [5, 20])
def test_predictions_are_calibrated(model: CommentModel, people: Any, n: int) -> None:
    rng = np.random.default_rng(n)
    pit, above, toxic = [], [], []
    for _ in range(150):
        rows, levels = people.labels(rng, n + 20)
        posterior = fold_in(model, rows[:n], levels[:n])
        probability = level_probabilities(model, posterior, rows[n:])
        below = np.hstack([np.zeros((20, 1)), probability.cumsum(axis=1)])
        at = np.arange(20)
        pit.append(below[at, levels[n:]] + rng.random(20) * probability[at, levels[n:]])
        above.append(probability[:, 3:].sum(axis=1))
        toxic.append(levels[n:] > 2)
    covered = np.mean(np.abs(np.concatenate(pit) - 0.5) < 0.4)
    assert 0.77 < covered < 0.83
    predicted, happened = np.concatenate(above), np.concatenate(toxic)
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = (predicted >= low) & (predicted < high)
        assert happened[inside].mean() == pytest.approx(predicted[inside].mean(), abs=0.06)
