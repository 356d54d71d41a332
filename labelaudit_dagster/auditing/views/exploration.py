"""A look into the corpus before any label: some comments and what the system says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.views.audit_table import AuditTable
from labelaudit_dagster.auditing.views.decisions import (
    DECISION_COLOURS,
    DECISIONS,
    chosen,
    is_positive,
)
from labelaudit_dagster.auditing.views.topic_overview import DECIMALS, Records


def explorable_rows(
    table: AuditTable,
    *,
    topic: str | None = None,
    keyword: str | None = None,
    system_positive: bool | None = None,
) -> NDArray[np.int64]:
    """Return the rows that meet all the conditions that are given; every row without any.

    Args:
        table: the corpus.
        topic: name of a topic, -1 among them.
        keyword: searched literally, without regard to case.
        system_positive: what the system decided.

    Returns:
        Ascending rows of the table.
    """
    rows = np.arange(len(table)) if topic is None else table.topics.rows_of(topic)
    if keyword is not None:
        rows = np.intersect1d(rows, table.keywords.rows_with(keyword), assume_unique=True)
    if system_positive is not None:
        rows = rows[table.system_positive[rows] == system_positive]
    return rows


def exploration_sample(
    table: AuditTable, n: int, *, seed: int, among: NDArray[np.int64] | None = None
) -> Records:
    """Return `n` random comments, or all in random order where there are fewer.

    Keys: item_id, comment, rating (the system's, rounded to two decimals), system_decision,
    system_color, topic.

    Args:
        table: the corpus.
        n: how many; below one gives none.
        seed: of the choice; another seed shows other comments.
        among: rows to choose from; None for all.
    """
    candidates = np.arange(len(table)) if among is None else among
    size = min(max(n, 0), len(candidates))
    rows = np.random.default_rng(seed).choice(candidates, size=size, replace=False)
    system = table.system[rows]
    said = is_positive(system, table.scale).view(np.int8)
    columns = zip(
        table.item_ids[rows].tolist(),
        (table.texts[row] for row in rows.tolist()),
        system.round(DECIMALS).tolist(),
        chosen(DECISIONS, said),
        chosen(DECISION_COLOURS, said),
        table.topic_names(rows),
        strict=True,
    )
    return [
        {
            "item_id": item_id,
            "comment": comment,
            "rating": rating,
            "system_decision": decision,
            "system_color": colour,
            "topic": topic,
        }
        for item_id, comment, rating, decision, colour, topic in columns
    ]
