"""Terms of a text in any script: words, character n-grams where a script has no spaces, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

from labelaudit_dagster.auditing.topics.stop_words import STOP_WORDS

MOST_CHARACTERS: Final = 20_000
"""Only so much of a text is read: a topic shows in less."""

LONGEST_WORD: Final = 30
"""What is longer is no word but an address, a code or an image."""

ADDRESS = re.compile(r"(?:https?://|www\.)\S+")

# Scripts written without spaces, and how many characters a term takes there. Two for Chinese
# characters and kana is what search engines use; alphabets need more to be about something.
UNSPACED: Final = {
    "ideographs": (
        "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
        "\U00020000-\U000323af",
        2,
    ),
    "alphabets": ("\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff", 4),
}

# Pictographs, and pairs of regional indicators (flags); skin tones and joiners are left out.
EMOJI: Final = (
    "[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f900-\U0001faff]|[\U0001f1e6-\U0001f1ff]{2}"
)


def terms_of(text: str) -> list[str]:
    """Return the terms of a text, in its order, with repeats.

    Letters are compared without regard to case and to compatibility forms (NFKC, case folding).
    A word is a run of letters, combining marks and digits that begins with a letter and has two
    to thirty characters; numbers, web addresses and commonplace English words are left out.
    Runs of Chinese characters and kana give overlapping pairs of characters, runs of Thai, Lao,
    Khmer and Burmese letters overlapping fours; an emoji is a term.

    Args:
        text: any string; of a longer one the first 20,000 characters are read.
    """
    folded = text[:MOST_CHARACTERS]
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded)
    folded = ADDRESS.sub(" ", folded.casefold())
    terms: list[str] = []
    for match in _term_pattern().finditer(folded):
        found = match.group()
        if match.lastgroup == "word":
            if 2 <= len(found) <= LONGEST_WORD and found not in STOP_WORDS:
                terms.append(found)
        elif match.lastgroup in UNSPACED:
            width = UNSPACED[match.lastgroup][1]
            terms += [found[at : at + width] for at in range(max(1, len(found) - width + 1))]
        else:
            terms.append(found)
    return terms


def is_character_gram(term: str) -> bool:
    """Tell whether a term is a piece of a run in a script that has no spaces."""
    match = _term_pattern().match(term)
    return match is not None and match.lastgroup in UNSPACED


@cache
def _term_pattern() -> re.Pattern[str]:
    """Return the pattern of all terms; each kind is a named group."""
    unspaced = re.compile("[" + "".join(ranges for ranges, _ in UNSPACED.values()) + "]")
    spaced = [char for char in map(chr, range(0x20000)) if not unspaced.match(char)]
    letters = _character_class(spaced, lambda category: category[0] == "L")
    parts = _character_class(spaced, lambda category: category[0] in "LM" or category == "Nd")
    kinds = [f"(?P<word>[{letters}][{parts}]*)"]
    kinds += [f"(?P<{name}>[{ranges}]+)" for name, (ranges, _) in UNSPACED.items()]
    return re.compile("|".join([*kinds, f"(?P<emoji>{EMOJI})"]))


def _character_class(characters: list[str], wanted: Callable[[str], bool]) -> str:
    """Return the ranges of a regular expression that hold the characters of some categories."""
    ranges: list[str] = []
    first = last = -2
    for code in [ord(char) for char in characters if wanted(unicodedata.category(char))]:
        if code != last + 1:
            ranges.append(_range(first, last))
            first = code
        last = code
    return "".join([*ranges, _range(first, last)])


def _range(first: int, last: int) -> str:
    """Return one range in a form that a character class takes, nothing for no range."""
    return "" if first < 0 else f"\\U{first:08x}-\\U{last:08x}"
