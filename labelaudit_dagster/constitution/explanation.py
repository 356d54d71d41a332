"""Why a guideline is in or out, in words: the verdict, how sure it is, and who supports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelaudit_dagster.constitution.perspectives import SIDES

Record = Mapping[str, Any]

_SIDE_NAMES = {
    "negative": "on one side (factor below zero)",
    "neutral": "of neither side (factor zero)",
    "positive": "on the other side (factor above zero)",
}


def verdict_sentence(record: Record) -> str:
    """Return the decision on a guideline of the document and the tests that made it."""
    failed = [reason["sentence"] for reason in record["reasons"] if not reason["passed"]]
    opening = {
        "accepted": "It is accepted: it passes all tests.",
        "undecided": "It is undecided, and not published as accepted.",
        "rejected": "It is not accepted.",
        "too_few_ratings": "It cannot be judged yet.",
    }[record["status"]]
    # Documents from before there was inertia have no such field.
    if record.get("kept_by_inertia", False):
        return (
            "It stays accepted by inertia: it would not get in anew, but is published as accepted"
            " and passes the lower limits for that."
        )
    return " ".join([opening, *failed[:1]]) if record["status"] != "accepted" else opening


def certainty_sentences(record: Record, interval_level: float | None) -> list[str]:
    """Return how far the decision depends on who was asked; none where that is not known."""
    if record["p_accepted"] is None:
        return []
    share = 100 * record["p_accepted"]
    level = "" if interval_level is None else f"{100 * interval_level:g}% "
    sentences = [
        f"Had other people of this community been asked, it would be accepted in {share:.0f}% of"
        " cases.",
        f"The {level}interval of its intercept runs from {record['interval_low']:.3f} to"
        f" {record['interval_high']:.3f}.",
    ]
    flips = record["n_flipping_raters"]
    if flips == 0:
        sentences.append("No single rater decides it.")
    elif flips is not None:
        raters = "1 rater" if flips == 1 else f"any one of {flips:,} raters"
        sentences.append(f"Without {raters} the decision would be the other one.")
    return sentences


def support_sentences(record: Record) -> list[str]:
    """Return how many on each side find it helpful; groups of few are said to be hidden."""
    sentences = []
    for side in SIDES:
        group = record["support_by_side"][side]
        count, share = group["n_ratings"], group["raw_support"]
        if count is None:
            sentences.append(
                f"Of the raters {_SIDE_NAMES[side]} too few have rated it to show what they say."
            )
        elif count and share is not None:
            sentences.append(
                f"Of {count:,} raters {_SIDE_NAMES[side]}, {100 * share:.0f}% find it helpful."
            )
    return sentences
