"""Ratings that the factorization benchmarks run on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from labelaudit_dagster.factorization import RatingTriples

REPOSITORY = Path(__file__).resolve().parents[1]


def ccai() -> RatingTriples | None:
    """Return the Collective Constitutional AI votes, or None where the file is absent."""
    configured = os.environ.get("LABELAUDIT_TEST_DATA")
    root = Path(configured) if configured else REPOSITORY.parent / "shared" / "data"
    path = root / "energize" / "export-ccai.json"
    if not path.is_file():
        return None
    votes = json.loads(path.read_text())["ratings"]
    raters = {name: k for k, name in enumerate(sorted({one["authorId"] for one in votes}))}
    items = {name: k for k, name in enumerate(sorted({one["guidelineId"] for one in votes}))}
    return RatingTriples.from_arrays(
        [raters[one["authorId"]] for one in votes],
        [items[one["guidelineId"]] for one in votes],
        [float(one["rating"] == "helpful") for one in votes],
    )


def long_tailed(n_ratings: int, n_raters: int, n_items: int, seed: int = 0) -> RatingTriples:
    """Return votes by two leanings, with log-normal numbers of votes per rater and item."""
    generator = np.random.default_rng(seed)
    activity = generator.lognormal(0, 1, n_raters)
    fame = generator.lognormal(0, 1.2, n_items)
    key = np.zeros(0, dtype=np.int64)
    while key.size < n_ratings:
        wanted = int(1.2 * (n_ratings - key.size)) + 100
        row = generator.choice(n_raters, wanted, p=activity / activity.sum())
        col = generator.choice(n_items, wanted, p=fame / fame.sum())
        key = np.union1d(key, row.astype(np.int64) * n_items + col)
    key = np.sort(generator.permutation(key)[:n_ratings])
    row, col = key // n_items, key % n_items
    lean, slant = generator.normal(0, 1, n_raters), generator.normal(0, 0.3, n_items)
    chance = (
        0.55 + generator.normal(0, 0.15, n_raters)[row] + generator.normal(0, 0.2, n_items)[col]
    )
    chance += lean[row] * slant[col]
    value = (generator.random(n_ratings) < np.clip(chance, 0.03, 0.97)).astype(np.float64)
    return RatingTriples.from_arrays(row, col, value, n_rows=n_raters, n_cols=n_items)


def of_size(n_ratings: int) -> RatingTriples:
    """Return long-tailed votes, 50 per rater on average."""
    n_raters = max(200, n_ratings // 50)
    return long_tailed(n_ratings, n_raters, max(150, int(2 * n_raters**0.65)))
