"""The sample's corpus: comments, ratings of a simulated crowd, and a system with two faults."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.importers import (
    CATEGORY_SHARES,
    Corpus,
    SourceIdentity,
    guideline_fingerprint,
)
from labelaudit_dagster.sample.comment_grammar import write_comments
from labelaudit_dagster.sample.crowd import Crowd, draw_ratings, simulate_crowd
from labelaudit_dagster.sample.system_faults import FAULTY_THEMES, PlantedFault

_SOURCE_NAME = "labelaudit:sample"
_SENTENCE_SPREAD = 0.2  # of the severity between sentences of one tone (levels)
_COMMENT_SPREAD = 0.1  # between comments of one sentence (levels)
_SYSTEM_NOISE = 0.3
_SYSTEM_DIGITS = 3


@dataclass(frozen=True)
class _Tone:
    """What people see in a tone.

    Attributes:
        severity: on 0 to 4, before the differences between sentences.
        shares: of raters who call it profane, a threat, an identity attack, an insult, sexual
            harassment.
    """

    severity: float
    shares: tuple[float, float, float, float, float]


_TONES: Final = {
    "warm": _Tone(0.0, (0.00, 0.00, 0.00, 0.00, 0.01)),
    "plain": _Tone(0.1, (0.00, 0.00, 0.00, 0.01, 0.00)),
    "grumpy": _Tone(0.7, (0.03, 0.01, 0.01, 0.10, 0.00)),
    "banter": _Tone(0.4, (0.04, 0.06, 0.00, 0.04, 0.00)),
    "swearing": _Tone(1.1, (0.80, 0.02, 0.00, 0.12, 0.00)),
    "irreverent": _Tone(1.4, (0.06, 0.00, 0.45, 0.20, 0.00)),
    "mocking": _Tone(1.9, (0.02, 0.01, 0.03, 0.75, 0.01)),
    "partisan": _Tone(2.0, (0.04, 0.01, 0.50, 0.60, 0.00)),
    "rude": _Tone(2.9, (0.25, 0.03, 0.06, 0.93, 0.01)),
    "pushy": _Tone(2.7, (0.03, 0.12, 0.05, 0.22, 0.85)),
    "threat": _Tone(3.3, (0.06, 0.92, 0.02, 0.30, 0.00)),
    "cutting": _Tone(3.2, (0.00, 0.01, 0.12, 0.88, 0.00)),
}


@dataclass(frozen=True)
class Simulation:
    """Everything that was simulated, the hidden part included.

    Attributes:
        corpus: The corpus.
        crowd: What every rater would say of every comment.
        severity: float64 (comments,), of each comment in item order.
        origins: Frame `item_id`, `theme`, `tone`, in item order.
    """

    corpus: Corpus
    crowd: Crowd
    severity: NDArray[np.float64]
    origins: pd.DataFrame


def corpus(seed: int = 0, n_raters: int = 360) -> Corpus:
    """Simulate the sample's corpus; the same arguments give the same corpus, to the bit.

    Comments of sixteen themes in several tones, in random order, each rated from 0 to 4 by three
    to eight people of three opinion groups. The system's score is the mean of the whole crowd
    plus noise, but for two themes (see `planted_faults`).

    Args:
        seed: Seed of the simulation.
        n_raters: How many raters there are; at least 8.

    Raises:
        ValueError: `n_raters` is too small.
    """
    made = simulate(seed, n_raters).corpus
    # The simulation is kept, so nobody gets its own frames.
    scores = made.system_ratings
    assert scores is not None  # noqa: S101 - the sample has a system
    return Corpus.of_tables(
        comments=made.comments.copy(),
        raters=made.raters.copy(),
        comment_ratings=made.comment_ratings.copy(),
        system_ratings=scores.copy(),
        scale=made.scale,
        identity=made.identity,
    )


def planted_themes(seed: int = 0) -> pd.DataFrame:
    """Return where each comment comes from: columns `item_id`, `theme` and `tone`."""
    return simulate(seed).origins.copy()


def planted_faults(seed: int = 0) -> tuple[PlantedFault, ...]:
    """Return the faults of the sample's system: first over-, then under-sensitive.

    The rest of the system's errors is noise without direction.
    """
    origins = simulate(seed).origins
    return tuple(
        PlantedFault(
            theme=fault.theme,
            direction=fault.direction,
            item_ids=tuple(origins.loc[origins["theme"] == fault.theme, "item_id"].tolist()),
        )
        for fault in FAULTY_THEMES
    )


@lru_cache(maxsize=2)
def simulate(seed: int = 0, n_raters: int = 360) -> Simulation:
    """Simulate the sample with its hidden part; see `corpus`.

    The result is shared between callers, who must not change it.
    """
    generator = np.random.default_rng(seed)
    written = write_comments(seed)
    written = [written[position] for position in generator.permutation(len(written))]
    item_ids = np.arange(1, len(written) + 1, dtype=np.int64)
    origins = pd.DataFrame(
        {
            "item_id": item_ids,
            "theme": pd.Series([comment.theme for comment in written], dtype="str"),
            "tone": pd.Series([comment.tone for comment in written], dtype="str"),
        }
    )
    tones = [comment.tone for comment in written]
    sentences = sorted({(c.theme, c.tone, c.sentence) for c in written})
    number = {sentence: position for position, sentence in enumerate(sentences)}
    of_sentence = generator.normal(0.0, _SENTENCE_SPREAD, len(sentences))
    severity = np.array([_TONES[tone].severity for tone in tones])
    severity += of_sentence[[number[c.theme, c.tone, c.sentence] for c in written]]
    severity += generator.normal(0.0, _COMMENT_SPREAD, len(written))

    crowd = simulate_crowd(severity, tones, n_raters, generator)
    ratings = draw_ratings(crowd, item_ids, generator)
    texts = [comment.text for comment in written]
    comments = pd.DataFrame(
        {
            "item_id": item_ids,
            "source_item_id": pd.Series([str(item) for item in item_ids], dtype="str"),
            "text": pd.Series(texts, dtype="str"),
            **_category_shares(tones, ratings, item_ids, generator),
        }
    )
    scores = _system_scores(crowd, origins["theme"], generator)
    pairs = zip(comments["source_item_id"], texts, strict=True)
    made = Corpus.of_tables(
        comments=comments,
        raters=crowd.raters,
        comment_ratings=ratings,
        system_ratings=pd.DataFrame({"item_id": item_ids, "system_rating": scores}),
        scale=TOXICITY_SCALE,
        identity=SourceIdentity("sample", _SOURCE_NAME, guideline_fingerprint(pairs)),
    )
    return Simulation(made, crowd, severity, origins)


def _category_shares(
    tones: list[str],
    ratings: pd.DataFrame,
    item_ids: NDArray[np.int64],
    generator: np.random.Generator,
) -> dict[str, NDArray[np.float64]]:
    """Let each comment's raters tick categories; a share is a count over their number."""
    counts = np.bincount(ratings["item_id"], minlength=len(item_ids) + 1)[item_ids]
    chances = np.array([_TONES[tone].shares for tone in tones])
    ticked = generator.binomial(counts[:, None], chances)
    shares = ticked / counts[:, None]
    return {spec.name: shares[:, column] for column, spec in enumerate(CATEGORY_SHARES)}


def _system_scores(
    crowd: Crowd, themes: pd.Series[str], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Score as the whole crowd does, with noise, and shifted on the faulty themes."""
    scores = crowd.levels.mean(axis=0, dtype=np.float64)
    scores += generator.normal(0.0, _SYSTEM_NOISE, len(scores))
    for fault in FAULTY_THEMES:
        scores += np.where(themes == fault.theme, fault.shift, 0.0)
    highest = TOXICITY_SCALE.values[-1]
    within: NDArray[np.float64] = np.clip(np.round(scores, _SYSTEM_DIGITS), 0.0, highest)
    return within + 0.0  # turns -0.0 into 0.0
