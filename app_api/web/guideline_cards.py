"""A guideline of the constitution as pages show it: in words, with small drawings as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from app_api.constitutions import ConstitutionView

STATUS_WORDS: Final = {
    "accepted": ("badge badge-good", "Accepted"),
    "undecided": ("badge badge-warn", "Undecided"),
    "rejected": ("badge", "Not accepted"),
    "too_few_ratings": ("badge badge-warn", "Too few ratings"),
}

NEARLY_SHARE: Final = 0.05
"""From this chance on, had others been asked, a guideline that is not accepted is nearly so."""

_FEW_RATINGS: Final = 5


@dataclass(frozen=True)
class Scale:
    """Where an intercept stands on a strip of 100 units.

    Attributes:
        low: The intercept at the left end.
        high: At the right end.
        threshold: The intercept from which on a guideline is accepted.
    """

    low: float
    high: float
    threshold: float

    @classmethod
    def of(cls, view: ConstitutionView) -> Scale:
        """Return the scale that all guidelines of a constitution share."""
        threshold = float(view.document["parameters"]["intercept_threshold"])
        values = [threshold - 0.2, threshold + 0.2]
        for row in view.document["guidelines"]:
            values += [
                float(row[name])
                for name in ("intercept", "interval_low", "interval_high")
                if row[name] is not None
            ]
        return cls(min(values), max(values), threshold)

    def place(self, value: float) -> float:
        """Return the place of an intercept, 0 to 100."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class Card:
    """A guideline as it is shown in a list.

    Attributes:
        guideline_id: Its id.
        text: Its text.
        topic: Title of its topic, or None.
        status: Its status.
        look: Classes of the badge.
        status_words: The status in words.
        verdict: The decision in a sentence or two.
        n_ratings: How often it was rated.
        percent: Helpful ratings of 100; None without ratings.
        score: Consensus score; None where it does not count.
        intercept: Support across perspectives; None without ratings.
        point: Place of the intercept on the strip.
        interval: Places of the ends of its interval.
        certainty: How sure it is, in a few words; None where that is not known.
        sure: Whether it is sure enough to be shown without a mark.
        needs: What would turn it, in a sentence.
        needed: Ratings that would turn it; None for no number of them.
        nearly: Whether it is not accepted, but close.
    """

    guideline_id: str
    text: str
    topic: str | None
    status: str
    look: str
    status_words: str
    verdict: str
    n_ratings: int
    percent: int | None
    score: float | None
    intercept: float | None
    point: float | None
    interval: tuple[float, float] | None
    certainty: str | None
    sure: bool
    needs: str
    needed: int | None
    nearly: bool


def guideline_cards(view: ConstitutionView) -> list[Card]:
    """Return all guidelines of a constitution in the order of its document."""
    scale, figures = Scale.of(view), view.figures()
    return [_card(view, row, scale, figures) for row in view.document["guidelines"]]


def guideline_card(view: ConstitutionView, record: dict[str, Any]) -> Card:
    """Return one guideline of a constitution."""
    return _card(view, record, Scale.of(view), view.figures())


def cases(share: float) -> str:
    """Return how often something would happen, in words."""
    if share >= 0.995:
        return "in practically every case"
    if share < 0.005:
        return "in practically no case"
    return f"in about {round(100 * share)} of 100 cases"


def _card(view: ConstitutionView, row: dict[str, Any], scale: Scale, figures: Any) -> Card:
    from labelaudit_dagster.constitution import nearest_change, verdict_sentence

    look, words = STATUS_WORDS[row["status"]]
    # Of what is accepted, inertia asks for less: what would turn it is further away.
    change = nearest_change(row, view.rule_for(row), figures)
    needed, share = change["n_ratings"], row["p_accepted"]
    accepted = row["status"] == "accepted"
    support, intercept = row["raw_support"], row["intercept"]
    low, high = row["interval_low"], row["interval_high"]
    few = max(_FEW_RATINGS, math.ceil(row["n_ratings"] / 10))
    return Card(
        guideline_id=row["guideline_id"],
        text=row["text"],
        topic=None if row["topic_id"] is None else view.topics.get(row["topic_id"]),
        status=row["status"],
        look=look,
        status_words=words,
        verdict=verdict_sentence(row),
        n_ratings=row["n_ratings"],
        # Rounded down: 79.6 % is not the 80 % that are needed.
        percent=None if support is None else math.floor(100 * support + 1e-9),
        score=row["consensus_score"],
        intercept=intercept,
        point=None if intercept is None else scale.place(intercept),
        interval=None if low is None or high is None else (scale.place(low), scale.place(high)),
        certainty=None if share is None else cases(share),
        sure=share is None or not 0.1 < share < 0.9,
        needs=change["sentence"],
        needed=needed,
        nearly=not accepted
        and (
            row["status"] == "undecided"
            or (share is not None and share >= NEARLY_SHARE)
            or (needed is not None and needed <= few)
        ),
    )
