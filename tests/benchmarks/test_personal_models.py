"""The benchmark of personal models measures what it says: its baselines, folds and figures."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from benchmarks.personal_model_speed import retraining
from benchmarks.personal_model_speed.synthetic import Size, simulated
from benchmarks.personal_models import recipe, report
from benchmarks.personal_models.baselines import CrowdMeans
from benchmarks.personal_models.protocol import folds, stand_in
from benchmarks.personal_models.trials import OURS, RECIPE, figures_of, pit


def funk(user, item, rating, mean, start, epochs):
    """SGD as the papers have it, one rating and one factor after the other."""
    user_bias, item_bias, p_all, q_all = (part.astype(np.float64).copy() for part in start)
    rate, regularization = 0.005, 0.02
    for _ in range(epochs):
        for u, i, r in zip(user, item, rating, strict=True):
            error = r - (mean + user_bias[u] + item_bias[i] + p_all[u] @ q_all[i])
            user_bias[u] += rate * (error - regularization * user_bias[u])
            item_bias[i] += rate * (error - regularization * item_bias[i])
            for f in range(p_all.shape[1]):
                p, q = p_all[u, f], q_all[i, f]
                p_all[u, f] += rate * (error * q - regularization * p)
                q_all[i, f] += rate * (error * p - regularization * q)
    return user_bias, item_bias, p_all, q_all


def test_people_retrained_side_by_side_are_retrained_as_alone(monkeypatch):
    monkeypatch.setattr(recipe, "DEFAULTS", recipe.Defaults(factors=4, epochs=3, start_sd=0.5))
    draw = np.random.default_rng(0)
    crowd = recipe.Crowd(
        np.repeat(np.arange(5), 6), draw.integers(0, 9, 30), draw.integers(0, 5, 30) * 1.0, 5, 10
    )
    own = [(np.array([2, 9, 4]), np.array([4.0, 0.0, 3.0])), (np.array([7]), np.array([2.0]))]
    item = np.array([[2, 7], [9, 0], [4, 0]])
    rating = np.array([[4.0, 2.0], [0.0, 0.0], [3.0, 0.0]], dtype=np.float32)
    present = np.array([[True, True], [True, False], [True, False]])
    mean = np.array([1.7, 2.1], dtype=np.float32)
    trained = recipe._train(crowd, mean, item, rating, present, np.random.default_rng(3))
    again = np.random.default_rng(3)
    user_start, item_start, own_start = (
        again.standard_normal(shape, dtype=np.float32) * np.float32(0.5)
        for shape in ((5, 2, 4), (10, 2, 4), (2, 4))
    )
    for column, (items, ratings) in enumerate(own):
        user_bias, item_bias, users, items_factors = funk(
            np.append(crowd.user, np.full(items.size, 5)),
            np.append(crowd.item, items),
            np.append(crowd.rating, ratings),
            mean[column],
            (
                np.zeros(6),
                np.zeros(10),
                np.vstack([user_start[:, column], own_start[column]]),
                item_start[:, column],
            ),
            3,
        )
        np.testing.assert_allclose(trained.own_bias[column], user_bias[5], atol=1e-5)
        np.testing.assert_allclose(trained.own[column], users[5], atol=1e-5)
        np.testing.assert_allclose(trained.item_bias[:, column], item_bias, atol=1e-5)
        np.testing.assert_allclose(trained.item[:, column], items_factors, atol=1e-5)


def test_three_in_four_labels_are_trained_on_and_estimates_stay_on_the_scale(monkeypatch):
    seen = []
    original = recipe._train

    def watched(crowd, mean, item, rating, present, generator):
        seen.append(present.sum(axis=0).tolist())
        return original(crowd, mean, item, rating, present, generator)

    monkeypatch.setattr(recipe, "_train", watched)
    monkeypatch.setattr(recipe, "DEFAULTS", recipe.Defaults(factors=2, epochs=400))
    crowd = recipe.Crowd(np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([4.0, 4.0, 0.0]), 2, 6)
    people = [
        recipe.Person(np.arange(5), np.full(5, 4.0), np.array([0, 5])),
        recipe.Person(np.arange(2), np.zeros(2), np.array([0, 5])),
    ]
    said = recipe.predict(crowd, people, low=0, high=4, seed=1, all_labels=False)
    assert seen == [[3, 1]]
    assert said[0][0] == 4.0
    assert all(np.all((estimate >= 0) & (estimate <= 4)) for estimate in said)
    recipe.predict(crowd, people, low=0, high=4, seed=1, all_labels=True)
    assert seen[1] == [5, 2]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_compiled_retraining_is_the_same_descent():
    draw = np.random.default_rng(1)
    user, item = np.repeat(np.arange(4), 5), draw.integers(0, 7, 20)
    user[-1], item[-1] = 3, 6
    rating = draw.integers(0, 5, 20) * 1.0
    again = np.random.default_rng(2)
    start = (
        np.zeros(4),
        np.zeros(7),
        again.normal(0, 0.1, (4, 100)),
        again.normal(0, 0.1, (7, 100)),
    )
    expected = funk(user, item, rating, rating.mean(), start, 2)
    found = retraining.trained(user, item, rating, epochs=2, seed=2)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_every_rater_is_left_out_once_with_other_labels_than_the_test():
    corpus = stand_in(n_raters=31, n_items=90, each=30)
    out = []
    for fold in folds(corpus):
        fitting = set(corpus.rater[fold.fitting])
        for trial in fold.trials:
            assert trial.rater not in fitting
            both = np.concatenate([trial.pool, trial.test])
            assert np.array_equal(np.sort(both), np.flatnonzero(corpus.rater == trial.rater))
            assert trial.pool.size == 20
            out.append((trial.rater, trial.order))
    assert sorted(out) == [(rater, order) for rater in range(31) for order in range(3)]


def test_variances_are_found_and_shrinking_helps_few_labels():
    draw = np.random.default_rng(0)
    n_raters, n_items, each = 300, 200, 40
    people, items = draw.normal(0, 0.8, n_raters), draw.normal(0, 0.5, n_items)
    rater = np.repeat(np.arange(n_raters), each)
    item = np.concatenate([draw.choice(n_items, each, replace=False) for _ in range(n_raters)])
    rating = 2 + people[rater] + items[item] + draw.normal(0, 1, rater.size)
    means = CrowdMeans.of(rater, item, rating, n_items=n_items)
    assert means.rater_variance == pytest.approx(0.64, abs=0.12)
    assert means.noise_variance == pytest.approx(1.0, abs=0.1)
    errors = []
    for _ in range(400):
        shift, rows = draw.normal(0, 0.8), draw.choice(n_items, 33, replace=False)
        truth = 2 + shift + items[rows] + draw.normal(0, 1, 33)
        plain = means.with_shift(rows[:3], truth[:3], rows[3:])
        shrunk = means.both_shrunk(rows[:3], truth[:3], rows[3:])
        errors.append([np.mean((said - truth[3:]) ** 2) for said in (plain, shrunk)])
    plain, shrunk = np.mean(errors, axis=0)
    assert shrunk < plain - 0.05


def test_pit_of_the_right_model_is_uniform_and_of_a_sure_one_is_not():
    draw = np.random.default_rng(0)
    probability = draw.dirichlet(np.ones(5), 20_000)
    level = (probability.cumsum(axis=1) < draw.random((20_000, 1))).sum(axis=1)
    inside = np.mean(np.abs(pit(probability, level, draw) - 0.5) <= 0.4)
    assert inside == pytest.approx(0.8, abs=0.01)
    sure = probability**4 / (probability**4).sum(axis=1, keepdims=True)
    assert np.mean(np.abs(pit(sure, level, draw) - 0.5) <= 0.4) < 0.7


def test_figures_say_who_decides_by_what():
    figures = figures_of(
        np.array([2.2, 1.0]),
        np.array([2.0, 4.0]),
        2.0,
        np.array([2.0, 1.0]),
        np.array([False, True]),
    )
    assert figures["mae"] == 1.5
    assert figures["mae_of_mean"] == pytest.approx(1.6)
    assert figures["rmse"] == pytest.approx(np.sqrt((0.04 + 9) / 2))
    assert figures["decision_error"] == 0.0
    assert figures["decision_error_of_mean"] == 1.0


def test_a_missed_bar_fails():
    rows = [
        {
            "model": model,
            "n": n,
            "rater": rater,
            "order": 0,
            "mae": mae,
            "mae_of_mean": mae,
            "rmse": 0.8,
            "decision_error": 0.1,
            "decision_error_of_mean": 0.1,
        }
        for model, mae in ((OURS, 0.7), (RECIPE, 1.0))
        for n in (5, 10, 20)
        for rater in range(3)
    ]
    raters = report.by_rater(pd.DataFrame(rows))
    judged = report.ratio_checks(raters, (5, 10, 20), quick=False)
    assert [check.passed for check in judged] == [True, False, False]
    assert judged[0].cells == ("0.700", "0.700", "0.700")
    quick = report.ratio_checks(raters, (5, 10, 20), quick=True)
    assert [check.passed for check in quick] == [True, False, None]


def test_the_synthetic_corpus_has_its_size_and_no_pair_twice():
    corpus = simulated(Size(400, 70), seed=2)
    assert len(corpus.texts) == 400
    assert not any("\n" in text or not text for text in corpus.texts)
    pairs = pd.DataFrame({"rater": corpus.rater, "item": corpus.item})
    assert not pairs.duplicated().any()
    assert 1_990 <= len(pairs) <= 2_000
    assert pairs["rater"].nunique() == 70
    assert np.bincount(corpus.level, minlength=5).min() > 0
    rated = pd.Series(corpus.level).groupby(corpus.item).mean()
    assert np.corrcoef(rated, corpus.severity[rated.index])[0, 1] > 0.5
