"""The fit: what it finds, that it is reproducible, and odd corpora."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.comment_model import (
    CommentModel,
    CommentModelError,
    CommentModelOptions,
    FitStatus,
    fit_comment_model,
)
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale

QUICK = CommentModelOptions(fit_points=64, person_points=64, grid_points=15)


def test_severities_and_population_are_recovered(crowd: Any, fitted: CommentModel) -> None:
    assert fitted.status is FitStatus.CONVERGED
    assert np.corrcoef(fitted.severity_mean, crowd.severity)[0, 1] > 0.93
    standardised = (fitted.severity_mean - crowd.severity) / fitted.severity_sd
    assert 0.85 < standardised.std() < 1.15, "the posterior knows how wrong it is"
    # Location and unit of severities are this sample's, so thresholds are compared loosely.
    np.testing.assert_allclose(fitted.population.mean, crowd.theta.mean(axis=0), atol=0.2)
    spread = np.sqrt(np.diag(fitted.population.covariance))
    np.testing.assert_allclose(spread[[0, 4]], crowd.theta.std(axis=0)[[0, 4]], rtol=0.3)


def test_evidence_rises_and_changes_fall(fitted: CommentModel) -> None:
    evidence = fitted.diagnostics["evidence"]
    assert evidence[-1] > evidence[0] + 20
    changes = [change["severity"] for change in fitted.diagnostics["changes"]]
    assert changes[-1] < 0.05 * changes[0]
    assert len(changes) == fitted.diagnostics["sweeps"]


def test_order_of_rows_changes_no_bit(crowd: Any, fitted: CommentModel) -> None:
    shuffled = np.random.default_rng(0).permutation(crowd.rater.size)
    again = fit_comment_model(
        fitted.item_ids,
        None,
        crowd.rater[shuffled],
        crowd.item[shuffled],
        crowd.level[shuffled],
        scale=TOXICITY_SCALE,
    )
    assert again.severity.tobytes() == fitted.severity.tobytes()
    assert again.population.covariance.tobytes() == fitted.population.covariance.tobytes()
    assert again.point_weight.tobytes() == fitted.point_weight.tobytes()
    assert without_seconds(again) == without_seconds(fitted)


def without_seconds(model: CommentModel) -> dict[str, Any]:
    return {name: value for name, value in model.diagnostics.items() if name != "seconds"}


def test_raters_without_ratings_do_not_count(crowd: Any, fitted: CommentModel) -> None:
    spread = fit_comment_model(
        fitted.item_ids, None, crowd.rater * 3, crowd.item, crowd.level, scale=TOXICITY_SCALE
    )
    assert spread.severity.tobytes() == fitted.severity.tobytes()


def test_a_stored_model_is_the_same_to_the_bit(fitted: CommentModel) -> None:
    members = fitted.to_members()
    stored = {}
    for name, member in members.items():
        if isinstance(member, pd.DataFrame):
            file = io.BytesIO()
            member.to_parquet(file)
            stored[name] = pd.read_parquet(io.BytesIO(file.getvalue()))
        else:
            stored[name] = member
    again = CommentModel.from_members(stored)
    assert again.severity.tobytes() == fitted.severity.tobytes()
    assert again.responses.probability.tobytes() == fitted.responses.probability.tobytes()
    assert again.point_weight.tobytes() == fitted.point_weight.tobytes()
    assert again.scale == fitted.scale
    assert again.status is fitted.status
    stored["model"] = {**stored["model"], "format": 99}
    with pytest.raises(CommentModelError, match="format 99"):
        CommentModel.from_members(stored)


def test_rows_of_unknown_comments_are_minus_one(fitted: CommentModel) -> None:
    assert fitted.rows_of([20, 0, 5, 10**9, -1]).tolist() == [2, 0, -1, -1, -1]


@pytest.mark.parametrize("n_levels", [2, 3, 11])
def test_scales_of_any_length(n_levels: int) -> None:
    rng = np.random.default_rng(n_levels)
    severity = rng.normal(size=60)
    rater, item = (part.ravel() for part in np.meshgrid(np.arange(40), np.arange(60)))
    latent = severity[item] + 0.7 * rng.normal(size=40)[rater] + rng.normal(size=item.size)
    cuts = np.quantile(latent, np.linspace(0, 1, n_levels + 1)[1:-1])
    level = np.searchsorted(cuts, latent)
    scale = RatingScale.from_values(range(n_levels))
    model = fit_comment_model(np.arange(60), None, rater, item, level, scale=scale)
    assert model.population.mean.shape == (n_levels,)
    assert np.corrcoef(model.severity_mean, severity)[0, 1] > 0.9


@pytest.mark.parametrize(
    ("rater", "item", "level"),
    [
        ([0], [1], [4]),
        ([0] * 5, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]),
        (list(range(40)), [0] * 40, [0, 4] * 20),
        ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [2] * 6),
        (list(range(30)), [0, 1] * 15, [1, 3] * 15),
    ],
    ids=["one rating", "one rater", "one comment", "all equal", "unused levels"],
)
def test_odd_corpora_give_a_finite_model(
    rater: list[int], item: list[int], level: list[int]
) -> None:
    model = fit_comment_model(
        np.arange(6), ["a", "", "b", "b", "c", "d"], rater, item, level, scale=TOXICITY_SCALE
    )
    assert model.status is not FitStatus.NOT_FINITE
    np.testing.assert_allclose(model.severity.sum(axis=1), 1, atol=1e-5)
    assert np.isfinite(model.population.mean).all()
    assert np.linalg.eigvalsh(model.population.covariance).min() > 0
    unrated = np.setdiff1d(np.arange(6), item)
    np.testing.assert_allclose(model.severity_mean[unrated], 0, atol=1e-5)
    np.testing.assert_allclose(model.severity_sd[unrated], 1, atol=0.01)


def test_a_rater_of_thousands_of_comments_does_not_underflow() -> None:
    rng = np.random.default_rng(2)
    severity = rng.normal(size=3000)
    level = np.searchsorted([-1.0, 0.0, 0.7, 1.5], severity + 0.5 * rng.normal(size=3000))
    model = fit_comment_model(
        np.arange(3000),
        None,
        np.zeros(3000),
        np.arange(3000),
        level,
        scale=TOXICITY_SCALE,
        options=QUICK,
    )
    assert np.corrcoef(model.severity_mean, severity)[0, 1] > 0.7


def test_texts_say_where_unrated_comments_lie() -> None:
    rng = np.random.default_rng(4)
    n_items = 400
    rude = rng.random(n_items) < 0.5
    words = np.array(["tree", "house", "river", "cloud", "stone", "bird"])
    texts = [" ".join([*rng.choice(words, 4), "you fool" if bad else "thank you"]) for bad in rude]
    severity = np.where(rude, 0.9, -0.9) + 0.4 * rng.normal(size=n_items)
    rater = np.repeat(np.arange(60), 20)
    item = np.concatenate([rng.choice(n_items - 50, 20, replace=False) for _ in range(60)])
    latent = severity[item] + 0.5 * rng.normal(size=60)[rater] + rng.normal(size=item.size)
    level = np.searchsorted([-1.0, 0.0, 1.0, 2.0], latent)
    ids = np.arange(n_items)
    model = fit_comment_model(ids, texts, rater, item, level, scale=TOXICITY_SCALE, options=QUICK)
    assert model.diagnostics["text_explained_variance"] > 0.4
    unrated = ids >= n_items - 50
    gap = model.severity_mean[unrated & rude].mean() - model.severity_mean[unrated & ~rude].mean()
    assert gap > 1
    without = fit_comment_model(ids, None, rater, item, level, scale=TOXICITY_SCALE, options=QUICK)
    assert without.diagnostics["text_explained_variance"] == 0
    error = np.abs(model.severity_mean - severity / severity.std()).mean()
    assert error < 0.7 * np.abs(without.severity_mean - severity / severity.std()).mean()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rater_index": [], "item_index": [], "levels": []}, "no rating"),
        ({"levels": [0, 5]}, "between 0 and 4"),
        ({"levels": [0, -1]}, "between 0 and 4"),
        ({"item_index": [0, 3]}, "between 0 and 2"),
        ({"rater_index": [0, -1]}, "negative"),
        ({"levels": [0]}, "2, 2 and 1"),
        ({"rater_index": [0, 0], "item_index": [1, 1]}, "row 1 more than once"),
        ({"item_ids": [1, 1, 2]}, "ascend and be unique"),
        ({"texts": ["a"]}, "3 comments and 1 texts"),
    ],
)
def test_ratings_that_cannot_be_used_are_named(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "item_ids": [1, 2, 3],
        "texts": None,
        "rater_index": [0, 1],
        "item_index": [0, 1],
        "levels": [0, 4],
    }
    with pytest.raises(CommentModelError, match=message):
        fit_comment_model(**arguments | changes, scale=TOXICITY_SCALE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid_points": 2}, "grid_points is 2"),
        ({"fit_points": 1}, "fit_points is 1"),
        ({"max_sweeps": 0}, "max_sweeps is 0"),
        ({"tolerance": 0.0}, "tolerance is 0"),
    ],
)
def test_options_that_cannot_work_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommentModelError, match=message):
        CommentModelOptions(**options)


def test_the_size_of_the_corpus_chooses_the_grid() -> None:
    options = CommentModelOptions()
    assert options.resolved_grid_points(np.full(1500, 9)) == 31
    assert options.resolved_grid_points(np.full(107_620, 5)) == 21
    assert options.resolved_grid_points(np.full(5_000, 60)) == 31
    assert options.resolved_grid_points(np.full(50, 400)) == 61
    assert options.resolved_fit_points(13_036) == 512
    assert options.resolved_fit_points(538_100) == 256
    assert CommentModelOptions(grid_points=15).resolved_grid_points(np.full(50, 400)) == 15


def test_the_limit_of_sweeps_is_said(crowd: Any) -> None:
    options = CommentModelOptions(max_sweeps=2, fit_points=64, person_points=64)
    model = fit_comment_model(
        np.arange(300),
        None,
        crowd.rater,
        crowd.item,
        crowd.level,
        scale=TOXICITY_SCALE,
        options=options,
    )
    assert model.status is FitStatus.ITERATION_LIMIT
    assert "max_sweeps = 2" in model.message
