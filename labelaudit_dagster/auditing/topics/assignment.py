"""From comments to topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.splits import uniform_of_items
from labelaudit_dagster.auditing.topics.clustering import (
    OUTLIER,
    dissolve_small,
    find_centres,
    nearest_centre,
    without_outliers,
)
from labelaudit_dagster.auditing.topics.errors import TopicError
from labelaudit_dagster.auditing.topics.naming import (
    OUTLIER_NAME,
    characteristic_terms,
    topic_name,
)
from labelaudit_dagster.auditing.topics.options import TopicOptions, chosen_number_of_topics
from labelaudit_dagster.auditing.topics.quality import coherence, stability
from labelaudit_dagster.auditing.topics.vocabulary import TermTable, term_table


@dataclass(frozen=True, eq=False)
class TopicAssignment:
    """Comments with their topics, and how far these can be trusted.

    Attributes:
        comments: `item_id` int64 ascending, `topic_id` int64, `topic` str; every comment.
        topics: `topic_id` int64 ascending, `topic` str, `n_comments` int64, `words` str (the
            most characteristic terms, comma-separated, in their own script), `coherence` float64
            (NaN where undefined); -1 is there when a comment has no topic.
        n_topics: topics without -1.
        n_outliers: comments without a topic.
        n_without_terms: those of them that hold no term at all, such as empty texts.
        coherence: mean of the topics' coherence weighted by their comments; None where undefined.
        stability: mean adjusted Rand index with refits on halves; None where undefined.
        options: what was asked for.
    """

    comments: pd.DataFrame
    topics: pd.DataFrame
    n_topics: int
    n_outliers: int
    n_without_terms: int
    coherence: float | None
    stability: float | None
    options: TopicOptions

    def figures(self) -> dict[str, Any]:
        """Return everything but the frames, ready for JSON."""
        return {
            "n_topics": self.n_topics,
            "n_outliers": self.n_outliers,
            "n_without_terms": self.n_without_terms,
            "coherence": self.coherence,
            "stability": self.stability,
            "options": self.options.to_dict(),
        }


def assign_topics(
    item_ids: ArrayLike, texts: Sequence[str], options: TopicOptions | None = None
) -> TopicAssignment:
    """Sort comments into topics by their words.

    The order of the comments has no influence, and equal words give equal topics. The steps:
    terms of each text (`terms_of`), tf-idf (`term_table`), directions by NMF and spherical
    k-means (`find_centres`), the nearest by cosine, small topics dissolved, far comments taken
    out, numbers by size (topic 0 is the largest; of equal ones that with the smallest item id).

    Args:
        item_ids: integers of 0 or more, distinct, shape (n,).
        texts: n strings; empty ones are allowed.
        options: see `TopicOptions`.

    Raises:
        TopicError: ids and texts do not fit each other, an id repeats or is negative, or a text
            is no string.
    """
    options = options or TopicOptions()
    ids, ordered = _ordered(item_ids, texts)
    table, wanted = _table(ordered, options)
    distinct = table.first_of_each()
    topic = np.full(len(ids), OUTLIER, dtype=np.int64)
    if len(distinct):
        topic = _numbered_by_size(_assigned(table, ids, distinct, wanted, options))
    n_topics = int(topic.max(initial=OUTLIER)) + 1
    ranked = characteristic_terms(table.occurrence, topic, n_topics, 3 * options.listed_words)
    shown = [columns[: options.listed_words] for columns in ranked]
    by_topic = coherence(table.occurrence, shown)
    sizes = np.bincount(topic + 1, minlength=n_topics + 1)
    names = [
        topic_name(number, [table.terms[column] for column in columns], options.name_words)
        for number, columns in enumerate(ranked)
    ]
    lists = [", ".join(table.terms[column] for column in columns) for columns in shown]
    with_outliers = 0 if sizes[0] else 1
    frame = pd.DataFrame(
        {
            "topic_id": np.arange(OUTLIER, n_topics, dtype=np.int64),
            "topic": [OUTLIER_NAME, *names],
            "n_comments": sizes.astype(np.int64),
            "words": ["", *lists],
            "coherence": np.array([None, *by_topic], dtype=np.float64),
        }
    )
    every_name = np.array([OUTLIER_NAME, *names], dtype=object)
    return TopicAssignment(
        comments=pd.DataFrame({"item_id": ids, "topic_id": topic, "topic": every_name[topic + 1]}),
        topics=frame.iloc[with_outliers:].reset_index(drop=True),
        n_topics=n_topics,
        n_outliers=int(sizes[0]),
        n_without_terms=int((~table.has_terms()).sum()),
        coherence=_weighted_mean(by_topic, sizes[1:]),
        stability=stability(
            table.weighted[distinct],
            ids[distinct],
            topic[distinct],
            n_topics=wanted,
            rounds=options.stability_rounds,
            most_comments=options.stability_comments,
            seed=options.seed,
        ),
        options=options,
    )


def _ordered(item_ids: ArrayLike, texts: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Check the comments and order them by id."""
    given = np.asarray(item_ids)
    if given.ndim != 1 or len(given) != len(texts):
        raise TopicError(
            f"Every comment needs one id and one text: there are {given.size} ids and "
            f"{len(texts)} texts."
        )
    if len(given) and not np.issubdtype(given.dtype, np.integer):
        raise TopicError(f"item_id must be whole numbers, not {given.dtype}.")
    ids = given.astype(np.int64)
    if len(ids) and ids.min() < 0:
        raise TopicError(f"item_id must be 0 or more; {ids.min()} is not.")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    repeated = np.flatnonzero(ids[1:] == ids[:-1])
    if len(repeated):
        raise TopicError(f"item_id {ids[repeated[0]]} occurs more than once; keep one row of it.")
    listed = list(texts)
    for position in order.tolist():
        if not isinstance(listed[position], str):
            raise TopicError(
                f"The text of item_id {given[position]} is no string but "
                f"{type(listed[position]).__name__}; use an empty string for a missing text."
            )
    return ids, [listed[position] for position in order.tolist()]


def _table(texts: list[str], options: TopicOptions) -> tuple[TermTable, int]:
    """Return the terms of the comments and how many topics to look for."""
    wanted = options.n_topics or chosen_number_of_topics(len(set(texts) - {""}))
    return term_table(texts, n_topics=wanted, most_terms=options.most_terms), wanted


def _assigned(
    table: TermTable,
    ids: NDArray[np.int64],
    distinct: NDArray[np.int64],
    wanted: int,
    options: TopicOptions,
) -> NDArray[np.int64]:
    """Return the topic of each comment, in the order in which the centres were found."""
    drawn = np.argsort(uniform_of_items(ids[distinct], options.seed, "topic fit"), kind="stable")
    looked_at = distinct[np.sort(drawn[: options.fit_comments])]
    centres = find_centres(table.weighted[looked_at], wanted, seed=options.seed)
    average = table.has_terms().sum() / wanted
    smallest = options.smallest_topic or max(1, round(average / 10))
    centres = dissolve_small(table.weighted, centres, smallest)
    nearest = nearest_centre(table.weighted, centres)
    return without_outliers(nearest, len(centres), options.outlier_ratio)


def _numbered_by_size(topic: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number topics from the largest on; of equal ones that whose first comment comes first."""
    members = np.flatnonzero(topic != OUTLIER)
    found, first, sizes = np.unique(topic[members], return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    number = np.full(int(topic.max(initial=OUTLIER)) + 2, OUTLIER, dtype=np.int64)
    number[found[order] + 1] = np.arange(len(found))
    return number[topic + 1]


def _weighted_mean(values: list[float | None], weights: NDArray[np.int64]) -> float | None:
    """Average over the topics that have a value."""
    pairs = [(v, w) for v, w in zip(values, weights.tolist(), strict=True) if v is not None]
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else None
