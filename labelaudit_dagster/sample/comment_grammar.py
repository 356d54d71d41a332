"""The sample's comments: a seeded grammar of sentences written for this project.

Each theme is a JSON document of sentences in several tones. `[a|b]` in a sentence is a choice;
`{name}` stands for one of the theme's words of that name, the same one within a comment. A
comment is a main sentence, often followed by a short second one of the same theme and tone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

import orjson

THEMES: Final = (
    "games",
    "parenting",
    "football",
    "cooking",
    "pets",
    "traffic",
    "screen",
    "work",
    "dating",
    "council",
    "faith",
    "garden",
    "computers",
    "music",
    "trains",
    "neighbours",
)
"""Names of the themes, in the order in which comments are made."""

_QUESTION_TAILS: Final = (
    "Thanks in advance.",
    "Asking for a friend.",
    "Any advice is welcome.",
    "I searched here and found nothing.",
    "First post, so be kind.",
    "Just curious.",
    "Links are fine too.",
    "What do you think?",
)
_QUESTION_TONE: Final = "plain"  # in the others a question is not meant as one
_CHOICE = re.compile(r"\[([^\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_TAIL_SHARE = 0.55
_QUESTION_TAIL_SHARE = 0.25
_LOWER_CASE_SHARE = 0.08
_EXCLAIMED_SHARE = 0.05
_MOST_DRAWS = 200

T = TypeVar("T")


@dataclass(frozen=True)
class WrittenComment:
    """One comment of the grammar and where it comes from.

    Attributes:
        text: The comment.
        theme: One of `THEMES`.
        tone: A tone of that theme.
        sentence: Number of the main sentence among those of its theme and tone.
    """

    text: str
    theme: str
    tone: str
    sentence: int


def write_comments(seed: int) -> list[WrittenComment]:
    """Write the comments of all themes, theme by theme, no text twice (whatever its case).

    Only `random()` of Python's generator is drawn from: its stream is the same in every release.

    Raises:
        RuntimeError: A theme asks for more comments than its sentences give.
    """
    generator = random.Random(seed)
    seen: set[str] = set()
    return [comment for theme in THEMES for comment in _of_theme(theme, generator, seen)]


def _of_theme(theme: str, generator: random.Random, seen: set[str]) -> list[WrittenComment]:
    document = _document(theme)
    comments = []
    for tone, count in _counts(document).items():
        written = document["tones"][tone]
        mains, tails, turn = written["mains"], written["tails"], 0
        for _ in range(count):
            for _ in range(_MOST_DRAWS):
                # Sentences take turns, so that none is repeated while another rests.
                sentence, turn = turn % len(mains), turn + 1
                main = mains[sentence]
                asked = tone == _QUESTION_TONE and main.endswith("?")
                text = _compose(
                    main,
                    _QUESTION_TAILS if asked else tails,
                    _QUESTION_TAIL_SHARE if asked else _TAIL_SHARE,
                    document["slots"],
                    generator,
                )
                if text.casefold().rstrip(".!") not in seen:
                    break
            else:
                raise RuntimeError(f"the sentences of {theme}, {tone} give too few comments")
            seen.add(text.casefold().rstrip(".!"))
            comments.append(WrittenComment(text, theme, tone, sentence))
    return comments


def _counts(document: dict[str, Any]) -> dict[str, int]:
    """Return how many comments each tone gets; the first one takes up the rounding."""
    total: int = document["comments"]
    counts = {tone: round(total * part["weight"]) for tone, part in document["tones"].items()}
    first = next(iter(counts))
    counts[first] += total - sum(counts.values())
    return counts


def _compose(
    main: str,
    tails: Sequence[str],
    tail_share: float,
    slots: dict[str, list[str]],
    generator: random.Random,
) -> str:
    words: dict[str, str] = {}

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in words:
            words[name] = _pick(slots[name], generator)
        return words[name]

    def render(sentence: str) -> str:
        chosen = _CHOICE.sub(lambda match: _pick(match.group(1).split("|"), generator), sentence)
        filled = _SLOT.sub(fill, chosen)
        return filled[0].upper() + filled[1:]

    text = render(main)
    if generator.random() < tail_share:
        text = f"{text} {render(_pick(tails, generator))}"
    style = generator.random()
    if style < _LOWER_CASE_SHARE:
        return text.lower().removesuffix(".")
    if style < _LOWER_CASE_SHARE + _EXCLAIMED_SHARE and text.endswith("."):
        return f"{text[:-1]}!"
    return text


def _pick(options: Sequence[T], generator: random.Random) -> T:
    return options[int(generator.random() * len(options))]


@cache
def _document(theme: str) -> dict[str, Any]:
    content = files("labelaudit_dagster.sample").joinpath("themes", f"{theme}.json").read_bytes()
    document: dict[str, Any] = orjson.loads(content)
    return document
