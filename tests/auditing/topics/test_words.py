"""Terms in any script."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.topics.naming import ascii_word, topic_name
from labelaudit_dagster.auditing.topics.words import MOST_CHARACTERS, is_character_gram, terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The DOGS' dinner & the dog's bowl!", ["dogs", "dinner", "dog", "bowl"]),
        ("I don't, you\u2019re, we'll", []),
        ("see https://example.org/cats?x=1 and www.dogs.net: hamsters", ["hamsters"]),
        ("covid19 in 2020, 12 b 4 snake_case", ["covid19", "snake", "case"]),
        ("Café naïve STRASSE Straße", ["café", "naïve", "strasse", "strasse"]),
        ("Привет, МИР", ["привет", "мир"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("交通部應該", ["交通", "通部", "部應", "應該"]),
        ("我", ["我"]),
        ("カラオケ", ["カラ", "ラオ", "オケ"]),
        ("ｶﾗｵｹ", ["カラ", "ラオ", "オケ"]),
        ("ภาษาไทย", ["ภาษา", "าษาไ", "ษาไท", "าไทย"]),
        ("uberX司機", ["uberx", "司機"]),
        ("great 👍🏽 ❤️ 👨‍👩‍👧", ["👍", "❤", "👨", "👩", "👧"]),
        ("🇫🇷🇩🇪", ["🇫🇷", "🇩🇪"]),
        ("", []),
        ("... --- 123 \x00\ud800", []),
        ("x" * 40 + " cat", ["cat"]),
    ],
)
def test_terms(text, terms):
    assert terms_of(text) == terms


def test_only_the_beginning_of_a_long_text_is_read():
    text = "garden " * 20_000
    assert len(terms_of(text)) == MOST_CHARACTERS // len("garden ")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_has_terms_that_can_be_written_in_ascii(text):
    for term in terms_of(text):
        assert term
        word = ascii_word(term)
        assert word
        assert len(word) <= 20
        assert all(character in "abcdefghijklmnopqrstuvwxyz0123456789" for character in word)


@pytest.mark.parametrize(
    ("term", "word"),
    [
        ("café", "cafe"),
        ("交通", "jiaotong"),
        ("привет", "privet"),
        ("😂", "joy"),
        ("\ue000", "ue000"),
    ],
)
def test_words_are_written_in_ascii(term, word):
    assert ascii_word(term) == word


def test_character_grams_are_known():
    assert is_character_gram("交通")
    assert not is_character_gram("traffic")


def test_a_name_leaves_out_plurals_and_overlapping_pieces():
    assert topic_name(3, ["dog", "dogs", "cat", "café", "cafe", "vet"], 4) == "3_dog_cat_cafe_vet"
    assert topic_name(0, ["交通", "通部", "共乘"], 4) == "0_jiaotong_gongcheng"
    assert topic_name(7, ["only"], 4) == "7_only"
