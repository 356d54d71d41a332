"""Predictions of one fold: every model on the same labels and the same unseen ratings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.personal_models import recipe
from benchmarks.personal_models.baselines import CrowdMeans
from benchmarks.personal_models.protocol import LABELS, Corpus, Fold, Trial
from labelaudit_dagster.auditing.comment_model import (
    CommentModel,
    CommentModelOptions,
    fit_comment_model,
)
from labelaudit_dagster.auditing.personal_model import (
    fold_in,
    level_probabilities,
    predict,
)

Float = NDArray[np.float64]

OURS = "ours: ordinal, learnt population, text"
WITHOUT_TEXT = "ours without the texts"
RECIPE = "IndieLabel's recipe"
RECIPE_ALL = "same, all labels"
GLOBAL = "global mean"
ITEM = "item mean"
SHIFT = "item mean + person's shift"
SHRUNK = "both shrunk"
BASELINES = (GLOBAL, ITEM, SHIFT, SHRUNK, RECIPE, RECIPE_ALL)
FIGURES = ("mae", "mae_of_mean", "rmse", "decision_error", "decision_error_of_mean")


@dataclass
class Collected:
    """What the models said.

    Attributes:
        scores: one row per model, number of labels, rater and order, with `FIGURES`.
        unseen: one row per unseen rating of our model: n, rater, p_above, above, and the
            randomised PIT.
    """

    scores: list[dict[str, object]] = field(default_factory=list)
    unseen: list[pd.DataFrame] = field(default_factory=list)

    def add(self, model: str, n: int, trial: Trial, figures: dict[str, float]) -> None:
        """Keep the figures of one trial."""
        self.scores.append(
            {"model": model, "n": n, "rater": trial.rater, "order": trial.order, **figures}
        )


def figures_of(
    mean: Float,
    truth: Float,
    threshold: float,
    median: Float | None = None,
    above: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """Return `FIGURES`; a model that gives one number has it for median and decision too."""
    point = mean if median is None else median
    decided = mean > threshold if above is None else above
    positive = truth > threshold
    return {
        "mae": float(np.abs(point - truth).mean()),
        "mae_of_mean": float(np.abs(mean - truth).mean()),
        "rmse": float(np.sqrt(((mean - truth) ** 2).mean())),
        "decision_error": float((decided != positive).mean()),
        "decision_error_of_mean": float(((mean > threshold) != positive).mean()),
    }


def fitted(corpus: Corpus, fold: Fold, *, use_text: bool = True) -> CommentModel:
    """Return our comment model, from the fitting raters alone."""
    return fit_comment_model(
        np.arange(corpus.n_items),
        corpus.texts,
        corpus.rater[fold.fitting],
        corpus.item[fold.fitting],
        corpus.level[fold.fitting],
        scale=corpus.scale,
        options=CommentModelOptions(use_text=use_text),
    )


def ours(corpus: Corpus, fold: Fold, *, use_text: bool, labels: tuple[int, ...]) -> Collected:
    """Fold in each rater left out and predict."""
    found = Collected()
    model = fitted(corpus, fold, use_text=use_text)
    level = corpus.level
    chance = np.random.default_rng([11, fold.number])
    for trial in fold.trials:
        rows, truth = corpus.item[trial.test], corpus.rating[trial.test]
        for n in labels:
            known = trial.pool[:n]
            posterior = fold_in(model, corpus.item[known], level[known])
            said = predict(model, posterior, rows)
            figures = figures_of(
                said.mean.astype(np.float64),
                truth,
                corpus.scale.threshold,
                said.median.astype(np.float64),
                said.p_above > 0.5,
            )
            found.add(OURS if use_text else WITHOUT_TEXT, n, trial, figures)
            if use_text:
                found.unseen.append(
                    pd.DataFrame(
                        {
                            "n": n,
                            "rater": trial.rater,
                            "p_above": said.p_above,
                            "above": truth > corpus.scale.threshold,
                            "pit": pit(
                                level_probabilities(model, posterior, rows),
                                level[trial.test],
                                chance,
                            ),
                        }
                    )
                )
    return found


def pit(probability: Float, level: NDArray[np.int64], chance: np.random.Generator) -> Float:
    """Return the randomised probability integral transform: uniform if the model is right.

    Args:
        probability: of each level, shape (n, K).
        level: that came, shape (n,).
        chance: where in the step of the distribution function a rating is taken to lie.
    """
    upper = np.cumsum(probability, axis=1)[np.arange(level.size), level]
    step = probability[np.arange(level.size), level]
    return np.asarray(upper - step * chance.random(level.size))


def means(corpus: Corpus, fold: Fold, *, labels: tuple[int, ...]) -> Collected:
    """Predict by means and shifts."""
    found = Collected()
    low, high = corpus.scale.values[0], corpus.scale.values[-1]
    crowd = CrowdMeans.of(
        corpus.rater[fold.fitting],
        corpus.item[fold.fitting],
        corpus.rating[fold.fitting],
        n_items=corpus.n_items,
    )
    for trial in fold.trials:
        rows, truth = corpus.item[trial.test], corpus.rating[trial.test]
        for n in labels:
            item, rating = corpus.item[trial.pool[:n]], corpus.rating[trial.pool[:n]]
            said = {
                GLOBAL: np.full(rows.size, crowd.overall),
                ITEM: crowd.item[rows],
                SHIFT: crowd.with_shift(item, rating, rows),
                SHRUNK: crowd.both_shrunk(item, rating, rows),
            }
            for name, mean in said.items():
                clipped = np.clip(mean, low, high)
                found.add(name, n, trial, figures_of(clipped, truth, corpus.scale.threshold))
    return found


def retrained(corpus: Corpus, fold: Fold, *, n: int, all_labels: bool) -> Collected:
    """Retrain IndieLabel's factorization for each trial."""
    found = Collected()
    crowd = recipe.Crowd(
        corpus.rater[fold.fitting],
        corpus.item[fold.fitting],
        corpus.rating[fold.fitting],
        corpus.n_raters,
        corpus.n_items,
    )
    people = [
        recipe.Person(
            corpus.item[trial.pool[:n]], corpus.rating[trial.pool[:n]], corpus.item[trial.test]
        )
        for trial in fold.trials
    ]
    said = recipe.predict(
        crowd,
        people,
        low=corpus.scale.values[0],
        high=corpus.scale.values[-1],
        seed=100 * fold.number + n,
        all_labels=all_labels,
    )
    for trial, mean in zip(fold.trials, said, strict=True):
        figures = figures_of(mean, corpus.rating[trial.test], corpus.scale.threshold)
        found.add(RECIPE_ALL if all_labels else RECIPE, n, trial, figures)
    return found


def of_fold(corpus: Corpus, fold: Fold, part: str, labels: tuple[int, ...] = LABELS) -> Collected:
    """Return what one part of the models says, for a process of its own.

    Args:
        corpus: of everybody.
        fold: whom to fit and whom to predict.
        part: "ours", "without text", "means", "recipe 5", "all labels 20" and so on.
        labels: numbers of labels, for all but the recipe, which names its own.
    """
    if part == "means":
        return means(corpus, fold, labels=labels)
    if part in ("ours", "without text"):
        return ours(corpus, fold, use_text=part == "ours", labels=labels)
    name, _, number = part.rpartition(" ")
    return retrained(corpus, fold, n=int(number), all_labels=name == "all labels")
