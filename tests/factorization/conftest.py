"""Ratings that the tests of the factorization share."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from labelaudit_dagster.factorization import ModelParameters, RatingTriples

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))


@dataclass(frozen=True)
class Community:
    """Real votes with their ids, both sorted."""

    ratings: RatingTriples
    raters: list[str]
    guidelines: list[str]
    support: np.ndarray
    n_ratings: np.ndarray

    def decide(self, intercept, n_ratings, support):
        """The notebook's acceptance rule."""
        return (intercept > 0.375) & (n_ratings >= 5) & (support >= 0.8)

    def accepted(self, model: ModelParameters) -> list[str]:
        chosen = self.decide(model.item_intercept, self.n_ratings, self.support)
        return [self.guidelines[item].removeprefix("guideline-") for item in np.flatnonzero(chosen)]


@pytest.fixture(scope="session")
def ccai(data_root: Path) -> Community:
    export = json.loads((data_root / "energize" / "export-ccai.json").read_text())
    raters = sorted({one["authorId"] for one in export["ratings"]})
    guidelines = sorted({one["guidelineId"] for one in export["ratings"]})
    rater_at = {name: number for number, name in enumerate(raters)}
    guideline_at = {name: number for number, name in enumerate(guidelines)}
    ratings = RatingTriples.from_arrays(
        [rater_at[one["authorId"]] for one in export["ratings"]],
        [guideline_at[one["guidelineId"]] for one in export["ratings"]],
        [float(one["rating"] == "helpful") for one in export["ratings"]],
    )
    n_ratings = ratings.col_weights()
    support = np.bincount(ratings.col, weights=ratings.value) / n_ratings
    return Community(ratings, raters, guidelines, support, n_ratings)


@pytest.fixture
def polarised():
    """Return a factory of votes by two camps, with gaps."""

    def make(seed: int = 0, n_rows: int = 24, n_cols: int = 12, share: float = 0.7):
        generator = np.random.default_rng(seed)
        camp = np.where(np.arange(n_rows) % 2 == 0, 1.0, -1.0)
        lean = generator.normal(0, 0.35, n_cols)
        chance = 0.55 + generator.normal(0, 0.15, n_cols) + camp[:, None] * lean
        votes = (generator.random((n_rows, n_cols)) < chance).astype(float)
        row, col = np.nonzero(generator.random((n_rows, n_cols)) < share)
        return RatingTriples.from_arrays(row, col, votes[row, col], n_rows=n_rows, n_cols=n_cols)

    return make


@pytest.fixture
def random_model():
    """Return a factory of parameters without zeros among the factors."""

    def make(n_rows: int, n_cols: int, ndim: int, seed: int = 0) -> ModelParameters:
        generator = np.random.default_rng(seed)
        return ModelParameters(
            mu=0.3,
            rater_intercept=generator.normal(0, 0.3, n_rows),
            item_intercept=generator.normal(0, 0.3, n_cols),
            rater_factor=generator.normal(0, 1, (n_rows, ndim)),
            item_factor=generator.normal(0, 1, (n_cols, ndim)),
        )

    return make
