"""Names of topics as people read them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_NAME = re.compile(r"(-?)\d+_(.+)")


def topic_words(topic: str) -> str:
    """Return the words of a topic's name: "loot, boss, raid" for `3_loot_boss_raid`.

    Comments of no topic are "in no topic (the, and)"; another name comes back as it is.
    """
    found = _NAME.fullmatch(topic)
    if found is None:
        return topic
    words = ", ".join(word for word in found[2].split("_") if word)
    return f"in no topic ({words})" if found[1] else words


def has_words(topic: str) -> bool:
    """Tell whether a text is the name of a topic, with its number and words."""
    return _NAME.fullmatch(topic) is not None


def distinct_topic_words(topics: Iterable[str]) -> dict[str, str]:
    """Return the words of each topic; the whole name of those that share theirs with another."""
    words = {topic: topic_words(topic) for topic in topics}
    shared = Counter(words.values())
    return {topic: text if shared[text] == 1 else topic for topic, text in words.items()}
