"""The sample of comments to label: bins, neighbours, exclusion, order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.stratified_sample import (
    SampleError,
    numbers_per_bin,
    stratified_sample,
)


def ratings(values):
    return pd.DataFrame({"item_id": np.arange(len(values)) + 10, "system_rating": values})


def per_bin(frame, drawn, scale=TOXICITY_SCALE):
    values = frame.set_index("item_id").loc[drawn, "system_rating"]
    return np.histogram(scale.to_contract(values), [0, 0.5, 1.5, 2.5, 3.5, 4.01])[0].tolist()


EVEN = ratings(np.linspace(0, 4, 400))


def test_twenty_comments_come_in_the_numbers_of_the_contract():
    drawn = stratified_sample(EVEN, scale=TOXICITY_SCALE, n=20, seed=3)
    assert len(set(drawn)) == 20
    assert per_bin(EVEN, drawn) == [2, 4, 8, 4, 2]


def test_fewer_are_the_first_of_the_shuffled_twenty():
    twenty = stratified_sample(EVEN, scale=TOXICITY_SCALE, n=20, seed=3)
    assert stratified_sample(EVEN, scale=TOXICITY_SCALE, n=7, seed=3) == twenty[:7]
    values = EVEN.set_index("item_id").loc[twenty, "system_rating"].to_numpy()
    assert not (np.diff(values) >= 0).all()


def test_forty_keep_the_proportions():
    drawn = stratified_sample(EVEN, scale=TOXICITY_SCALE, n=40, seed=0)
    assert per_bin(EVEN, drawn) == [4, 8, 16, 8, 4]


@pytest.mark.parametrize(
    ("n", "numbers"),
    [(0, [0, 0, 0, 0, 0]), (21, [2, 4, 9, 4, 2]), (23, [2, 5, 9, 5, 2]), (30, [3, 6, 12, 6, 3])],
)
def test_numbers_per_bin(n, numbers):
    assert numbers_per_bin(n) == numbers


def test_numbers_per_bin_always_add_up():
    assert all(sum(numbers_per_bin(n)) == n for n in range(200))


def test_neighbours_fill_what_a_bin_lacks():
    # Nothing in the top bin, one in the fourth: the third and second have to help.
    frame = ratings([0.1] * 50 + [1.0] * 50 + [2.0] * 50 + [3.0])
    drawn = stratified_sample(frame, scale=TOXICITY_SCALE, n=20, seed=0)
    assert per_bin(frame, drawn) == [2, 4, 13, 1, 0]
    # An empty middle is filled from both sides, the fuller one first.
    frame = ratings([1.0] * 30 + [3.0] * 8)
    drawn = stratified_sample(frame, scale=TOXICITY_SCALE, n=20, seed=0)
    assert len(set(drawn)) == 20
    assert per_bin(frame, drawn) == [0, 14, 0, 6, 0]


def test_a_small_corpus_gives_what_it_has():
    frame = ratings([0.2, 2.0, 3.9])
    assert sorted(stratified_sample(frame, scale=TOXICITY_SCALE, n=20, seed=0)) == [10, 11, 12]
    assert stratified_sample(frame.iloc[:0], scale=TOXICITY_SCALE, n=5, seed=0) == []


def test_excluded_and_unrated_comments_never_come():
    frame = EVEN.assign(system_rating=EVEN["system_rating"].where(EVEN["item_id"] % 2 == 0))
    first = stratified_sample(frame, scale=TOXICITY_SCALE, n=20, seed=0)
    second = stratified_sample(frame, scale=TOXICITY_SCALE, n=20, seed=0, exclude=first)
    assert len(second) == 20
    assert not set(first) & set(second)
    assert all(item % 2 == 0 for item in first + second)
    assert per_bin(frame, second) == [2, 4, 8, 4, 2]


def test_the_order_of_rows_does_not_matter_and_the_seed_does():
    shuffled = EVEN.sample(frac=1, random_state=1)
    drawn = stratified_sample(EVEN, scale=TOXICITY_SCALE, n=20, seed=5)
    assert stratified_sample(shuffled, scale=TOXICITY_SCALE, n=20, seed=5) == drawn
    assert stratified_sample(EVEN, scale=TOXICITY_SCALE, n=20, seed=6) != drawn


def test_bins_are_those_of_the_contract_on_any_scale():
    scale = RatingScale.from_values([1, 2, 3])  # 1.24 is 0.48, 1.25 is 0.5 on 0 … 4
    frame = ratings([1.24] * 40 + [1.25] * 40 + [2.0] * 40 + [2.75] * 40 + [3.0] * 40)
    drawn = stratified_sample(frame, scale=scale, n=20, seed=0)
    values = frame.set_index("item_id").loc[drawn, "system_rating"].value_counts()
    # 2.75 is 3.5, the lower edge of the top bin; the fourth bin is empty.
    assert values[1.24] == 2
    assert values[1.25] == 4
    assert values[2.0] + values.get(2.75, 0) + values.get(3.0, 0) == 14
    assert values[2.0] >= 8


@pytest.mark.parametrize(
    ("frame", "n", "message"),
    [
        (ratings([5.0]), 1, "item_id 10 lies outside the scale, 0 to 4"),
        (ratings([np.inf]), 1, "outside the scale"),
        (ratings([1.0]), -1, "0 or more"),
        (ratings([1.0]).drop(columns="system_rating"), 1, "no column system_rating"),
        (pd.concat([ratings([1.0]), ratings([2.0])]), 1, "item_id 10 has more than one"),
    ],
)
def test_what_cannot_be_drawn_is_refused(frame, n, message):
    with pytest.raises(SampleError, match=message):
        stratified_sample(frame, scale=TOXICITY_SCALE, n=n, seed=0)
