"""How little would change a decision: ratings that tip it, estimated without solving anew."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from labelaudit_dagster.constitution.rule import AcceptanceRule

MOST_RATINGS = 100_000
"""More additional ratings than this are as good as impossible."""


class NearestChange(TypedDict):
    """One way to another decision.

    `n_ratings` more ratings of that `value` by typical raters would make the guideline `outcome`;
    None where no number of them would.
    """

    value: Literal["helpful", "not_helpful"]
    n_ratings: int | None
    outcome: Literal["accepted", "not_accepted"]
    sentence: str


def nearest_change(
    record: Mapping[str, Any],
    rule: AcceptanceRule,
    *,
    mu: float,
    typical_leniency: float,
    lambda_intercept: float,
) -> NearestChange:
    """Return how many more ratings of one kind would turn the decision on a guideline.

    The raters are typical ones: of no side, with the community's median leniency. Everything but
    the guideline's own intercept is held fixed; then the optimum has

        c = sum(r - mu - b - x y) / (n (1 + lambda)),

    so that h more ratings of value r move it to
    (n (1 + lambda) c + h (r - mu - b)) / ((n + h) (1 + lambda)). Counts and raw support are exact,
    the intercept is an estimate: solving anew moves the other parameters too.

    Args:
        record: a guideline of the document.
        rule: the tests.
        mu: global intercept, rating units.
        typical_leniency: median rater intercept, rating units.
        lambda_intercept: weight of the penalty on intercepts.
    """
    n, helpful = int(record["n_ratings"]), int(record["n_helpful"])
    intercept = 0.0 if record["intercept"] is None else float(record["intercept"])
    accepted = record["status"] == "accepted"
    value = 0.0 if accepted else 1.0
    pull = (value - mu - typical_leniency) / (1.0 + lambda_intercept)

    def passes(more: int) -> bool:
        total = n + more
        if total < rule.min_ratings or total == 0:
            return False
        support = (helpful + value * more) / total
        moved = (n * intercept + more * pull) / total
        return support >= rule.min_support and moved > rule.intercept_threshold

    needed = _fewest(lambda more: passes(more) != accepted)
    kind: Literal["helpful", "not_helpful"] = "not_helpful" if accepted else "helpful"
    return {
        "value": kind,
        "n_ratings": needed,
        "outcome": "not_accepted" if accepted else "accepted",
        "sentence": _sentence(needed, kind, accepted),
    }


def _fewest(turns: Any) -> int | None:
    """Return the smallest number from 1 that turns the decision; each test turns only once."""
    if not turns(MOST_RATINGS):
        return None
    low, high = 0, MOST_RATINGS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if turns(middle) else (middle, high)
    return high


def _sentence(needed: int | None, kind: str, accepted: bool) -> str:
    said = "that it does not help" if kind == "not_helpful" else "that it helps"
    result = "take it out" if accepted else "bring it in"
    if needed is None:
        return f"However many more typical raters said {said}, that alone would not {result}."
    people = "1 more typical rater" if needed == 1 else f"{needed:,} more typical raters"
    digits = max(0, math.floor(math.log10(needed)) - 1)
    about = "" if needed < 10 else "About "
    if needed >= 10:
        people = f"{round(needed, -digits):,} more typical raters"
    return f"{about}{people} saying {said} would probably {result}, if nothing else changed."
