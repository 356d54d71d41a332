"""The sample's simulated raters: opinion groups, their demographics, and how they rate.

A rater puts a comment on one of five levels by an ordinal response with thresholds of his or her
own, the form of the graded response model (Samejima 1969): the level is the number of
thresholds that the comment's severity, as seen by the rater's group, plus noise, exceeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DEMOGRAPHIC_COLUMNS: Final = (
    "gender",
    "political_affilation",
    "religion_important",
    "lgbtq_status",
    "race",
)
"""Demographic columns, named as in IndieLabel's data (spelling included)."""

_UNDECLARED_SHARE = 0.04
_LENIENCE_SPREAD = 0.45  # standard deviation between raters of one group (levels)
_GAP_SPREAD = 0.15  # of the logarithm of the distance between two thresholds
_NOISE = 0.55  # standard deviation of one rating (levels)
_LOWEST_THRESHOLD = 0.5
_FEWEST_RATERS = 3
_MOST_RATERS = 8
_ACTIVITY_SPREAD = 0.6  # standard deviation of the logarithm


@dataclass(frozen=True)
class OpinionGroup:
    """A group of raters who see some tones as more, or less, severe than others do.

    Attributes:
        name: Its name; part of no table.
        share: Share of the raters.
        leanings: Tone to what is added to the severity of its comments (levels).
        demographics: Column to value to share of the members.
    """

    name: str
    share: float
    leanings: dict[str, float]
    demographics: dict[str, dict[str, float]]


_RACE: Final = {
    "White": 0.60,
    "Black or African American": 0.13,
    "Hispanic": 0.10,
    "Asian": 0.07,
    "White, Hispanic": 0.03,
    "White, Black or African American": 0.02,
    "American Indian or Alaskan Native": 0.015,
    "Native Hawaiian or Pacific Islander": 0.015,
    "Other": 0.02,
}

OPINION_GROUPS: Final = (
    OpinionGroup(
        "easygoing",
        0.40,
        {"rude": -0.4, "mocking": -0.5, "pushy": -1.1, "partisan": -0.5, "swearing": -0.4},
        {
            "gender": {"Male": 0.66, "Female": 0.31, "Nonbinary": 0.03},
            "political_affilation": {
                "Conservative": 0.24,
                "Liberal": 0.30,
                "Independent": 0.38,
                "Other": 0.08,
            },
            "religion_important": {
                "Not important": 0.52,
                "Not too important": 0.26,
                "Somewhat important": 0.16,
                "Very important": 0.06,
            },
            "lgbtq_status": {"Heterosexual": 0.90, "Homosexual": 0.04, "Bisexual": 0.06},
            "race": _RACE,
        },
    ),
    OpinionGroup(
        "protective",
        0.34,
        {"pushy": 1.0, "mocking": 0.5, "rude": 0.2, "irreverent": -0.5, "threat": 0.3},
        {
            "gender": {"Male": 0.26, "Female": 0.69, "Nonbinary": 0.05},
            "political_affilation": {
                "Conservative": 0.12,
                "Liberal": 0.58,
                "Independent": 0.24,
                "Other": 0.06,
            },
            "religion_important": {
                "Not important": 0.42,
                "Not too important": 0.28,
                "Somewhat important": 0.20,
                "Very important": 0.10,
            },
            "lgbtq_status": {"Heterosexual": 0.74, "Homosexual": 0.10, "Bisexual": 0.16},
            "race": _RACE,
        },
    ),
    OpinionGroup(
        "devout",
        0.26,
        {"irreverent": 1.7, "swearing": 1.0, "partisan": 0.4, "pushy": 0.3},
        {
            "gender": {"Male": 0.47, "Female": 0.52, "Nonbinary": 0.01},
            "political_affilation": {
                "Conservative": 0.60,
                "Liberal": 0.14,
                "Independent": 0.20,
                "Other": 0.06,
            },
            "religion_important": {
                "Not important": 0.03,
                "Not too important": 0.07,
                "Somewhat important": 0.25,
                "Very important": 0.65,
            },
            "lgbtq_status": {"Heterosexual": 0.95, "Homosexual": 0.02, "Bisexual": 0.03},
            "race": _RACE,
        },
    ),
)


@dataclass(frozen=True)
class Crowd:
    """The raters and what each would say of every comment.

    Attributes:
        raters: Canonical table `raters`, ordered by rater id.
        groups: int64 (raters,), index into `OPINION_GROUPS`.
        levels: int8 (raters, comments), 0 to 4: the rating if this rater were asked.
    """

    raters: pd.DataFrame
    groups: NDArray[np.int64]
    levels: NDArray[np.int8]


def simulate_crowd(
    severity: NDArray[np.float64],
    tones: list[str],
    n_raters: int,
    generator: np.random.Generator,
) -> Crowd:
    """Simulate raters and their opinion of every comment.

    Args:
        severity: (comments,) in levels: about 0 (nobody minds) to 4.
        tones: Tone of each comment, which the groups' leanings refer to.
        n_raters: How many raters there are; at least 8.
        generator: Source of all randomness.

    Raises:
        ValueError: `n_raters` is less than a comment may need.
    """
    if n_raters < _MOST_RATERS:
        raise ValueError(f"n_raters must be at least {_MOST_RATERS}")
    groups = _shuffled_groups(generator, n_raters)
    raters = _raters(generator, groups)
    leanings = np.array(
        [[group.leanings.get(tone, 0.0) for tone in tones] for group in OPINION_GROUPS]
    )
    lenience = generator.normal(0.0, _LENIENCE_SPREAD, n_raters)
    gaps = np.exp(generator.normal(0.0, _GAP_SPREAD, (n_raters, 3)))
    lowest = _LOWEST_THRESHOLD + lenience
    thresholds = lowest[:, None] + np.concatenate(
        [np.zeros((n_raters, 1)), np.cumsum(gaps, axis=1)], axis=1
    )
    noise = generator.normal(0.0, _NOISE, (n_raters, len(severity)))
    seen = severity[None, :] + leanings[groups] + noise
    levels = np.zeros(seen.shape, dtype=np.int8)
    for threshold in thresholds.T:
        levels += seen > threshold[:, None]
    return Crowd(raters, groups, levels)


def draw_ratings(
    crowd: Crowd, item_ids: NDArray[np.int64], generator: np.random.Generator
) -> pd.DataFrame:
    """Let three to eight raters rate each comment; some raters are far busier than others.

    Returns:
        Canonical table `comment_ratings`, ordered by rater id and item id. Everybody has rated
        something, given the sample's sizes.
    """
    n_raters, n_comments = len(crowd.raters), len(item_ids)
    activity = generator.normal(0.0, _ACTIVITY_SPREAD, n_raters)
    # The raters with the largest keys are a draw without replacement (Gumbel's top-k trick).
    keys = activity[:, None] + generator.gumbel(size=(n_raters, n_comments))
    ranked = np.argsort(-keys, axis=0, kind="stable")[:_MOST_RATERS]
    counts = generator.integers(_FEWEST_RATERS, _MOST_RATERS + 1, n_comments)
    chosen = np.arange(_MOST_RATERS)[:, None] < counts[None, :]
    every_item = np.broadcast_to(np.arange(n_comments), ranked.shape)
    raters, items = ranked[chosen], every_item[chosen]
    order = np.lexsort((items, raters))
    raters, items = raters[order], items[order]
    return pd.DataFrame(
        {
            "rater_id": crowd.raters["rater_id"].take(raters).reset_index(drop=True),
            "item_id": item_ids[items],
            "rating": crowd.levels[raters, items].astype(np.float64),
        }
    )


def _shuffled_groups(generator: np.random.Generator, n_raters: int) -> NDArray[np.int64]:
    """Return the group of each rater; sizes follow the shares exactly."""
    bounds = np.cumsum([group.share for group in OPINION_GROUPS])
    groups = np.searchsorted(bounds, (np.arange(n_raters) + 0.5) / n_raters).astype(np.int64)
    return generator.permutation(np.minimum(groups, len(OPINION_GROUPS) - 1))


def _raters(generator: np.random.Generator, groups: NDArray[np.int64]) -> pd.DataFrame:
    width = max(4, len(str(len(groups))))
    frame = pd.DataFrame(
        {"rater_id": [f"rater-{number + 1:0{width}d}" for number in range(len(groups))]},
        dtype="str",
    )
    for column in DEMOGRAPHIC_COLUMNS:
        values = list(OPINION_GROUPS[0].demographics[column])
        bounds = np.cumsum(
            [[group.demographics[column][value] for value in values] for group in OPINION_GROUPS],
            axis=1,
        )
        drawn = (generator.random(len(groups))[:, None] > bounds[groups, :-1]).sum(axis=1)
        declared = generator.random(len(groups)) >= _UNDECLARED_SHARE
        said = pd.Series([values[position] for position in drawn], dtype="str")
        frame[column] = said.where(pd.Series(declared))
    return frame
