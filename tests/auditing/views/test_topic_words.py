"""Names of topics in words."""

from __future__ import annotations

import pytest

from labelaudit_dagster.auditing.views.topic_words import (
    distinct_topic_words,
    has_words,
    topic_words,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("3_loot_boss_raid", "loot, boss, raid"),
        ("12_a__b_", "a, b"),
        ("-1_the_and", "in no topic (the, and)"),
        ("0_垃圾_游戏", "垃圾, 游戏"),
    ],
)
def test_a_name_is_its_words(name, words):
    assert topic_words(name) == words
    assert has_words(name)


@pytest.mark.parametrize("name", ["", "politics", "3", "3_", "x_1_y", "1_a\nb"])
def test_another_name_stays_as_it_is(name):
    assert topic_words(name) == name
    assert not has_words(name)


def test_topics_with_the_same_words_keep_their_numbers():
    assert distinct_topic_words(["1_a_b", "2_c", "3_a_b", "a, b"]) == {
        "1_a_b": "1_a_b", "2_c": "c", "3_a_b": "3_a_b", "a, b": "a, b",
    }  # fmt: skip
