"""What is posted to the platform: exactly seven keys, and the hash that identifies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import unique_ids
from labelaudit_dagster.constitution.strict_json import content_hash, strict_json

PAYLOAD_KEYS = (
    "accepted_guideline_ids",
    "guideline_intercepts",
    "user_intercepts",
    "guideline_embeddings",
    "user_embeddings",
    "guideline_scores",
    "mu",
)
"""Keys of the body that the platform accepts, in the order in which they are built."""


def publication_payload(
    document: Mapping[str, Any],
    *,
    rater_ids: Sequence[str],
    rater_intercepts: ArrayLike,
    rater_factors: ArrayLike,
    mu: float,
) -> dict[str, Any]:
    """Return the body of the POST that publishes a constitution.

    Guidelines are the rated ones of the document, whatever their status; scores are given for
    accepted ones only. All mappings are ordered by id.

    Args:
        document: the constitution as `constitution_document` makes it.
        rater_ids: the n raters with at least one rating, unique.
        rater_intercepts: b_u, finite, shape (n,).
        rater_factors: x_u, finite, shape (n, k), or (n,) for k = 1.
        mu: global intercept, finite.

    Returns:
        Mapping with `PAYLOAD_KEYS` of plain JSON types.

    Raises:
        ConstitutionError: a shape does not fit, a number is not finite, or an accepted
            guideline is not among the document's accepted guidelines.
    """
    ids: list[str] = strict_json(unique_ids("rater_ids", rater_ids), "rater_ids")
    intercepts = np.asarray(rater_intercepts, dtype=np.float64)
    factors = np.asarray(rater_factors, dtype=np.float64)
    if factors.ndim == 1:
        factors = factors[:, None]
    if intercepts.shape != (len(ids),):
        raise ConstitutionError(
            f"rater_intercepts must have shape ({len(ids)},), not {intercepts.shape}."
        )
    if factors.ndim != 2 or len(factors) != len(ids):
        raise ConstitutionError(
            f"rater_factors must have shape ({len(ids)}, k), not {factors.shape}."
        )
    for name, values in (("rater_intercepts", intercepts), ("rater_factors", factors), ("mu", mu)):
        if not np.all(np.isfinite(values)):
            raise ConstitutionError(f"{name} must be finite; nothing may be published from it.")
    rated = sorted(
        (row for row in document["guidelines"] if row["intercept"] is not None),
        key=lambda row: str(row["guideline_id"]),
    )
    width = factors.shape[1]
    if len(ids) and any(len(row["factor"]) != width for row in rated):
        raise ConstitutionError(
            f"rater_factors has {width} dimensions, but the document's factors have another"
            " number; take both from the same solution."
        )
    scores = {
        row["guideline_id"]: row["consensus_score"] for row in rated if row["status"] == "accepted"
    }
    accepted = sorted(document["accepted"])
    if accepted != sorted(scores):
        raise ConstitutionError(
            "accepted names other guidelines than those with status accepted; make the document"
            " anew."
        )
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return {
        "accepted_guideline_ids": accepted,
        "guideline_intercepts": {row["guideline_id"]: row["intercept"] for row in rated},
        "user_intercepts": {ids[i]: float(intercepts[i]) for i in order},
        "guideline_embeddings": {row["guideline_id"]: list(row["factor"]) for row in rated},
        "user_embeddings": {ids[i]: factors[i].tolist() for i in order},
        "guideline_scores": scores,
        "mu": float(mu),
    }


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the payload's canonical JSON: equal content, equal hash."""
    return content_hash(dict(payload))
