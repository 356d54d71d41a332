"""Homes that differ from the demo's: scales of 2 and of 11 levels, and texts that are hard to set.

`python odd_homes.py KIND FOLDER` makes one: in a process of its own, since a test that drives a
browser has an event loop already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.importers import Corpus
from labelaudit_dagster.launch import run_audit
from labelaudit_dagster.settings import Settings

_ASSETS = str(Path(__file__).parents[1] / "assets")
if _ASSETS not in sys.path:
    sys.path.insert(0, _ASSETS)

from audit_homes import AuditHome, small_corpus  # noqa: E402 - the path first

USER: Final = "ann"
N_COMMENTS: Final = 90

TWO: Final = RatingScale((0.0, 1.0), ("acceptable here", "not acceptable here"), 0.5)
ELEVEN: Final = RatingScale(
    tuple(float(value) for value in range(11)), tuple(str(value) for value in range(11)), 5.0
)

LONG: Final = "\n\n".join(
    f"{n}. I have waited on this platform for the delayed train, and nobody says a word about it."
    for n in range(1, 60)
)[:5_000]
UNBROKEN: Final = "WAITING" * 115
CHINESE: Final = (
    "这列火车又晚点了，没有任何人告诉我们为什么。站台上冷得要命，我再也不想等下去了。"  # noqa: RUF001
) * 20
ARABIC: Final = "القطار متأخر مرة أخرى ولا أحد يخبرنا بالسبب، والرصيف بارد جدا. (خط 12: ABC)!"
HEBREW: Final = "הרכבת שוב מאחרת, ואף אחד לא אומר לנו למה. הרציף קפוא (קו 12: ABC)!"
HARD_TEXTS: Final = (LONG, UNBROKEN, CHINESE, ARABIC, HEBREW)


def scaled_corpus(scale: RatingScale) -> Corpus:
    """Return the small forum with all ratings moved from 0-4 to another scale."""
    corpus = small_corpus(N_COMMENTS)
    low, high = scale.values[0], scale.values[-1]

    def moved(ratings: pd.Series) -> pd.Series:
        return low + (high - low) * ratings / TOXICITY_SCALE.values[-1]

    ratings, system = corpus.comment_ratings, corpus.system_ratings
    # Halves go up, so that a scale of two levels has both.
    levels = (moved(ratings["rating"]) + 0.001).round()
    return replace(
        corpus,
        raters=_with_groups(corpus.raters),
        comment_ratings=ratings.assign(rating=levels),
        system_ratings=system.assign(system_rating=moved(system["system_rating"])),
        scale=scale,
    )


def hard_corpus() -> Corpus:
    """Return the small forum in which every second comment is one of the hard texts."""
    corpus = small_corpus(N_COMMENTS)
    texts = corpus.comments["text"].tolist()
    for place in range(0, N_COMMENTS, 2):
        # A word of the theme stays, so that the comment has a topic.
        hard = HARD_TEXTS[place // 2 % len(HARD_TEXTS)]
        texts[place] = f"{hard}\n{texts[place]}" if hard != UNBROKEN else f"{texts[place]} {hard}"
    comments = corpus.comments.assign(text=pd.Series(texts, dtype="str"))
    return replace(corpus, comments=comments, raters=_with_groups(corpus.raters))


def _with_groups(raters: pd.DataFrame) -> pd.DataFrame:
    return raters.assign(gender=pd.Series(["Female", "Male"] * (len(raters) // 2), dtype="str"))


KINDS: Final[dict[str, Callable[[], Corpus]]] = {
    "two levels": lambda: scaled_corpus(TWO),
    "eleven levels": lambda: scaled_corpus(ELEVEN),
    "hard texts": hard_corpus,
}


def make_odd_home(kind: str, home: Path) -> Path:
    """Fill a home in which one person has labelled, and has a model."""
    audit = AuditHome(Settings(home=home))
    home.mkdir(parents=True)
    corpus = KINDS[kind]()
    audit.load(corpus)
    values = corpus.scale.values
    audit.label(USER, {item: values[item % len(values)] for item in range(16)})
    outcomes = list(run_audit(audit.settings))
    assert all(outcome.succeeded for outcome in outcomes), outcomes
    return home


if __name__ == "__main__":
    make_odd_home(sys.argv[1], Path(sys.argv[2]))
