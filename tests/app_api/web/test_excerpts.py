"""The beginning of a long text, as pages show it."""

import pytest

from app_api.web.excerpts import excerpt_of


@pytest.mark.parametrize(
    "text", ["", "short", "word " * 107, "W" * 540, "车" * 270, "a line\n" * 14], ids=len
)
def test_what_has_room_is_shown_as_it_is(text):
    assert excerpt_of(text) is None


def test_words_are_not_cut():
    text = "seven77 " * 200
    beginning = excerpt_of(text)
    assert set(beginning.split(" ")) == {"seven77"}
    assert 380 < len(beginning) <= 420
    assert text.startswith(beginning)


def test_a_word_longer_than_a_line_is_cut_where_the_room_ends():
    assert excerpt_of("W" * 800) == "W" * 420
    assert excerpt_of("before " + "W" * 800) == "before " + "W" * 413


def test_wide_signs_and_short_lines_take_their_room():
    assert excerpt_of("车" * 800) == "车" * 210
    lines = excerpt_of("\n".join(["a line"] * 40)).splitlines()
    assert 10 <= len(lines) <= 12
    assert excerpt_of("🚆" * 800) == "🚆" * 210
