"""One row for each topic: where the person and the system stand, and whether they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.audit_table import AuditTable
from labelaudit_dagster.auditing.views.decisions import (
    ERROR_TYPES,
    SYSTEM_LABELS,
    Ratings,
    chosen,
    error_codes,
    is_positive,
    plot_keys,
)
from labelaudit_dagster.auditing.views.histogram_bins import bin_midpoints, rows_within_bins
from labelaudit_dagster.auditing.views.topic_index import TopicMethod

Records = list[dict[str, Any]]
DECIMALS = 2
"""Ratings are shown with so many decimals."""


@dataclass(frozen=True, eq=False)
class TopicOverview:
    """Topics with the median or mean of both sides, in the order of their numbers.

    Attributes:
        topic_ids: int64, shape (k,).
        topics: their names.
        n_comments: int64, shape (k,).
        system: the system's aggregate, float64, shape (k,).
        you: the person's, or None without a model.
        scale: the units of both.
    """

    topic_ids: NDArray[np.int64]
    topics: tuple[str, ...]
    n_comments: NDArray[np.int64]
    system: NDArray[np.float64]
    you: NDArray[np.float64] | None
    scale: RatingScale

    def records(self) -> Records:
        """Return rows for the plot, ratings rounded to two decimals.

        Keys: topic_id, topic, n_comments, rating_sys, pred (None without a model), error_type
        (likewise), system_label, key, vis_pred_bin, row (number within the bin, the largest
        rating of the system first), url.
        """
        position = self.system if self.you is None else self.you
        bins = bin_midpoints(position, self.scale)
        nothing: list[Any] = [None] * len(self.topics)
        you = nothing if self.you is None else self.you.round(DECIMALS).tolist()
        errors = (
            nothing
            if self.you is None
            else chosen(ERROR_TYPES, error_codes(self.you, self.system, self.scale))
        )
        labels = chosen(SYSTEM_LABELS, is_positive(self.system, self.scale).view(np.int8))
        columns = zip(
            self.topic_ids.tolist(),
            self.topics,
            self.n_comments.tolist(),
            self.system.round(DECIMALS).tolist(),
            you,
            errors,
            labels,
            plot_keys(self.you, self.system, self.scale).tolist(),
            bins.tolist(),
            rows_within_bins(bins, self.system).tolist(),
            strict=True,
        )
        return [
            {
                "topic_id": topic_id,
                "topic": topic,
                "n_comments": n,
                "rating_sys": system,
                "pred": pred,
                "error_type": error,
                "system_label": label,
                "key": key,
                "vis_pred_bin": midpoint,
                "row": row,
                "url": f"#{topic}/#topic",
            }
            for topic_id, topic, n, system, pred, error, label, key, midpoint, row in columns
        ]


def topic_overview(
    table: AuditTable, you: Ratings | None, *, method: TopicMethod = "median"
) -> TopicOverview:
    """Sum up every topic with a number below 200, the outliers (-1) among them.

    Args:
        table: the corpus.
        you: the person's predicted ratings (posterior means), aligned to the table and in its
            units, or None to see the system alone.
        method: "median" or "mean".

    Raises:
        AuditViewError: the method is neither.
    """
    topics = table.topics
    shown = topics.shown(with_outliers=True)
    return TopicOverview(
        topic_ids=topics.ids[shown],
        topics=tuple(topics.names[place] for place in shown.tolist()),
        n_comments=topics.counts[shown],
        system=table.system_by_topic(method)[shown],
        you=None if you is None else topics.aggregate(you, method)[shown],
        scale=table.scale,
    )
