"""Small platform exports, good and bad."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any


def small_export(raters: int = 24, guidelines: int = 8, seed: int = 1) -> dict[str, Any]:
    """Return a community of two opinion groups: the first three guidelines please both."""
    draw = random.Random(seed)

    def helpful(rater: int, guideline: int) -> bool:
        if guideline < 3:
            return draw.random() < 0.97
        return draw.random() < (0.9 if (rater % 3 == 0) == (guideline % 2 == 0) else 0.1)

    return {
        "topics": [{"id": "topic-a", "title": "A topic"}],
        "guidelines": [
            {
                "id": f"g{g}",
                "topicId": "topic-a",
                "value": f"Guideline number {g}",
                "embeddings": [],
                "intercept": None,
            }
            for g in range(guidelines)
        ],
        "ratings": [
            rating(f"u{u}", f"g{g}", helpful(u, g))
            for u in range(raters)
            for g in range(guidelines)
        ],
        "users": [{"id": f"u{u}", "embeddings": [], "intercept": None} for u in range(raters)],
        "mu": 0.0,
    }


def rating(user: Any, guideline: Any, helpful: bool, **more: Any) -> dict[str, Any]:
    """Return one rating as the platform writes it."""
    value = "helpful" if helpful else "not_helpful"
    return {"authorId": user, "guidelineId": guideline, "rating": value, **more}


def guideline(name: Any, text: str = "A text") -> dict[str, Any]:
    """Return one guideline as the platform writes it."""
    return {"id": name, "value": text, "embeddings": [], "intercept": None}


def user(name: Any) -> dict[str, Any]:
    """Return one user as the platform writes it."""
    return {"id": name, "embeddings": [], "intercept": None}


def write_json(path: Path, document: Any) -> Path:
    """Write a document as Python's json does, NaN included."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
