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
        changes: the difference to what was published last (`diff_constitutions`).
    """

    publish: bool
    held_codes: tuple[HeldCode, ...]
    held_reasons: tuple[str, ...]
    waived_reasons: tuple[str, ...]
    churn: float | None
    changes: dict[str, Any]


def publication_gate(
    document: Mapping[str, Any],
    previous_published: Mapping[str, Any] | None,
    churn_limit: float = 0.3,
    *,
    approved: bool = False,
) -> GateDecision:
    """Decide whether a constitution may be published.

    It is held when the solver did not converge, when nothing is accepted, when a guideline is
    undecided, or when the accepted set differs from the last published one by more than
    `churn_limit`. The first publication is exempt from the last. Approval overrides churn and
    undecided guidelines (which are then published as not accepted), never the other two.

    Args:
        document: the constitution as `constitution_document` makes it.
        previous_published: the document published last, or None before the first publication.
        churn_limit: largest churn that passes unapproved, in [0, 1]; 1 lets everything pass.
        approved: a person has seen the difference and wants it published.

    Raises:
        ConstitutionError: `churn_limit` is not in [0, 1].
    """
    if not 0.0 <= churn_limit <= 1.0:
        raise ConstitutionError(f"churn_limit must lie between 0 and 1, not {churn_limit!r}.")
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
    if churn is not None and churn > churn_limit:
        causes["churn"] = (
            f"{100 * churn:.1f}% of the guidelines accepted before or now changed sides"
            f" ({len(changes['entered']):,} entered, {len(changes['left']):,} left), more than"
            f" the churn limit of {100 * churn_limit:g}%; look at the difference and approve it,"
            " or raise the limit."
        )
    waived = [code for code in causes if approved and code in APPROVABLE]
    held = tuple(code for code in causes if code not in waived)
    return GateDecision(
        publish=not held,
        held_codes=held,
        held_reasons=tuple(causes[code] for code in held),
        waived_reasons=tuple(causes[code] for code in waived),
        churn=churn,
        changes=changes,
    )


def _first(ids: list[str], shown: int = 5) -> str:
    """Return the first few ids and how many more there are."""
    rest = len(ids) - shown
    return ", ".join(ids[:shown]) + (f" and {rest:,} more" if rest > 0 else "")
