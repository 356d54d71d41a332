"""Splits depend on the comment and the seed alone."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

from labelaudit_dagster.auditing.splits import (
    SPLITS,
    SplitError,
    split_comments,
    uniform_of_items,
)


def test_every_comment_is_in_one_split_and_shares_hold():
    frame = split_comments(np.arange(20_000), seed=4)
    assert frame["item_id"].tolist() == list(range(20_000))
    shares = frame["split"].value_counts(normalize=True)
    assert set(shares.index) == set(SPLITS)
    assert shares["train"] == pytest.approx(0.6, abs=0.015)
    assert shares["model_evaluation"] == pytest.approx(0.2, abs=0.015)


def test_adding_or_shuffling_comments_moves_none():
    few = split_comments([9, 5, 70, 2**52], seed=1).set_index("item_id")["split"]
    many = split_comments(np.append(np.arange(100), 2**52), seed=1).set_index("item_id")["split"]
    assert (many.loc[few.index] == few).all()


def test_the_seed_makes_another_split():
    first, second = (split_comments(np.arange(1000), seed=seed)["split"] for seed in (0, 1))
    # Independent splits of shares .6, .2, .2 agree on .44 of the comments.
    assert (first == second).mean() == pytest.approx(0.44, abs=0.06)


def split_mix(state: int) -> int:
    """The first output of SplitMix64 from a state, in whole numbers of any size."""
    size = 2**64
    mixed = (state + 0x9E3779B97F4A7C15) % size
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % size
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % size
    return mixed ^ mixed >> 31


def test_the_same_numbers_come_on_every_machine():
    assert split_mix(0) == 0xE220A8397B1DCDAF  # the published first output of seed 0
    digest = blake2b(b"7:split", digest_size=16).digest()
    first, second = (int.from_bytes(digest[at : at + 8], "little") for at in (0, 8))
    ids = [0, 1, 2**53 - 1]
    expected = [(split_mix(split_mix(item ^ first) ^ second) >> 11) / 2**53 for item in ids]
    assert uniform_of_items(ids, 7, "split").tolist() == expected


def test_numbers_are_spread_evenly_even_for_neighbouring_ids_and_differ_by_purpose():
    ids = np.arange(100_000)
    one, two = (uniform_of_items(ids, 0, purpose) for purpose in ("one", "two"))
    counts, _ = np.histogram(one, bins=50, range=(0, 1))
    assert ((counts - 2000) ** 2 / 2000).sum() < 90  # chi-squared with 49 degrees; p = .0003
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.02
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.02


def test_a_share_of_zero_leaves_a_split_empty():
    shares = {"train": 1.0, "model_evaluation": 0.0, "system_evaluation": 0.0}
    assert set(split_comments(np.arange(500), seed=0, shares=shares)["split"]) == {"train"}


def test_no_comments_give_an_empty_frame():
    assert split_comments([], seed=0).empty


@pytest.mark.parametrize(
    ("ids", "shares", "message"),
    [
        ([1, 2, 1], None, "item_id 1 occurs more than once"),
        ([1.5], None, "whole numbers"),
        ([-3], None, "-3 is not"),
        ([1], {"train": 1.0}, "one share for each"),
        ([1], {"train": 0.9, "model_evaluation": 0.2, "system_evaluation": 0.2}, "add up to 1"),
        ([1], {"train": 1.2, "model_evaluation": -0.2, "system_evaluation": 0}, "0 or more"),
    ],
)
def test_what_makes_no_split_is_refused(ids, shares, message):
    with pytest.raises(SplitError, match=message):
        split_comments(ids, seed=0, shares=shares)
