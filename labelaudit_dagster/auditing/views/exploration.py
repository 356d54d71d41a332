"""A look into the corpus before any label: some comments and what the system says of them."""

from __future__ import annotations

import numpy as np

from labelaudit_dagster.auditing.views.audit_table import AuditTable
from labelaudit_dagster.auditing.views.decisions import (
    DECISION_COLOURS,
    DECISIONS,
    chosen,
    is_positive,
)
from labelaudit_dagster.auditing.views.topic_overview import DECIMALS, Records


def exploration_sample(table: AuditTable, n: int, *, seed: int) -> Records:
    """Return `n` random comments, or all in random order where there are fewer.

    Keys: item_id, comment, rating (the system's, rounded to two decimals), system_decision,
    system_color, topic.

    Args:
        table: the corpus.
        n: how many; below one gives none.
        seed: of the choice; another seed shows other comments.
    """
    size = min(max(n, 0), len(table))
    rows = np.random.default_rng(seed).choice(len(table), size=size, replace=False)
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
