"""Several points of view on the same topics: a person's, groups', the system's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from labelaudit_dagster.auditing.views.audit_table import AuditTable
from labelaudit_dagster.auditing.views.decisions import Ratings
from labelaudit_dagster.auditing.views.topic_index import TopicMethod

if TYPE_CHECKING:
    import pandas as pd

SYSTEM: Final = "System"
DAMPING_COMMENTS: Final = 10
"""Differences in a topic of so many comments count half, in smaller ones less."""


def topic_comparison(
    table: AuditTable,
    models: Mapping[str, Ratings],
    *,
    method: TopicMethod = "mean",
    topics: Sequence[str] = (),
    most: int = 12,
) -> pd.DataFrame:
    """Put models and the system side by side, topic by topic.

    Args:
        table: the corpus.
        models: name → predicted ratings aligned to the table and in its units. A name "System"
            would hide the system and gets an apostrophe.
        method: how a topic's comments are summed up.
        topics: names of the topics wanted, in their order; unknown ones are left out. By
            default those in which the points of view lie farthest apart, differences in small
            topics being damped by n / (n + 10), and without the outliers.
        most: how many topics by default.

    Returns:
        Rows (topic_id int64, topic str, n_comments int64, series str, value float64), for each
        topic the system first, then the models in their order.
    """
    import pandas as pd

    series = {SYSTEM: table.system_by_topic(method)}
    for name, you in models.items():
        series[f"{name}'" if name == SYSTEM else name] = table.topics.aggregate(you, method)
    index = table.topics
    if topics:
        places = [index.position[topic] for topic in topics if topic in index.position]
    else:
        real = index.shown(with_outliers=False)
        values = np.stack([value[real] for value in series.values()])
        n = index.counts[real]
        spread = (values.max(axis=0) - values.min(axis=0)) * n / (n + DAMPING_COMMENTS)
        places = real[np.argsort(-spread, kind="stable")[:most]].tolist()
    return pd.DataFrame(
        [
            {
                "topic_id": int(index.ids[place]),
                "topic": index.names[place],
                "n_comments": int(index.counts[place]),
                "series": name,
                "value": float(value[place]),
            }
            for place in places
            for name, value in series.items()
        ],
        columns=["topic_id", "topic", "n_comments", "series", "value"],
    )
