"""The built-in system: out of fold, spread like the crowd's ratings, indifferent to row order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.system_regressor import (
    SystemRegressorError,
    matched_to_quantiles,
    out_of_fold_system,
)

MILD = ["thank you", "lovely day", "well done", "see you there", "good read"]
RUDE = ["you idiot", "total fool", "stupid clown", "pathetic liar", "what a moron"]


def corpus(n=240, seed=0):
    """Comments whose rudest phrase decides the crowd's mean."""
    rng = np.random.default_rng(seed)
    texts, means = [], []
    for number in range(n):
        rude = rng.random() < 0.3
        phrase = (RUDE if rude else MILD)[rng.integers(5)]
        texts.append(f"comment {number} about thing {rng.integers(40)}: {phrase}")
        means.append(np.clip((3.1 if rude else 0.7) + 0.5 * rng.standard_normal(), 0, 4))
    return texts, np.array(means), rng.integers(1, 9, n)


def test_it_follows_the_texts_and_spreads_like_the_crowd():
    texts, means, counts = corpus()
    system = out_of_fold_system(texts, means, counts, TOXICITY_SCALE, seed=0)
    assert np.corrcoef(system, means)[0, 1] > 0.8
    edges = [0, 0.5, 1.5, 2.5, 3.5, 4.01]
    crowd = np.histogram(means, edges)[0]
    assert crowd[-1] > 0
    assert np.abs(np.histogram(system, edges)[0] - crowd).max() <= 2


def test_it_has_not_seen_the_comment_that_it_rates():
    # Each text is unlike any other, so means that were memorised would show as a correlation.
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    texts = [" ".join("".join(rng.choice(letters, 7)) for _ in range(6)) for _ in range(200)]
    means = rng.uniform(0, 4, 200)
    system = out_of_fold_system(texts, means, np.full(200, 5), TOXICITY_SCALE, seed=0)
    assert np.ptp(system) == 0 or abs(np.corrcoef(system, means)[0, 1]) < 0.25
    # Nor has it seen a comment with the same text.
    doubled = out_of_fold_system(
        texts * 2, np.tile(means, 2), np.full(400, 5), TOXICITY_SCALE, seed=0
    )
    assert np.ptp(doubled) == 0 or abs(np.corrcoef(doubled, np.tile(means, 2))[0, 1]) < 0.25


def test_the_order_of_rows_does_not_matter():
    texts, means, counts = corpus()
    order = np.random.default_rng(1).permutation(len(texts))
    straight = out_of_fold_system(texts, means, counts, TOXICITY_SCALE, seed=2)
    shuffled = out_of_fold_system(
        [texts[row] for row in order], means[order], counts[order], TOXICITY_SCALE, seed=2
    )
    assert np.array_equal(shuffled, straight[order])


def test_comments_without_ratings_are_rated_and_teach_nothing():
    texts, means, counts = corpus()
    blank = np.where(np.arange(len(texts)) % 3 == 0, np.nan, means)
    counts = np.where(np.isnan(blank), 0, counts)
    system = out_of_fold_system(texts, blank, counts, TOXICITY_SCALE, seed=0)
    unrated = counts == 0
    assert np.corrcoef(system[unrated], means[unrated])[0, 1] > 0.7
    wild = out_of_fold_system(texts, np.where(unrated, -7.0, means), counts, TOXICITY_SCALE, seed=0)
    assert np.array_equal(wild, system)


def test_a_scale_of_its_own_is_kept():
    texts, means, counts = corpus()
    scale = RatingScale.from_values([1, 2, 3, 4, 5])
    system = out_of_fold_system(texts, means + 1, counts, scale, seed=0)
    assert system.min() >= 1
    assert system.max() <= 5
    contract = out_of_fold_system(texts, means, counts, TOXICITY_SCALE, seed=0)
    assert system == pytest.approx(contract + 1, abs=1e-3)


def test_too_little_to_learn_from_gives_the_median():
    system = out_of_fold_system(["a b", "c d", "e f"], [0, 1, 4], [1, 1, 1], TOXICITY_SCALE, seed=0)
    assert system.tolist() == [1, 1, 1]
    alone = out_of_fold_system(["only one"], [3.0], [2], TOXICITY_SCALE, seed=0)
    assert alone.tolist() == [3]


def test_equal_ratings_give_equal_scores():
    texts, _, counts = corpus()
    system = out_of_fold_system(texts, np.full(len(texts), 2.0), counts, TOXICITY_SCALE, seed=0)
    assert set(system) == {2.0}


def test_quantiles_are_matched_and_ties_share_one():
    assert matched_to_quantiles([10, 30, 20], [1.0, 2.0, 3.0]).tolist() == [1, 3, 2]
    assert matched_to_quantiles([5, 5, 9], [0.0, 2.0, 4.0]).tolist() == [1, 1, 4]
    assert matched_to_quantiles([0, 1], [4.0]).tolist() == [4, 4]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    st.lists(st.floats(0, 4), min_size=1, max_size=30),
)
def test_matching_keeps_the_order_and_the_range(predicted, wanted):
    matched = matched_to_quantiles(predicted, wanted)
    order = np.argsort(np.round(predicted, 6), kind="stable")
    assert (np.diff(matched[order]) >= -1e-12).all()
    assert min(wanted) <= matched.min()
    assert matched.max() <= max(wanted)


@pytest.mark.parametrize(
    ("means", "counts", "folds", "message"),
    [
        ([1.0], [1, 1], 5, "2 texts, 1 means"),
        ([1.0, 9.0], [1, 1], 5, "mean rating 9 of row 1 lies outside"),
        ([1.0, np.nan], [1, 1], 5, "lies outside"),
        ([1.0, 2.0], [0, 0], 5, "No comment has a rating"),
        ([1.0, 2.0], [1, -1], 5, "counts of 0 or more"),
        ([1.0, 2.0], [1, 1], 1, "at least 2 folds"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(means, counts, folds, message):
    with pytest.raises(SystemRegressorError, match=message):
        out_of_fold_system(["a", "b"], means, counts, TOXICITY_SCALE, seed=0, folds=folds)


@pytest.mark.realdata
def test_popquorn_fills_all_five_bins(data_root):
    rows = pd.read_csv(data_root / "popquorn-offensiveness" / "ratings.csv")
    rows["text"] = rows["text"].fillna("")
    by_item = rows.groupby("instance_id")
    means = by_item["offensiveness"].mean().to_numpy()
    system = out_of_fold_system(
        by_item["text"].first().tolist(),
        means,
        by_item.size().to_numpy(),
        RatingScale.from_values([1, 2, 3, 4, 5]),
        seed=0,
    )
    bins = np.histogram(system - 1, [0, 0.5, 1.5, 2.5, 3.5, 4.01])[0]
    assert (bins > 0).all()
    assert np.corrcoef(system, means)[0, 1] > 0.4
