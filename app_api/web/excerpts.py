"""As much of a long text as a screen has room for; `js/long_text.js` does the same."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

EXCERPT: Final = 420
"""About a dozen lines of a phone."""
SLACK: Final = 120
"""A text that is hardly longer is shown as it is."""
WORD: Final = 40
"""A cut is made at the end of a word, unless the word is longer than this."""
LINE: Final = 30
"""What a line that ends early takes."""

_LAST_WORD: Final = re.compile(r"\s+\S*\Z")


def excerpt_of(text: str) -> str | None:
    """Return the beginning of a text that is too long, else None."""
    weight, cut = 0, None
    for place, sign in enumerate(text):
        weight += LINE if sign == "\n" else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if cut is None and weight > EXCERPT:
            cut = place
        if weight > EXCERPT + SLACK:
            break
    if cut is None or weight <= EXCERPT + SLACK:
        return None
    beginning = text[:cut]
    words = _LAST_WORD.sub("", beginning)
    return (words if words and len(beginning) - len(words) <= WORD else beginning).rstrip()
