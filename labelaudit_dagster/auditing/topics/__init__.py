"""Topics of comments, from their words alone: no model to fetch, nothing at random.

`assign_topics` is the entrance; what it does step by step is on the page docs/topics.md.
"""

from labelaudit_dagster.auditing.topics.assignment import TopicAssignment, assign_topics
from labelaudit_dagster.auditing.topics.clustering import OUTLIER
from labelaudit_dagster.auditing.topics.errors import TopicError
from labelaudit_dagster.auditing.topics.naming import OUTLIER_NAME
from labelaudit_dagster.auditing.topics.options import (
    MOST_TOPICS,
    TopicOptions,
    chosen_number_of_topics,
)

__all__ = [
    "MOST_TOPICS",
    "OUTLIER",
    "OUTLIER_NAME",
    "TopicAssignment",
    "TopicError",
    "TopicOptions",
    "assign_topics",
    "chosen_number_of_topics",
]
