"""A small community and corpus, so that a run takes seconds and many happen within minutes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

GUIDELINES = 16
RATERS = 40
COMMENTS = 80
COMMENT_RATERS = 20
SCALE = "0:4"
_WORDS = {
    "sport": "goal match referee team season striker penalty",
    "kitchen": "recipe oven salt pepper dinner onion butter",
    "traffic": "car lane bicycle horn parking junction driver",
    "weather": "rain storm sun cloud winter frost umbrella",
}


def guideline_name(number: int) -> str:
    """Return the id of a guideline."""
    return f"g{number:02d}"


def opinion(draw: random.Random, rater: int, guideline: int) -> bool:
    """Return what somebody of one of two camps thinks; both like the first few guidelines."""
    if guideline < GUIDELINES // 3:
        return draw.random() < 0.95
    return draw.random() < (0.9 if (rater % 2 == 0) == (guideline % 2 == 0) else 0.1)


def write_export(path: Path, seed: int) -> Path:
    """Write the community as a platform's export."""
    draw = random.Random(seed)
    ratings = [
        {
            "authorId": f"founder {rater:02d}",
            "guidelineId": guideline_name(guideline),
            "rating": "helpful" if opinion(draw, rater, guideline) else "not_helpful",
        }
        for rater in range(RATERS)
        for guideline in range(GUIDELINES)
        if draw.random() < 0.7
    ]
    document: dict[str, Any] = {
        "topics": [],
        "guidelines": [
            {
                "id": guideline_name(n),
                "value": f"Guideline number {n}",
                "embeddings": [],
                "intercept": None,
            }
            for n in range(GUIDELINES)
        ],
        "users": [
            {"id": f"founder {n:02d}", "embeddings": [], "intercept": None} for n in range(RATERS)
        ],
        "ratings": ratings,
        "mu": None,
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_corpus(path: Path, seed: int) -> Path:
    """Write the comments with ratings and a system's scores as CSV."""
    draw = random.Random(seed)
    themes = list(_WORDS)
    lines = ["rater_id,item_id,rating,text,system_rating"]
    for item in range(COMMENTS):
        theme = themes[item % len(themes)]
        words = draw.choices(_WORDS[theme].split(), k=6)
        severity = draw.random() * 4
        system = min(4.0, max(0.0, severity + draw.gauss(0, 0.5)))
        for rater in draw.sample(range(COMMENT_RATERS), 6):
            level = min(4, max(0, round(severity + draw.gauss(0, 0.8))))
            text = " ".join([*words, f"no{item}"])
            lines.append(f"r{rater},{item},{level},{text},{system:.2f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
