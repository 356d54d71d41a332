"""What to label next: labels by chance, spread over the predicted severity, or chosen to teach."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.personal_models.protocol import Corpus, Fold
from benchmarks.personal_models.trials import figures_of, fitted
from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model import choose_next, fold_in, predict

Int = NDArray[np.int64]

RANDOM, SPREAD, ACTIVE = "by chance", "spread over predicted severity", "chosen by the model"
STEPS = (5, 10, 15, 20)
TEST = 15
"""Ratings kept for the test; the pool to choose from is the rest, 35 as a rule."""


def compared(corpus: Corpus, fold: Fold) -> pd.DataFrame:
    """Return one row per way, number of labels, rater and order: mae (of the median) and rmse."""
    model = fitted(corpus, fold)
    level = corpus.level
    rows = []
    for trial in fold.trials:
        places = np.concatenate([trial.pool, trial.test])
        test, pool = places[-TEST:], places[:-TEST]
        chance = np.random.default_rng([trial.rater, trial.order])
        active = _one_by_one(model, corpus.item[pool], level[pool], STEPS[-1])
        for n in STEPS:
            ways = {
                RANDOM: np.arange(n),
                SPREAD: _spread(model.severity_mean[corpus.item[pool]], n, chance),
                ACTIVE: active[:n],
            }
            for way, chosen in ways.items():
                known = pool[chosen]
                posterior = fold_in(model, corpus.item[known], level[known])
                said = predict(model, posterior, corpus.item[test])
                figures = figures_of(
                    said.mean.astype(np.float64),
                    corpus.rating[test],
                    corpus.scale.threshold,
                    said.median.astype(np.float64),
                )
                rows.append(
                    {
                        "way": way,
                        "n": n,
                        "rater": trial.rater,
                        "mae": figures["mae"],
                        "rmse": figures["rmse"],
                    }
                )
    return pd.DataFrame(rows)


def _one_by_one(model: CommentModel, items: Int, levels: Int, n: int) -> Int:
    """Let the model choose, see the label, and choose again."""
    chosen: list[int] = []
    place = {int(item): at for at, item in enumerate(items)}
    for _ in range(n):
        known = np.asarray(chosen, dtype=np.int64)
        following = choose_next(model, items[known], levels[known], items, 1)
        chosen.append(place[int(following[0])])
    return np.asarray(chosen, dtype=np.int64)


def _spread(severity: NDArray[np.float64], n: int, chance: np.random.Generator) -> Int:
    """Return one place by chance out of each of n equal slices of the predicted severity."""
    slices = np.array_split(np.argsort(severity, kind="stable"), n)
    return np.array([chance.choice(part) for part in slices], dtype=np.int64)
