"""Whose ratings are predicted from which labels: all raters in folds, in several label orders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale

Int = NDArray[np.int64]
Float = NDArray[np.float64]

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDS = 6
ORDERS = 3
LABELS = (5, 10, 20)
POOL = 20
"""The first labels of an order; the rest is predicted, the same for every number of labels."""


@dataclass(frozen=True)
class Corpus:
    """Ratings ordered by rater and item, numbered from 0 without gaps."""

    name: str
    texts: list[str]
    rater: Int
    item: Int
    rating: Float
    scale: RatingScale

    @property
    def n_raters(self) -> int:
        """Number of raters."""
        return int(self.rater.max()) + 1

    @property
    def n_items(self) -> int:
        """Number of comments."""
        return len(self.texts)

    @property
    def level(self) -> Int:
        """Level of each rating."""
        return self.scale.levels_of(self.rating).astype(np.int64)


@dataclass(frozen=True)
class Trial:
    """One rater in one label order: places in the corpus' ratings."""

    rater: int
    order: int
    pool: Int
    test: Int


@dataclass(frozen=True)
class Fold:
    """The ratings of the fitting raters (places), and the trials of the raters left out."""

    number: int
    fitting: Int
    trials: list[Trial]


def popquorn() -> Corpus | None:
    """Return the offensiveness ratings of POPQUORN on 0 to 4, None where they are absent."""
    configured = os.environ.get("LABELAUDIT_TEST_DATA")
    root = Path(configured) if configured else REPOSITORY.parent / "shared" / "data"
    path = root / "popquorn-offensiveness" / "ratings.csv"
    if not path.is_file():
        return None
    table = pd.read_csv(path).sort_values(["user_id", "instance_id"], kind="stable")
    items, item = np.unique(table["instance_id"].to_numpy(), return_inverse=True)
    _, rater = np.unique(table["user_id"].to_numpy(), return_inverse=True)
    texts = table.drop_duplicates("instance_id").set_index("instance_id")["text"]
    return Corpus(
        "POPQUORN",
        texts.loc[items].tolist(),
        rater.astype(np.int64),
        item.astype(np.int64),
        table["offensiveness"].to_numpy(dtype=np.float64) - 1,
        TOXICITY_SCALE,
    )


def stand_in(n_raters: int = 262, n_items: int = 1_500, each: int = 50, seed: int = 0) -> Corpus:
    """Return simulated ratings of POPQUORN's size: severities, people and words of our own."""
    generator = np.random.default_rng(seed)
    words = np.array([f"{a}{b}{c}" for a in "bdgklmnprst" for b in "aeiou" for c in "lnrst"])
    chosen = generator.integers(0, words.size, (n_items, 20))
    said = generator.normal(size=words.size)[chosen].sum(axis=1)
    said = (said - said.mean()) / said.std()
    severity = np.sqrt(0.3) * said + np.sqrt(0.7) * generator.normal(size=n_items)
    first = 0.2 + 0.7 * generator.normal(size=n_raters)
    gaps = np.exp(-0.2 + 0.5 * generator.normal(size=(n_raters, 3)))
    bounds = np.cumsum(np.column_stack([first, gaps]), axis=1)
    slope = np.exp(0.3 * generator.normal(size=n_raters))
    rater = np.repeat(np.arange(n_raters), each)
    item = np.concatenate(
        [np.sort(generator.choice(n_items, each, replace=False)) for _ in range(n_raters)]
    )
    latent = slope[rater] * severity[item] + generator.normal(size=rater.size)
    rating = (latent[:, None] > bounds[rater]).sum(axis=1).astype(np.float64)
    texts = [" ".join(words[row]) for row in chosen]
    return Corpus("a simulated corpus", texts, rater, item, rating, TOXICITY_SCALE)


def folds(corpus: Corpus, *, n_folds: int = FOLDS, seed: int = 0) -> Iterator[Fold]:
    """Yield the folds; each rater is left out once, and labels in each order at random."""
    generator = np.random.default_rng(seed)
    part = generator.permutation(corpus.n_raters) % n_folds
    orders = {
        rater: [generator.permutation(np.flatnonzero(corpus.rater == rater)) for _ in range(ORDERS)]
        for rater in range(corpus.n_raters)
    }
    for number in range(n_folds):
        out = np.flatnonzero(part == number)
        trials = [
            Trial(int(rater), order, places[:POOL], places[POOL:])
            for rater in out
            for order, places in enumerate(orders[int(rater)])
        ]
        yield Fold(number, np.flatnonzero(part[corpus.rater] != number), trials)
