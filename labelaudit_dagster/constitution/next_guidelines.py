"""Which guideline somebody should rate next: the one where one more rating matters most."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labelaudit_dagster.constitution.rule import AcceptanceRule

Why = Literal["few_ratings", "one_side_only", "near_threshold", "more_ratings"]
Side = Literal["negative", "neutral", "positive"]

_NEAR = 2.0  # standard errors
_SHARE_OF_LARGER_SIDE = 0.5
_FLAT_SPREAD = 0.1  # rating units, where there are no intercepts to learn a spread from
_SENTENCES: Mapping[Why, str] = {
    "few_ratings": "It has too few ratings to be judged.",
    "one_side_only": "One side of the community was hardly heard on it, or sees it differently.",
    "near_threshold": "It is close to being decided the other way.",
    "more_ratings": "More ratings make its result surer.",
}


@dataclass(frozen=True)
class Candidate:
    """A guideline that somebody may rate.

    Attributes:
        guideline_id: its id.
        priority: chance that one more rating changes the decision, up to a factor; larger first.
        why: the main cause.
        sentence: the same in words.
    """

    guideline_id: str
    priority: float
    why: Why
    sentence: str


def next_guidelines(
    n_ratings: Mapping[str, int],
    records: Mapping[str, Mapping[str, Any]],
    rule: AcceptanceRule,
    *,
    rated: Collection[str],
    limit: int,
    person: str,
    side: Side | None = None,
    lambda_intercept: float = 0.15,
) -> list[Candidate]:
    """Return what a person should rate next, most useful first.

    A rating is useful where it can carry the guideline across one of the two limits. For the
    intercept c with threshold t and standard error s that chance grows with

        phi((c - t) / s) / s · 1 / ((n + 1) (1 + lambda)),

    the density of the estimate at the threshold times how far one rating moves it; for raw support
    likewise; each counts as far as the other test is passed. A guideline that one side of the
    community has rated less than the other, or does not support while the other does, counts up to
    twice, for people of that side and for people whose side is not known.

    The same arguments give the same answer. Equal priorities are ordered by a hash of person and
    guideline, so that many people who come at once spread over what nobody has rated.

    Args:
        n_ratings: current number of ratings of every guideline that can be rated.
        records: guidelines of the current constitution's document by id; may lack new ones.
        rule: the tests.
        rated: what the person has rated; never returned.
        limit: most guidelines to return.
        person: the person's id, or any text.
        side: the person's side, where the model knows it.
        lambda_intercept: weight of the penalty on intercepts.
    """
    known = [row for row in records.values() if row["intercept"] is not None]
    prior = _Prior.of(known, rule)
    done = set(rated)
    candidates = [
        _candidate(key, count, records.get(key), rule, prior, side, lambda_intercept)
        for key, count in n_ratings.items()
        if key not in done
    ]
    candidates.sort(key=lambda found: (-found.priority, _shuffle(person, found.guideline_id)))
    return candidates[: max(limit, 0)]


@dataclass(frozen=True)
class _Prior:
    """What is known of a guideline before anybody rates it.

    Attributes:
        centre, spread: mean and standard deviation of the intercepts.
        sides: ratings by people of the negative and of the positive side, over all guidelines.
    """

    centre: float
    spread: float
    sides: tuple[float, float]

    @classmethod
    def of(cls, known: list[Mapping[str, Any]], rule: AcceptanceRule) -> _Prior:
        values = [float(row["intercept"]) for row in known]
        centre = math.fsum(values) / len(values) if values else rule.intercept_threshold
        squares = math.fsum((value - centre) ** 2 for value in values)
        spread = math.sqrt(squares / len(values)) if values else 0.0
        sums = [
            float(sum(row["support_by_side"][name]["n_ratings"] or 0 for row in known))
            for name in ("negative", "positive")
        ]
        return cls(centre, max(spread, _FLAT_SPREAD), (sums[0], sums[1]))


def _candidate(
    key: str,
    count: int,
    record: Mapping[str, Any] | None,
    rule: AcceptanceRule,
    prior: _Prior,
    side: Side | None,
    penalty: float,
) -> Candidate:
    chance, distance = _chance(count, record, rule, prior, penalty)
    gap, missing = _one_sidedness(record, rule, prior)
    mine = side in (None, "neutral", missing)
    priority = chance * (1.0 + (gap if mine else 0.0))
    why: Why = "more_ratings"
    if count < rule.min_ratings:
        why = "few_ratings"
    elif gap >= _SHARE_OF_LARGER_SIDE and mine:
        why = "one_side_only"
    elif distance < _NEAR:
        why = "near_threshold"
    return Candidate(key, priority, why, _SENTENCES[why])


def _chance(
    count: int,
    record: Mapping[str, Any] | None,
    rule: AcceptanceRule,
    prior: _Prior,
    penalty: float,
) -> tuple[float, float]:
    """Return the chance that one more rating decides, and the threshold's distance in errors."""
    moves = 1.0 / (max(count, 0) + 1)
    if record is None or record["intercept"] is None or record["n_ratings"] == 0:
        z = (prior.centre - rule.intercept_threshold) / prior.spread
        return _density(z) / prior.spread * moves / (1 + penalty), abs(z)
    seen = record["n_ratings"]
    share = (record["n_helpful"] + 1) / (seen + 2)  # never quite sure, however unanimous
    error_of_share = math.sqrt(share * (1 - share) / seen)
    error = record["standard_error"] or error_of_share / (1 + penalty)
    # Ratings that came since the constitution was computed narrow it further.
    narrower = math.sqrt(seen / max(count, seen))
    error, error_of_share = error * narrower, error_of_share * narrower
    z = (record["intercept"] - rule.intercept_threshold) / error
    y = (record["raw_support"] - rule.min_support) / error_of_share
    by_intercept = _density(z) / error * moves / (1 + penalty) * _below(y)
    by_support = _density(y) / error_of_share * moves * _below(z)
    return by_intercept + by_support, abs(z)


def _one_sidedness(
    record: Mapping[str, Any] | None, rule: AcceptanceRule, prior: _Prior
) -> tuple[float, Side]:
    """Return how much a guideline lacks one side, from 0 to 1, and which."""
    if record is None or min(prior.sides) == 0:
        return 0.0, "neutral"
    groups = [record["support_by_side"][name] for name in ("negative", "positive")]
    counts = [group["n_ratings"] for group in groups]
    if None in counts:
        return 0.5, "neutral"  # hidden: at least one side has hardly been heard
    supports = [group["raw_support"] for group in groups]
    if None not in supports:
        pleased = [support >= rule.min_support for support in supports]
        if pleased[0] != pleased[1]:
            return 1.0, "positive" if pleased[0] else "negative"
    heard = [count / total for count, total in zip(counts, prior.sides, strict=True)]
    if max(heard) == 0:
        return 0.0, "neutral"
    return 1 - min(heard) / max(heard), "negative" if heard[0] < heard[1] else "positive"


def _density(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _shuffle(person: str, guideline_id: str) -> bytes:
    text = f"{len(person)}:{person}{guideline_id}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest()
