"""A simulated person who labels twenty comments of the sample, for demonstrations and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.sample.corpus_simulation import simulate

DEMO_USER: Final = "demo"
"""Name of the simulated person."""

DEMO_MODEL: Final = "my_model"
"""Name of that person's model: the one that the labelling page suggests."""

_BIN_EDGES: Final = (0.5, 1.5, 2.5, 3.5)
_PER_BIN: Final = (2, 4, 8, 4, 2)
_NOISE = 0.25  # standard deviation of one label (levels)
_LENIENCE = -0.1  # below the thresholds of an average rater: a little stricter (levels)


@dataclass(frozen=True, eq=False)
class DemoUser:
    """A person and the labels that he or she gave.

    Attributes:
        user_id: The name.
        model: The model that the labels belong to.
        labels: Frame `item_id` (int64), `rating` (float64, a value of the sample's scale), in the
            order of labelling; no comment twice.
    """

    user_id: str
    model: str
    labels: pd.DataFrame


def demo_user(seed: int = 0) -> DemoUser:
    """Simulate a person who labels a stratified pick of the sample: 2, 4, 8, 4 and 2 comments.

    The five strata are those of the system's score in IndieLabel (around 0, 1, 2, 3 and 4). The
    person judges like the crowd's middle, whatever the theme.

    Args:
        seed: Seed of the sample that is labelled.
    """
    simulation = simulate(seed)
    scores = simulation.corpus.table("system_ratings")["system_rating"].to_numpy()
    generator = np.random.default_rng([seed, 21])
    rows = _stratified_rows(scores, generator)
    severity = simulation.severity[rows] + generator.normal(0.0, _NOISE, len(rows))
    thresholds = np.arange(4) + 0.5 + _LENIENCE
    levels = (severity[:, None] > thresholds).sum(axis=1)
    labels = pd.DataFrame(
        {
            "item_id": simulation.origins["item_id"].to_numpy()[rows],
            "rating": levels.astype(np.float64),
        }
    )
    return DemoUser(DEMO_USER, DEMO_MODEL, labels)


def _stratified_rows(
    scores: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.int64]:
    strata = np.digitize(scores, _BIN_EDGES)
    picked = [
        generator.permutation(np.flatnonzero(strata == stratum))[:count]
        for stratum, count in enumerate(_PER_BIN)
    ]
    return generator.permutation(np.concatenate(picked))
