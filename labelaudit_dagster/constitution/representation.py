"""Does the constitution represent a person: what the model expects them to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from labelaudit_dagster.factorization import (
    FactorizationParameters,
    ModelParameters,
    RatingTriples,
    fold_in,
    predict,
)

HELPFUL_FROM = 0.5
"""A guideline is expected to be found helpful from this predicted rating on."""


@dataclass(frozen=True)
class Expectation:
    """What the model expects a person to say of a guideline.

    Attributes:
        guideline_id: its id.
        expected: predicted rating, 0 (not helpful) to 1 (helpful).
        said: what they said; None where they have not rated it.
    """

    guideline_id: str
    expected: float
    said: bool | None


@dataclass(frozen=True)
class Representation:
    """A person beside the constitution.

    Attributes:
        n_ratings: ratings of the person that the model could use.
        leniency: how much more readily than others they find guidelines helpful.
        factor: where they stand in the range of perspectives, one number for each dimension.
        n_accepted: accepted guidelines.
        n_expected_helpful: those that they are expected to find helpful.
        unwanted: accepted, and expected to be found not helpful; least wanted first.
        missing: not accepted, and expected to be found helpful; most wanted first.
    """

    n_ratings: int
    leniency: float
    factor: tuple[float, ...]
    n_accepted: int
    n_expected_helpful: int
    unwanted: tuple[Expectation, ...]
    missing: tuple[Expectation, ...]


def representation(document: Mapping[str, Any], ratings: Mapping[str, bool]) -> Representation:
    """Fold a person into the solution of a constitution, and compare.

    The person's leniency and factor are the optimum given all guidelines' parameters, as if they
    had taken part in the solution without moving it; so their newest ratings count. Without any
    rating they are nobody in particular, of no leniency and no side.

    Args:
        document: the constitution as `constitution_document` makes it.
        ratings: their ratings by guideline id; of guidelines that nobody had rated they tell
            nothing.
    """
    rated = sorted(
        (row for row in document["guidelines"] if row["intercept"] is not None),
        key=lambda row: str(row["guideline_id"]),
    )
    place = {row["guideline_id"]: at for at, row in enumerate(rated)}
    used = {key: value for key, value in ratings.items() if key in place}
    model = _with_person(document, rated, {place[key]: value for key, value in used.items()})
    expected = _expected(model, len(rated))
    found = [
        Expectation(row["guideline_id"], value, ratings.get(row["guideline_id"]))
        for row, value in zip(rated, expected, strict=True)
    ]
    accepted = set(document["accepted"])
    inside = [one for one in found if one.guideline_id in accepted]
    unwanted = [one for one in inside if one.expected < HELPFUL_FROM]
    missing = [
        one
        for one in found
        if one.guideline_id not in accepted and one.expected >= HELPFUL_FROM
    ]  # fmt: skip
    return Representation(
        n_ratings=len(used),
        leniency=float(model.rater_intercept[0]),
        factor=tuple(float(value) for value in model.rater_factor[0]),
        n_accepted=len(inside),
        n_expected_helpful=len(inside) - len(unwanted),
        unwanted=tuple(sorted(unwanted, key=lambda one: (one.expected, one.guideline_id))),
        missing=tuple(sorted(missing, key=lambda one: (-one.expected, one.guideline_id))),
    )


def _with_person(
    document: Mapping[str, Any], rated: list[Mapping[str, Any]], ratings: Mapping[int, bool]
) -> ModelParameters:
    """Return the solution with the person as its only rater."""
    ndim = len(rated[0]["factor"]) if rated else 1
    model = ModelParameters(
        mu=float(document["mu"]),
        rater_intercept=np.zeros(1),
        item_intercept=np.array([row["intercept"] for row in rated], dtype=np.float64),
        rater_factor=np.zeros((1, ndim)),
        item_factor=np.array([row["factor"] for row in rated], dtype=np.float64).reshape(-1, ndim),
    )
    if not ratings:
        return model
    columns = np.array(sorted(ratings), dtype=np.int64)
    triples = RatingTriples.from_arrays(
        np.zeros(len(columns), dtype=np.int64),
        columns,
        np.array([float(ratings[at]) for at in columns.tolist()]),
        n_rows=1,
        n_cols=len(rated),
    )
    names = {field.name for field in fields(FactorizationParameters)}
    options = FactorizationParameters(
        **{name: value for name, value in document["parameters"].items() if name in names}
    )
    intercept, factor = fold_in(triples, model, options)
    return ModelParameters(
        mu=model.mu,
        rater_intercept=intercept,
        item_intercept=model.item_intercept,
        rater_factor=factor,
        item_factor=model.item_factor,
    )


def _expected(model: ModelParameters, n_rated: int) -> list[float]:
    """Return the predicted rating of each rated guideline, within 0 to 1."""
    if not n_rated:
        return []
    predicted = predict(model, np.zeros(n_rated, dtype=np.int64), np.arange(n_rated))
    return [float(value) for value in np.clip(predicted, 0.0, 1.0)]
