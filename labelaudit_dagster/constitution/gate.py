"""The gate before publication: what is published without a person's approval, and what never is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labelaudit_dagster.constitution.difference import diff_constitutions
from labelaudit_dagster.constitution.errors import ConstitutionError

HeldCode = Literal["not_converged", "empty", "undecided", "churn"]

HELD_CODES: tuple[HeldCode, ...] = ("not_converged", "empty", "undecided", "churn")
"""Every cause of a held publication, in the order in which they are reported."""

RATINGS_FIELD = "ratings_sha256"
"""Field of a document's provenance: `ResponseMatrix.fingerprint` of what it was made from."""

APPROVABLE: frozenset[HeldCode] = frozenset({"undecided", "churn"})
"""Causes that a person may wave through; the others need another computation."""

CONVERGED = "converged"
"""The solver status that may be published."""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether a constitution may be published, and everything a person needs to judge it.

    Attributes:
        publish: True when nothing holds it, or what holds it has been approved.
        held_codes: causes that hold it, from `HELD_CODES`; empty when `publish` is True.
        held_reasons: the same as sentences.
        waived_reasons: sentences of the causes that approval overrode.
        churn: |A Δ B| / |A ∪ B| against what was published last; None at the first publication.
        nothing_new: whether both were made from the same ratings, so that the smaller limit counts.
        changes: the difference to what was published last (`diff_constitutions`).
    """

    publish: bool
    held_codes: tuple[HeldCode, ...]
    held_reasons: tuple[str, ...]
    waived_reasons: tuple[str, ...]
    churn: float | None
    nothing_new: bool
    changes: dict[str, Any]


def publication_gate(
    document: Mapping[str, Any],
    previous_published: Mapping[str, Any] | None,
    churn_limit: float = 0.3,
    *,
    churn_limit_unchanged: float | None = None,
    approved: bool = False,
) -> GateDecision:
    """Decide whether a constitution may be published.

    It is held when the solver did not converge, when nothing is accepted, when a guideline is
    undecided, or when the accepted set differs from the last published one by more than
    `churn_limit`. Where both were made from the same ratings (`RATINGS_FIELD` of their provenance),
    nothing that people said can have changed the set, and `churn_limit_unchanged` counts in its
    place: other options, or another version of the program, are looked at by a person. The first
    publication is exempt from both. Approval overrides churn and
    undecided guidelines (which are then published as not accepted), never the other two.

    Args:
        document: the constitution as `constitution_document` makes it.
        previous_published: the document published last, or None before the first publication.
        churn_limit: largest churn that passes unapproved, in [0, 1]; 1 lets everything pass.
        churn_limit_unchanged: the same where no rating has changed; None for `churn_limit`.
        approved: a person has seen the difference and wants it published.

    Raises:
        ConstitutionError: a limit is not in [0, 1].
    """
    unchanged = churn_limit if churn_limit_unchanged is None else churn_limit_unchanged
    for name, value in (("churn_limit", churn_limit), ("churn_limit_unchanged", unchanged)):
        if not 0.0 <= value <= 1.0:
            raise ConstitutionError(f"{name} must lie between 0 and 1, not {value!r}.")
    nothing_new = previous_published is not None and _same_ratings(previous_published, document)
    limit = unchanged if nothing_new else churn_limit
    changes = diff_constitutions(previous_published, document)
    churn: float | None = None if previous_published is None else changes["churn"]
    causes: dict[HeldCode, str] = {}
    solver_status = document["solver"]["status"]
    if solver_status != CONVERGED:
        causes["not_converged"] = (
            f"The solver ended with the status “{solver_status}”, not “{CONVERGED}”, so the"
            " numbers are not the optimum; raise the iteration limit or look at the data."
        )
    if not document["accepted"]:
        causes["empty"] = (
            f"No guideline of {document['n_guidelines']:,} is accepted; an empty constitution is"
            " not published. Collect more ratings or change the thresholds."
        )
    undecided = sorted(
        row["guideline_id"] for row in document["guidelines"] if row["status"] == "undecided"
    )
    if undecided:
        causes["undecided"] = (
            f"{len(undecided):,} {'guideline is' if len(undecided) == 1 else 'guidelines are'}"
            " closer to the intercept threshold than the numerical error of the solution"
            f" ({_first(undecided)}); solve with a smaller tolerance, or approve publishing"
            " without."
        )
    if churn is not None and churn > limit:
        causes["churn"] = (
            f"{100 * churn:.1f}% of the guidelines accepted before or now changed sides"
            f" ({len(changes['entered']):,} entered, {len(changes['left']):,} left), more than"
            f" the churn limit of {100 * limit:g}%"
            + (
                " where no rating has changed since the last publication"
                if nothing_new
                else " where ratings have changed"
            )
            + "; look at the difference and approve it, or raise the limit"
            + f" (LABELAUDIT_CHURN_LIMIT{'_UNCHANGED' if nothing_new else ''})."
        )
    waived = [code for code in causes if approved and code in APPROVABLE]
    held = tuple(code for code in causes if code not in waived)
    return GateDecision(
        publish=not held,
        held_codes=held,
        held_reasons=tuple(causes[code] for code in held),
        waived_reasons=tuple(causes[code] for code in waived),
        churn=churn,
        nothing_new=nothing_new,
        changes=changes,
    )


def _same_ratings(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether two documents are known to be made from the same ratings."""
    fingerprint = after["provenance"].get(RATINGS_FIELD)
    return fingerprint is not None and before["provenance"].get(RATINGS_FIELD) == fingerprint


def _first(ids: list[str], shown: int = 5) -> str:
    """Return the first few ids and how many more there are."""
    rest = len(ids) - shown
    return ", ".join(ids[:shown]) + (f" and {rest:,} more" if rest > 0 else "")
