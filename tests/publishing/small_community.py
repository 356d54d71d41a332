"""A community so small that its constitution takes a moment, as a platform exports it."""

from __future__ import annotations

import json
import random
from typing import Any

RATERS, GUIDELINES = 24, 8


def small_export() -> dict[str, Any]:
    """Return a community of two opinion groups: the first three guidelines please both."""
    draw = random.Random(1)

    def helpful(rater: int, guideline: int) -> bool:
        if guideline < 3:
            return draw.random() < 0.97
        return draw.random() < (0.9 if (rater % 3 == 0) == (guideline % 2 == 0) else 0.1)

    return {
        "topics": [{"id": "topic-a", "title": "A topic"}],
        "guidelines": [
            {"id": f"g{g}", "topicId": "topic-a", "value": f"Guideline number {g}",
             "embeddings": [], "intercept": None}
            for g in range(GUIDELINES)
        ],
        "ratings": [
            {"authorId": f"u{u}", "guidelineId": f"g{g}",
             "rating": "helpful" if helpful(u, g) else "not_helpful"}
            for u in range(RATERS)
            for g in range(GUIDELINES)
        ],
        "users": [{"id": f"u{u}", "embeddings": [], "intercept": None} for u in range(RATERS)],
        "mu": 0.0,
    }  # fmt: skip


def with_one_changed_rating(export: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """Return the export after one person has thought again."""
    document: dict[str, Any] = json.loads(json.dumps(export))
    rating = document["ratings"][number]
    rating["rating"] = "not_helpful" if rating["rating"] == "helpful" else "helpful"
    return document


def export_of(document: dict[str, Any] | None = None) -> bytes:
    """Write an export; by default the small community's."""
    return json.dumps(small_export() if document is None else document).encode()
