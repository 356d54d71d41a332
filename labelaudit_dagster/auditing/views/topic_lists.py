"""Lists of topics to choose from, and which models are tuned to which topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.views.topic_index import OUTLIER_TOPIC, TopicIndex

TUNING_COMMENTS: Final = 150
"""A topic with so many comments is large enough to tune a model to it."""
FALLBACK_TOPICS: Final = 5
"""So many of the largest topics stand in where none is large enough."""

ALL_TOPICS: Final = "All auto-generated topics"
TUNED_TOPICS: Final = "Topics with tuned models"
OTHER_TOPICS: Final = "All other topics"
_MODELS_BEFORE_GROUPING: Final = 2
_UNGROUPED_SCAFFOLD: Final = "tutorial"
_UNGROUPED_USER: Final = "DemoUser"


@dataclass(frozen=True)
class TopicChoice:
    """One topic of a list."""

    topic_id: int
    topic: str
    n_comments: int

    def option(self) -> dict[str, Any]:
        """Return it as the compatible routes write it."""
        return {"value": self.topic_id, "text": self.topic}


def topic_choices(topics: TopicIndex) -> list[TopicChoice]:
    """Return all topics in the order of their numbers, without the outliers."""
    return _choices(topics, np.flatnonzero(topics.ids != OUTLIER_TOPIC))


def tuning_choices(topics: TopicIndex) -> list[TopicChoice]:
    """Return the topics to which a model can be tuned, in the order of their numbers.

    Those with at least 150 comments; where there is none, the five largest (of equal ones the
    lower number), since the list must not be empty. The outliers are no topic.
    """
    real = np.flatnonzero(topics.ids != OUTLIER_TOPIC)
    large = real[topics.counts[real] >= TUNING_COMMENTS]
    return _choices(topics, large if len(large) else np.sort(_largest(topics, FALLBACK_TOPICS)))


def largest_topics(topics: TopicIndex, n: int) -> list[str]:
    """Return the names of the `n` topics with the most comments, the largest first."""
    return [topics.names[place] for place in _largest(topics, n).tolist()]


def tuned_topics(models: Iterable[str], topics: TopicIndex) -> list[str]:
    """Return the topics for which there is a model `<base>_<topic>`, by number.

    Where the ends of several topic names fit, the longest is meant: `1_a_b` has not been tuned
    by a model `base_11_a_b`.
    """
    found = {topic for model in models if (topic := topic_of_model(model, topics)) is not None}
    return [choice.topic for choice in topic_choices(topics) if choice.topic in found]


def topic_of_model(model: str, topics: TopicIndex) -> str | None:
    """Return the topic that a model `<base>_<topic>` is tuned to, or None."""
    ends = (model[place + 1 :] for place, char in enumerate(model) if char == "_" and place)
    # From the left: the longest end comes first.
    return next((end for end in ends if _is_topic(end, topics)), None)


def is_group_model(model: str) -> bool:
    """Return whether the name is that of a group model."""
    return "_group_gender" in model


def grouped_topics(
    topics: TopicIndex,
    models: Sequence[str],
    *,
    user: str | None = None,
    scaffold: str | None = None,
) -> list[dict[str, Any]]:
    """Return the groups of topics of `/audit_settings`: `[{label, options: [{value, text}]}]`.

    All topics in one group; for a person with more than two models, those with a tuned model
    come first in a group of their own. No group is empty, unless there is no topic at all.
    """
    choices = topic_choices(topics)
    tuned: set[str] = set()
    if (
        len(models) > _MODELS_BEFORE_GROUPING
        and scaffold != _UNGROUPED_SCAFFOLD
        and user != _UNGROUPED_USER
    ):
        tuned = set(tuned_topics(models, topics))
    first = [choice.option() for choice in choices if choice.topic in tuned]
    rest = [choice.option() for choice in choices if choice.topic not in tuned]
    if not first:
        return [{"label": ALL_TOPICS, "options": rest}]
    groups = [{"label": TUNED_TOPICS, "options": first}]
    return [*groups, {"label": OTHER_TOPICS, "options": rest}] if rest else groups


def _is_topic(name: str, topics: TopicIndex) -> bool:
    place = topics.position.get(name)
    return place is not None and int(topics.ids[place]) != OUTLIER_TOPIC


def _largest(topics: TopicIndex, n: int) -> NDArray[np.int64]:
    real = np.flatnonzero(topics.ids != OUTLIER_TOPIC)
    return real[np.argsort(-topics.counts[real], kind="stable")[:n]]


def _choices(topics: TopicIndex, places: NDArray[np.int64]) -> list[TopicChoice]:
    return [
        TopicChoice(int(topics.ids[place]), topics.names[place], int(topics.counts[place]))
        for place in places.tolist()
    ]
