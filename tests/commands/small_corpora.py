"""A small forum: three themes, raters who differ, a system that is too strict about games."""

from __future__ import annotations

import csv
import random
from pathlib import Path

THEMES = {
    "games": ["squad", "boss", "level", "raid", "loot"],
    "garden": ["roses", "soil", "hedge", "compost", "tulips"],
    "trains": ["platform", "ticket", "delay", "carriage", "signal"],
}
RUDE = ["fine", "silly", "stupid", "idiotic", "vile"]
"""A word for each level of the scale 0 to 4."""


def rating_rows(
    n_comments: int = 90, n_raters: int = 16, *, demographics: bool = True
) -> list[dict[str, str]]:
    """Return a row for each rating, about five for each comment."""
    draw = random.Random(5)
    lenience = [draw.uniform(-0.8, 0.8) for _ in range(n_raters)]
    rows = []
    for item in range(n_comments):
        theme = list(THEMES)[item % len(THEMES)]
        level = draw.choice([0, 0, 0, 1, 1, 2, 3, 4])
        words = [*draw.sample(THEMES[theme], 3), RUDE[level], f"n{item}"]
        text = f"{theme} {' '.join(words)}"
        score = min(4.0, level + (2.0 if theme == "games" else 0.0))
        for rater in sorted(draw.sample(range(n_raters), 5)):
            value = round(level + lenience[rater] + draw.gauss(0, 0.4))
            row = {
                "item_id": str(item),
                "rater_id": f"r{rater:02d}",
                "rating": str(min(4, max(0, value))),
                "text": text,
                "score": str(score),
            }
            rows.append(
                row | ({"gender": "Female" if rater % 2 else "Male"} if demographics else {})
            )
    return rows


def write_ratings(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows as CSV; return the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_labels(path: Path, labels: list[tuple[object, object]], key: str = "item_id") -> Path:
    """Write labels as CSV; return the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([key, "rating"])
        writer.writerows(labels)
    return path
