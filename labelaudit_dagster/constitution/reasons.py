"""Why a guideline is in or out: one record for each test, with a sentence for a reader."""

from __future__ import annotations

import math
from typing import Literal, TypedDict

from labelaudit_dagster.constitution.rule import AcceptanceRule

Status = Literal["accepted", "rejected", "too_few_ratings", "undecided"]
Test = Literal["min_ratings", "min_support", "intercept_threshold", "numerical_precision"]

STATUSES: tuple[Status, ...] = ("accepted", "undecided", "rejected", "too_few_ratings")
"""Every status, in the order in which documents list guidelines."""

TESTS: tuple[Test, ...] = (
    "min_ratings",
    "min_support",
    "intercept_threshold",
    "numerical_precision",
)
"""Every test, in the order in which reasons are listed and `status_of` applies them."""


class Reason(TypedDict):
    """One test of one guideline; numbers are None where there is nothing to compare."""

    test: Test
    passed: bool
    value: float | None
    threshold: float
    margin: float | None
    sentence: str


def reasons_for(
    n_ratings: int,
    n_helpful: int,
    support: float | None,
    intercept: float | None,
    numerical_error: float,
    rule: AcceptanceRule,
    keeping: AcceptanceRule | None = None,
) -> list[Reason]:
    """Return the four tests of one guideline in the order of `TESTS`.

    Args:
        n_ratings: count of ratings, 0 or more.
        n_helpful: count of helpful ones.
        support: raw support, None without ratings.
        intercept: c_g, None without ratings.
        numerical_error: how far the intercept may lie from the exact optimum.
        rule: the tests.
        keeping: the tests that it must pass to stay, where it is published as accepted and there
            is inertia. A limit that it would not pass anew is replaced by this rule's.
    """
    held = rule if keeping is None else keeping
    of_support = _support_reason(n_ratings, n_helpful, support, rule.min_support)
    if not of_support["passed"] and held.min_support < rule.min_support:
        of_support = _kept(
            _support_reason(n_ratings, n_helpful, support, held.min_support),
            f"{100 * rule.min_support:.12g}%",
        )
    of_intercept = _intercept_reason(intercept, rule.intercept_threshold)
    if not of_intercept["passed"] and held.intercept_threshold < rule.intercept_threshold:
        of_intercept = _kept(
            _intercept_reason(intercept, held.intercept_threshold),
            f"more than {rule.intercept_threshold:g}",
        )
    return [
        _ratings_reason(n_ratings, rule.min_ratings),
        of_support,
        of_intercept,
        _precision_reason(intercept, held.intercept_threshold, numerical_error),
    ]


def status_of(reasons: list[Reason]) -> Status:
    """Return the status that the four tests lead to.

    Too few ratings come first, then missing support; a guideline that passes both is undecided
    when its intercept cannot be told from the threshold, whichever side it is computed on.
    """
    ratings, support, intercept, precision = (reason["passed"] for reason in reasons)
    if not ratings:
        return "too_few_ratings"
    if not support:
        return "rejected"
    if not precision:
        return "undecided"
    return "accepted" if intercept else "rejected"


def distinct_numbers(value: float, threshold: float) -> tuple[str, str, str]:
    """Return value, threshold and distance with enough decimals to tell the first two apart."""
    distance = abs(value - threshold)
    decimals = 3
    if 0 < distance < 0.05:
        decimals = min(15, max(3, 1 - math.floor(math.log10(distance))))
    return (
        f"{value:.{decimals}f}",
        f"{threshold:.{decimals}f}".rstrip("0").rstrip("."),
        f"{distance:.{decimals}f}",
    )


def _kept(reason: Reason, needed: str) -> Reason:
    """Return a reason that was judged by the lower limit of what is published as accepted."""
    if reason["passed"]:
        ending = f"To get in anew it would need {needed}; published as accepted, it is kept."
    else:
        ending = "That is the lower limit for what is published as accepted (inertia)."
    return {**reason, "sentence": f"{reason['sentence']} {ending}"}


def _ratings_reason(n_ratings: int, needed: int) -> Reason:
    passed = n_ratings >= needed
    if n_ratings == 0:
        sentence = f"Nobody has rated it; {_count(needed)} needed."
    elif passed:
        sentence = f"It has {_ratings(n_ratings)}; {_count(needed)} needed."
    else:
        sentence = f"It has only {_ratings(n_ratings)}; {_count(needed)} needed."
    return {
        "test": "min_ratings",
        "passed": passed,
        "value": float(n_ratings),
        "threshold": float(needed),
        "margin": float(n_ratings - needed),
        "sentence": sentence,
    }


def _support_reason(n_ratings: int, n_helpful: int, support: float | None, needed: float) -> Reason:
    passed = support is not None and support >= needed
    if support is None:
        sentence = "Nobody has rated it, so its support is not known."
    else:
        share, least = _percentages(100 * support, 100 * needed)
        ending = "are needed" if passed else "would be needed"
        sentence = (
            f"{n_helpful} of {_ratings(n_ratings)} ({share}%) say that it helps; {least}% {ending}."
        )
    return {
        "test": "min_support",
        "passed": passed,
        "value": support,
        "threshold": needed,
        "margin": None if support is None else support - needed,
        "sentence": sentence,
    }


def _intercept_reason(intercept: float | None, threshold: float) -> Reason:
    passed = intercept is not None and intercept > threshold
    if intercept is None:
        sentence = "Nobody has rated it, so it has no intercept."
    elif intercept == threshold:
        sentence = f"Its intercept is exactly the threshold {threshold:g}; it must be above."
    else:
        value, limit, distance = distinct_numbers(intercept, threshold)
        side = "above" if passed else "below"
        sentence = (
            f"Its support across perspectives (intercept) is {value}, {side} the threshold"
            f" {limit} by {distance}."
        )
    return {
        "test": "intercept_threshold",
        "passed": passed,
        "value": intercept,
        "threshold": threshold,
        "margin": None if intercept is None else intercept - threshold,
        "sentence": sentence,
    }


def _precision_reason(intercept: float | None, threshold: float, error: float) -> Reason:
    distance = None if intercept is None else abs(intercept - threshold)
    passed = distance is not None and distance >= error
    if distance is None:
        sentence = "Nobody has rated it, so there is no intercept to compare."
    elif passed:
        sentence = (
            f"The distance to the threshold, {distance:.2g}, is no smaller than the numerical"
            f" error of the solution, {error:.2g}: the side is certain."
        )
    else:
        sentence = (
            f"The distance to the threshold, {distance:.2g}, is smaller than the numerical"
            f" error of the solution, {error:.2g}: the side cannot be told."
        )
    return {
        "test": "numerical_precision",
        "passed": passed,
        "value": distance,
        "threshold": error,
        "margin": None if distance is None else distance - error,
        "sentence": sentence,
    }


def _ratings(n: int) -> str:
    return "1 rating" if n == 1 else f"{n:,} ratings"


def _count(n: int) -> str:
    return "1 is" if n == 1 else f"{n:,} are"


def _percentages(share: float, needed: float) -> tuple[str, str]:
    """Return two percentages with one decimal, more only where they would look the same."""
    decimals = 1
    while decimals < 12 and share != needed and f"{share:.{decimals}f}" == f"{needed:.{decimals}f}":
        decimals += 1
    return f"{share:.{decimals}f}", f"{needed:.12g}"
