"""The decision: one row for every guideline, with its status and its reasons."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import ItemEstimates, ItemUncertainty, unique_ids
from labelaudit_dagster.constitution.perspectives import SIDES
from labelaudit_dagster.constitution.reasons import reasons_for, status_of
from labelaudit_dagster.constitution.rule import (
    NO_INERTIA,
    AcceptanceRule,
    Inertia,
    accepted_mask,
    consensus_score,
    raw_support,
)

SIDE_COLUMNS = tuple(f"{what}_{side}" for side in SIDES for what in ("n", "support"))
"""Columns of `support_by_side` that a decision carries."""

UNCERTAINTY_COLUMNS = (
    "standard_error",
    "interval_low",
    "interval_high",
    "p_accepted",
    "n_flipping_raters",
)
"""Columns of sampling uncertainty that a decision carries."""

DECISION_COLUMNS = (
    "guideline_id",
    "text",
    "topic_id",
    "n_ratings",
    "n_helpful",
    "raw_support",
    "intercept",
    "numerical_error",
    "factor",
    "consensus_score",
    "status",
    "reasons",
    "kept_by_inertia",
    *SIDE_COLUMNS,
    *UNCERTAINTY_COLUMNS,
)
"""Columns of a decision, in order."""


def decide_constitution(
    guidelines: pd.DataFrame,
    estimates: ItemEstimates,
    rule: AcceptanceRule,
    *,
    uncertainty: ItemUncertainty | None = None,
    sides: pd.DataFrame | None = None,
    inertia: Inertia = NO_INERTIA,
    published: Collection[str] = frozenset(),
) -> pd.DataFrame:
    """Apply the rule to every guideline and say why.

    Args:
        guidelines: columns `guideline_id` (unique) and `text`, optionally `topic_id`; every
            guideline of the community, rated or not. Further columns are ignored.
        estimates: counts and parameters of the rated ones.
        rule: the tests.
        uncertainty: sampling uncertainty, where it has been computed.
        sides: the result of `support_by_side`, where it has been computed.
        inertia: how far what is published as accepted may fall and stay.
        published: ids of the guidelines that are published as accepted; without inertia they
            count for nothing.

    Returns:
        One row per guideline, ordered by id (code points), with `DECISION_COLUMNS`: counts int64,
        `n_<side>` and `n_flipping_raters` Int64, other numbers float64 with NaN for what is not
        known, `factor` a list of k floats (empty where nobody has rated), `status` one of
        `STATUSES`, `reasons` a list of `Reason`, and `kept_by_inertia` whether it is accepted but
        would not get in anew.

    Raises:
        ConstitutionError: a column is missing, an id occurs twice or is no string, a text is
            missing, or an estimated guideline is not among the guidelines.
    """
    known = _guideline_columns(guidelines)
    index = pd.Index(known["guideline_id"], dtype=object)
    position = index.get_indexer(pd.Index(list(estimates.guideline_ids), dtype=object))
    if np.any(position < 0):
        stranger = min(np.asarray(estimates.guideline_ids, dtype=object)[position < 0])
        raise ConstitutionError(
            f"guideline_ids holds {stranger!r}, which is not in the guidelines table; leave its"
            " ratings out or add the guideline."
        )
    n = len(index)
    n_ratings = _spread(estimates.n_ratings, position, n, 0)
    n_helpful = _spread(estimates.n_helpful, position, n, 0)
    intercept = _spread(estimates.intercepts, position, n, np.nan)
    error = _spread(estimates.numerical_errors, position, n, np.nan)
    support = raw_support(n_helpful, n_ratings)
    factors: list[list[float]] = [[] for _ in range(n)]
    for row, factor in zip(position.tolist(), estimates.factors.tolist(), strict=True):
        factors[row] = factor

    keeping = inertia.keeping(rule)
    held = set(published) if inertia else set()
    reasons = [
        reasons_for(
            count,
            helpful,
            share if count else None,
            value if count else None,
            slack if count else 0.0,
            rule,
            keeping if key in held else None,
        )
        for key, count, helpful, share, value, slack in zip(
            known["guideline_id"],
            n_ratings.tolist(),
            n_helpful.tolist(),
            support.tolist(),
            intercept.tolist(),
            error.tolist(),
            strict=True,
        )
    ]
    statuses = [status_of(tests) for tests in reasons]
    anew = accepted_mask(intercept, n_ratings, support, rule)
    decisions = known.assign(
        n_ratings=n_ratings,
        n_helpful=n_helpful,
        raw_support=support,
        intercept=intercept,
        numerical_error=error,
        factor=pd.Series(factors, dtype=object),
        consensus_score=consensus_score(support, intercept),
        status=pd.Series(statuses, dtype=object),
        reasons=pd.Series(reasons, dtype=object),
        kept_by_inertia=[
            status == "accepted" and not passes
            for status, passes in zip(statuses, anew.tolist(), strict=True)
        ],
    )
    decisions = decisions.merge(_side_columns(sides), on="guideline_id", how="left")
    decisions = decisions.merge(_uncertainty_columns(uncertainty), on="guideline_id", how="left")
    return decisions[list(DECISION_COLUMNS)]


def _guideline_columns(guidelines: pd.DataFrame) -> pd.DataFrame:
    """Return id, text and topic of all guidelines as plain objects, ordered by id."""
    for column in ("guideline_id", "text"):
        if column not in guidelines.columns:
            raise ConstitutionError(f"The guidelines table lacks the column {column!r}.")
    ids = unique_ids("guideline_id", guidelines["guideline_id"].tolist())
    texts = guidelines["text"].tolist()
    topics = (
        guidelines["topic_id"].tolist()
        if "topic_id" in guidelines.columns
        else [None] * len(guidelines)
    )
    for guideline_id, text in zip(ids, texts, strict=True):
        if not isinstance(text, str):
            raise ConstitutionError(f"text of guideline {guideline_id!r} is missing.")
    rows = sorted(zip(ids, texts, topics, strict=True), key=lambda row: row[0])
    return pd.DataFrame(
        {
            "guideline_id": pd.Series([row[0] for row in rows], dtype=object),
            "text": pd.Series([row[1] for row in rows], dtype=object),
            "topic_id": pd.Series(
                [row[2] if isinstance(row[2], str) else None for row in rows], dtype=object
            ),
        }
    )


def _spread(values: np.ndarray, position: np.ndarray, n: int, missing: float) -> np.ndarray:
    """Return values of the estimated guidelines in rows of all guidelines."""
    column = np.full(n, missing, dtype=values.dtype)
    column[position] = values
    return column


def _side_columns(sides: pd.DataFrame | None) -> pd.DataFrame:
    """Return the columns of `support_by_side`, or an empty frame with the same columns."""
    if sides is not None:
        missing = {"guideline_id", *SIDE_COLUMNS} - set(sides.columns)
        if missing:
            raise ConstitutionError(f"sides lacks the column {min(missing)!r}.")
        unique_ids("guideline_id of sides", sides["guideline_id"].tolist())
        frame = sides[["guideline_id", *SIDE_COLUMNS]]
    else:
        frame = pd.DataFrame({column: [] for column in ("guideline_id", *SIDE_COLUMNS)})
    types = {name: "Int64" if name.startswith("n_") else "float64" for name in SIDE_COLUMNS}
    return frame.astype({"guideline_id": object, **types})


def _uncertainty_columns(uncertainty: ItemUncertainty | None) -> pd.DataFrame:
    """Return uncertainty as columns, or an empty frame with the same columns."""
    if uncertainty is None:
        frame = pd.DataFrame({column: [] for column in ("guideline_id", *UNCERTAINTY_COLUMNS)})
    else:
        flips = uncertainty.n_flipping_raters
        frame = pd.DataFrame(
            {
                "guideline_id": list(uncertainty.guideline_ids),
                "standard_error": uncertainty.standard_error,
                "interval_low": uncertainty.interval_low,
                "interval_high": uncertainty.interval_high,
                "p_accepted": uncertainty.p_accepted,
                "n_flipping_raters": (
                    pd.array([pd.NA] * len(uncertainty.guideline_ids), dtype="Int64")
                    if flips is None
                    else pd.array(flips, dtype="Int64")
                ),
            }
        )
    types = {
        name: "Int64" if name == "n_flipping_raters" else "float64" for name in UNCERTAINTY_COLUMNS
    }
    return frame.astype({"guideline_id": object, **types})
