"""The constitution as one strict JSON document, the same from the same ratings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from labelaudit_dagster.constitution.decision import DECISION_COLUMNS, UNCERTAINTY_COLUMNS
from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.perspectives import SIDES
from labelaudit_dagster.constitution.reasons import STATUSES
from labelaudit_dagster.constitution.rule import NO_INERTIA, AcceptanceRule, Inertia
from labelaudit_dagster.constitution.strict_json import strict_json, utc_text

SCHEMA_VERSION = 1
"""Raised when a field of the document changes its meaning."""

SOLVER_FIELDS = ("method", "status", "loss", "kkt", "sweeps", "seconds")
"""What every solver report must say; it may say more."""


def constitution_document(
    decisions: pd.DataFrame,
    *,
    rule: AcceptanceRule,
    solver: Mapping[str, Any],
    parameters: Mapping[str, Any],
    n_raters: int,
    version: str,
    created_at: datetime,
    provenance: Mapping[str, Any],
    mu: float | None = None,
    inertia: Inertia = NO_INERTIA,
) -> dict[str, Any]:
    """Return the document that `labelaudit constitution --json --all` prints.

    Everything but `version`, `created_at`, `provenance` and `solver.seconds` follows from the
    ratings; with inertia, from them and from what is published as accepted. Guidelines are ordered
    by status (accepted, undecided, rejected, too few ratings), then by falling consensus score
    (missing last), then by id.

    Args:
        decisions: the frame of `decide_constitution`.
        rule: the rule that made them; its values join `parameters`.
        solver: the solver's report with at least `SOLVER_FIELDS`.
        parameters: the model's options (`lambda_intercept`, `lambda_factor`, `ndim`, ...).
        n_raters: people with at least one rating.
        version: version of this constitution.
        created_at: when it was made, with a zone.
        provenance: hashes and times of what it was made from.
        mu: global intercept of the solution.
        inertia: that of the decisions; its values join `parameters`.

    Returns:
        A document of plain JSON types, NaN as None, keys in the documented order.

    Raises:
        ConstitutionError: a column or a solver field is missing, a parameter contradicts the
            rule, `created_at` has no zone, or a value cannot be expressed in JSON.
    """
    for column in DECISION_COLUMNS:
        if column not in decisions.columns:
            raise ConstitutionError(f"The decisions lack the column {column!r}.")
    for name in SOLVER_FIELDS:
        if name not in solver:
            raise ConstitutionError(f"The solver report lacks the field {name!r}.")
    decided_with = {**rule.to_dict(), **inertia.to_dict()}
    for name, value in decided_with.items():
        if name in parameters and parameters[name] != value:
            raise ConstitutionError(
                f"parameters.{name} is {parameters[name]!r}, but the decisions were made"
                f" with {value!r}."
            )
    guidelines = sorted(map(_guideline, decisions.to_dict("records")), key=_document_order)
    accepted = sorted(row["guideline_id"] for row in guidelines if row["status"] == "accepted")
    counts = {status: sum(row["status"] == status for row in guidelines) for status in STATUSES}
    document = {
        "version": version,
        "created_at": utc_text(created_at, "created_at"),
        "provenance": provenance,
        "solver": {
            **{name: solver[name] for name in SOLVER_FIELDS},
            **{name: value for name, value in solver.items() if name not in SOLVER_FIELDS},
        },
        "parameters": {**parameters, **decided_with},
        "n_raters": n_raters,
        "n_guidelines": len(guidelines),
        "n_ratings": sum(row["n_ratings"] for row in guidelines),
        "accepted": accepted,
        "guidelines": guidelines,
        "counts": counts,
        "mu": mu,
        "schema_version": SCHEMA_VERSION,
    }
    # The guidelines are plain already, and by far the largest part.
    return {
        name: value if name == "guidelines" else strict_json(value, name)
        for name, value in document.items()
    }


def _guideline(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return one guideline's record."""
    record = {
        "guideline_id": row["guideline_id"],
        "text": row["text"],
        "n_ratings": row["n_ratings"],
        "raw_support": row["raw_support"],
        "intercept": row["intercept"],
        "factor": list(row["factor"]),
        "consensus_score": row["consensus_score"],
        "status": row["status"],
        "reasons": [dict(reason) for reason in row["reasons"]],
        "topic_id": row["topic_id"],
        "kept_by_inertia": row["kept_by_inertia"],
        "n_helpful": row["n_helpful"],
        "numerical_error": row["numerical_error"],
        "support_by_side": {
            side: {"n_ratings": row[f"n_{side}"], "raw_support": row[f"support_{side}"]}
            for side in SIDES
        },
        **{name: row[name] for name in UNCERTAINTY_COLUMNS},
    }
    plain: dict[str, Any] = strict_json(record, f"guideline {row['guideline_id']!r}")
    return plain


def _document_order(record: Mapping[str, Any]) -> tuple[int, float, str]:
    """Return the documented place of a guideline."""
    score = record["consensus_score"]
    falling = float("inf") if score is None else -score
    return STATUSES.index(record["status"]), falling, record["guideline_id"]
