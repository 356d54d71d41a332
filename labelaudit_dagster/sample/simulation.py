"""Simulated raters of the sample's guidelines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from labelaudit_dagster.importers import (
    Community,
    SourceIdentity,
    TableCounts,
    empty_table,
    guideline_fingerprint,
)

KINDS: Final = ("consensus", "polarising", "unpopular", "ordinary")
"""The declared kinds of guidelines."""

EPOCH: Final = datetime(2025, 3, 3, 8, tzinfo=UTC)
"""When the simulated rating begins."""

_SOURCE_NAME = "labelaudit:sample"
_DAYS = 21
_SECONDS_BETWEEN_RATINGS = (4, 30)
_FEWEST_RATINGS = 8
_TYPICAL_RATINGS = 36
_RATINGS_SPREAD = 0.45  # standard deviation of the logarithm
_LENIENCE_SPREAD = 0.5  # standard deviation in log-odds between raters of one group


@dataclass(frozen=True)
class _Group:
    """An opinion group: its share of the raters and the make-up of its members."""

    name: str
    share: float
    demographics: dict[str, dict[str, float]]


_GROUPS = (
    _Group(
        "careful",
        0.64,
        {
            "age_band": {"18-29": 0.15, "30-44": 0.25, "45-64": 0.38, "65+": 0.22},
            "education": {"school": 0.34, "vocational": 0.30, "university": 0.36},
            "region": {"city": 0.38, "suburb": 0.37, "country": 0.25},
        },
    ),
    _Group(
        "free",
        0.30,
        {
            "age_band": {"18-29": 0.36, "30-44": 0.36, "45-64": 0.21, "65+": 0.07},
            "education": {"school": 0.22, "vocational": 0.28, "university": 0.50},
            "region": {"city": 0.52, "suburb": 0.26, "country": 0.22},
        },
    ),
    _Group(
        "mixed",
        0.06,
        {
            "age_band": {"18-29": 0.25, "30-44": 0.25, "45-64": 0.25, "65+": 0.25},
            "education": {"school": 0.34, "vocational": 0.33, "university": 0.33},
            "region": {"city": 0.30, "suburb": 0.20, "country": 0.50},
        },
    ),
)
_UNDECLARED_SHARE = 0.06  # of participants who leave a demographic question open


def community(seed: int = 0, n_raters: int = 400) -> Community:
    """Simulate the sample's community.

    Each rater belongs to an opinion group, has a personal leniency, and rates a random few
    dozen of the guidelines in one sitting. The same arguments give the same community.

    Args:
        seed: Seed of the simulation.
        n_raters: How many raters take part; at least 1.

    Raises:
        ValueError: `n_raters` is less than 1.
    """
    if n_raters < 1:
        raise ValueError("n_raters must be at least 1")
    document = _document()
    generator = np.random.default_rng(seed)
    guidelines = _guidelines(document)
    groups = _shuffled_groups(generator, n_raters)
    participants = _participants(generator, groups)
    ratings = _ratings(generator, groups, document, participants, guidelines)
    topics = pd.DataFrame(document["topics"], dtype="str").assign(parent_id=None)
    topics["parent_id"] = topics["parent_id"].astype("str")
    topics = topics.sort_values("topic_id", ignore_index=True)
    tables = {
        "participants": participants,
        "topics": topics,
        "guidelines": guidelines,
        "guideline_ratings": ratings,
    }
    pairs = zip(guidelines["guideline_id"], guidelines["text"], strict=True)
    return Community(
        participants=participants,
        topics=topics,
        guidelines=guidelines,
        guideline_ratings=ratings,
        quarantine=empty_table("quarantine"),
        counts={name: TableCounts(len(frame), len(frame), 0) for name, frame in tables.items()},
        identity=SourceIdentity("sample", _SOURCE_NAME, guideline_fingerprint(pairs)),
    )


def planted() -> pd.DataFrame:
    """Return what was planted: columns `guideline_id` and `kind` (one of `KINDS`)."""
    frame = pd.DataFrame(_document()["guidelines"])
    planted_kinds = frame[["guideline_id", "kind"]].astype("str")
    return planted_kinds.sort_values("guideline_id", ignore_index=True)


@cache
def _document() -> dict[str, Any]:
    content = files("labelaudit_dagster.sample").joinpath("guidelines.json").read_bytes()
    document: dict[str, Any] = orjson.loads(content)
    document["guidelines"].sort(key=lambda entry: entry["guideline_id"])
    return document


def _guidelines(document: dict[str, Any]) -> pd.DataFrame:
    entries = document["guidelines"]
    frame = pd.DataFrame(
        {name: [entry[name] for entry in entries] for name in ("guideline_id", "topic_id", "text")},
        dtype="str",
    )
    frame["author_id"] = pd.Series([None] * len(frame), dtype="str")
    created = pd.Timestamp(EPOCH - timedelta(days=1)).as_unit("us")
    frame["created_at"] = pd.Series([created] * len(frame), dtype="datetime64[us, UTC]")
    return frame


def _shuffled_groups(generator: np.random.Generator, n_raters: int) -> npt.NDArray[np.int64]:
    """Return the group of each rater; sizes follow the shares exactly."""
    bounds = np.cumsum([group.share for group in _GROUPS])
    groups = np.searchsorted(bounds, (np.arange(n_raters) + 0.5) / n_raters).astype(np.int64)
    return generator.permutation(np.minimum(groups, len(_GROUPS) - 1))


def _participants(generator: np.random.Generator, groups: npt.NDArray[np.int64]) -> pd.DataFrame:
    width = max(4, len(str(len(groups))))
    frame = pd.DataFrame(
        {"participant_id": [f"rater-{number + 1:0{width}d}" for number in range(len(groups))]},
        dtype="str",
    )
    for column in _GROUPS[0].demographics:
        levels = list(_GROUPS[0].demographics[column])
        bounds = np.cumsum(
            [[group.demographics[column][level] for level in levels] for group in _GROUPS], axis=1
        )
        drawn = (generator.random(len(groups))[:, None] > bounds[groups, :-1]).sum(axis=1)
        declared = generator.random(len(groups)) >= _UNDECLARED_SHARE
        values = pd.Series([levels[level] for level in drawn], dtype="str")
        frame[column] = values.where(pd.Series(declared))
    return frame


def _ratings(
    generator: np.random.Generator,
    groups: npt.NDArray[np.int64],
    document: dict[str, Any],
    participants: pd.DataFrame,
    guidelines: pd.DataFrame,
) -> pd.DataFrame:
    support = np.array(
        [[entry["support"][group.name] for entry in document["guidelines"]] for group in _GROUPS]
    )
    log_odds = np.log(support / (1 - support))
    n_raters, n_guidelines = len(groups), support.shape[1]
    wishes = generator.lognormal(np.log(_TYPICAL_RATINGS), _RATINGS_SPREAD, n_raters)
    counts = np.clip(wishes, _FEWEST_RATINGS, n_guidelines).astype(np.int64)
    lenience = generator.normal(0.0, _LENIENCE_SPREAD, n_raters)

    # Everybody sees the guidelines in an order of their own and stops after some of them.
    order = generator.random((n_raters, n_guidelines)).argsort(axis=1)
    raters = np.repeat(np.arange(n_raters), counts)
    places = np.arange(len(raters)) - np.repeat(np.cumsum(counts) - counts, counts)
    items = order[raters, places]
    chance = 1 / (1 + np.exp(-(log_odds[groups[raters], items] + lenience[raters])))
    helpful = generator.random(len(raters)) < chance

    start = generator.integers(0, _DAYS * 24 * 3600, n_raters)
    pauses = generator.integers(*_SECONDS_BETWEEN_RATINGS, size=len(raters))
    elapsed = np.cumsum(pauses)
    before = (elapsed - pauses)[np.cumsum(counts) - counts]
    seconds = start[raters] + elapsed - before[raters]
    rated_at = pd.Timestamp(EPOCH).as_unit("us") + pd.to_timedelta(seconds, unit="s")
    frame = pd.DataFrame(
        {
            "participant_id": participants["participant_id"].take(raters).reset_index(drop=True),
            "guideline_id": guidelines["guideline_id"].take(items).reset_index(drop=True),
            "helpful": helpful,
            "rated_at": pd.Series(rated_at).astype("datetime64[us, UTC]"),
        }
    )
    return frame.sort_values(["participant_id", "guideline_id"], ignore_index=True)
