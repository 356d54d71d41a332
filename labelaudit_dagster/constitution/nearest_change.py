"""How little would change a decision: ratings that tip it, estimated without solving anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from labelaudit_dagster.constitution.rule import AcceptanceRule

MOST_RATINGS = 100_000
"""More additional ratings than this are as good as impossible."""


Raters = Literal["typical", "demanding"]


class NearestChange(TypedDict):
    """One way to another decision.

    `n_ratings` more ratings of that `value` by such `raters` would make the guideline `outcome`;
    None where no number of them would.
    """

    value: Literal["helpful", "not_helpful"]
    raters: Raters
    n_ratings: int | None
    outcome: Literal["accepted", "not_accepted"]
    sentence: str


@dataclass(frozen=True)
class ModelFigures:
    """What of the solution the estimate needs.

    Attributes:
        mu: global intercept, rating units.
        typical_leniency: median rater intercept, rating units.
        demanding_leniency: lower quartile of the rater intercepts.
        lambda_intercept: weight of the penalty on intercepts.
    """

    mu: float
    typical_leniency: float
    demanding_leniency: float
    lambda_intercept: float


def nearest_change(
    record: Mapping[str, Any], rule: AcceptanceRule, figures: ModelFigures
) -> NearestChange:
    """Return how many more ratings of one kind would turn the decision on a guideline.

    The raters are of no side, and typical: of median leniency. Where even the praise of any number
    of them would not do (they find most things helpful, so that it says little), the answer is
    about demanding raters, of the lower quartile. Everything but the guideline's own intercept is
    held fixed; then the optimum has

        c = sum(r - mu - b - x y) / (n (1 + lambda)),

    so that h more ratings of value r move it to
    (n (1 + lambda) c + h (r - mu - b)) / ((n + h) (1 + lambda)). Counts and raw support are exact,
    the intercept is an estimate: solving anew moves the other parameters too.

    Args:
        record: a guideline of the document.
        rule: the tests.
        figures: of the solution that the document was made from.
    """
    accepted = record["status"] == "accepted"
    raters: Raters = "typical"
    needed = _needed(record, rule, figures, figures.typical_leniency)
    if needed is None and not accepted:
        raters = "demanding"
        needed = _needed(record, rule, figures, figures.demanding_leniency)
    return {
        "value": "not_helpful" if accepted else "helpful",
        "raters": raters,
        "n_ratings": needed,
        "outcome": "not_accepted" if accepted else "accepted",
        "sentence": _sentence(needed, raters, accepted),
    }


def _needed(
    record: Mapping[str, Any], rule: AcceptanceRule, figures: ModelFigures, leniency: float
) -> int | None:
    """Return how many ratings by people of that leniency turn the decision; None for none."""
    n, helpful = int(record["n_ratings"]), int(record["n_helpful"])
    intercept = 0.0 if record["intercept"] is None else float(record["intercept"])
    accepted = bool(record["status"] == "accepted")
    value = 0.0 if accepted else 1.0
    pull = (value - figures.mu - leniency) / (1.0 + figures.lambda_intercept)

    def turned(more: int) -> bool:
        total = n + more
        support = (helpful + value * more) / total
        moved = (n * intercept + more * pull) / total
        passes: bool = (
            total >= rule.min_ratings
            and support >= rule.min_support
            and moved > rule.intercept_threshold
        )
        return passes != accepted

    return _fewest(turned)


def _fewest(turned: Callable[[int], bool]) -> int | None:
    """Return the smallest number from 1 that turns the decision; it turns only once."""
    if not turned(MOST_RATINGS):
        return None
    low, high = 0, MOST_RATINGS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle, high)
    return high


def _sentence(needed: int | None, raters: Raters, accepted: bool) -> str:
    said = "that it does not help" if accepted else "that it helps"
    result = "take it out" if accepted else "bring it in"
    kind = "typical" if raters == "typical" else "demanding"
    if needed is None:
        return f"However many more {kind} raters said {said}, that alone would not {result}."
    if needed == 1:
        people = f"1 more {kind} rater"
    elif needed < 10:
        people = f"{needed} more {kind} raters"
    else:
        # Two digits are all that the estimate is worth.
        people = f"About {round(needed, 1 - math.floor(math.log10(needed))):,} more {kind} raters"
    closing = (
        " (they find less helpful than three in four; that of others says too little)"
        if raters == "demanding"
        else ""
    )
    return f"{people} saying {said} would probably {result}, if nothing else changed{closing}."
