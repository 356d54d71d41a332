"""What can be chosen about topics."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Final

from labelaudit_dagster.auditing.topics.errors import TopicError

MOST_TOPICS: Final = 200
"""The views of the IndieLabel-compatible routes show topics 0 to 199."""


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """How topics are made; the defaults suit 50 to some 100,000 short comments.

    Attributes:
        n_topics: number of topics to look for, 1 to 200; None chooses it from the number of
            distinct comments, `chosen_number_of_topics`. Fewer come out where the comments do
            not bear as many.
        seed: of the decomposition and of every sample; any integer of 0 or more.
        name_words: words in the name of a topic, 1 to 8.
        listed_words: words listed for a topic and counted in its coherence, 2 or more.
        outlier_ratio: a comment belongs to no topic where its similarity to the nearest topic
            is below this share of the median similarity within that topic; a number in [0, 1),
            0 for no such outliers.
        smallest_topic: topics with fewer comments are dissolved into their neighbours; None
            for a tenth of the average size of a topic (at least 1).
        most_terms: size of the vocabulary, the commonest terms first; 10 or more.
        fit_comments: the decomposition looks at no more comments than this (a seeded sample of
            the distinct ones); all comments are assigned. 10 or more.
        stability_rounds: refits on half samples for the stability figure; 0 leaves it out.
        stability_comments: no refit looks at more comments than this; 10 or more.

    Raises:
        TopicError: a value is of the wrong type or out of its range.
    """

    n_topics: int | None = None
    seed: int = 0
    name_words: int = 4
    listed_words: int = 10
    outlier_ratio: float = 0.4
    smallest_topic: int | None = None
    most_terms: int = 10_000
    fit_comments: int = 15_000
    stability_rounds: int = 3
    stability_comments: int = 4_000

    def __post_init__(self) -> None:
        """Refuse values that no making of topics can have."""
        if self.n_topics is not None:
            _whole("n_topics", self.n_topics, 1, MOST_TOPICS)
        if self.smallest_topic is not None:
            _whole("smallest_topic", self.smallest_topic, 1)
        _whole("seed", self.seed, 0)
        _whole("name_words", self.name_words, 1, 8)
        _whole("listed_words", self.listed_words, 2, 50)
        _whole("most_terms", self.most_terms, 10)
        _whole("fit_comments", self.fit_comments, 10)
        _whole("stability_rounds", self.stability_rounds, 0, 100)
        _whole("stability_comments", self.stability_comments, 10)
        _share("outlier_ratio", self.outlier_ratio)

    def to_dict(self) -> dict[str, int | float | None]:
        """Return the values under their names, ready for JSON."""
        return asdict(self)


def chosen_number_of_topics(n_comments: int) -> int:
    """Return a third of the square root of the number of distinct comments, within 1 to 200.

    50 comments get 2 topics, 1,500 get 13, 2,400 get 16, 10,000 get 33, 107,620 get 109. So the
    average topic grows with the square root too: large enough to say something about the
    system, small enough to be about one thing.

    Args:
        n_comments: distinct comments that have words; 0 or more.
    """
    return min(MOST_TOPICS, max(1, round(math.sqrt(n_comments) / 3)))


def _whole(field: str, value: object, lowest: int, highest: int | None = None) -> None:
    """Refuse what is no whole number in the range."""
    whole = not isinstance(value, bool) and isinstance(value, Integral)
    number = int(value) if isinstance(value, Integral) else lowest
    if not whole or number < lowest or (highest is not None and number > highest):
        upper = "" if highest is None else f" and at most {highest}"
        raise TopicError(
            f"{field} must be a whole number of at least {lowest}{upper}, not {value!r}."
        )


def _share(field: str, value: object) -> None:
    """Refuse what is no number from 0 to below 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise TopicError(f"{field} must be a number from 0 to below 1, not {value!r}.")
