"""What is sent to a scorer, and what of its answers is believed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from labelaudit_dagster.platform_client import Answer, Unacceptable
from labelaudit_dagster.platform_client.json_document import read_object

_ADVICE = 'the scorer must answer {"scores": [...]} with a number for each text, in their order'


@dataclass(frozen=True)
class ScoreRange:
    """The ends of the system's scale.

    Attributes:
        lowest: Lowest score that it gives.
        highest: Highest score that it gives; above the lowest.

    Raises:
        ValueError: The two are not finite or not in that order.
    """

    lowest: float
    highest: float

    def __post_init__(self) -> None:
        finite = math.isfinite(self.lowest) and math.isfinite(self.highest)
        if not finite or self.lowest >= self.highest:
            raise ValueError("a range of scores needs a lowest end below its highest end")


def request_body(texts: Sequence[str]) -> bytes:
    """Write the document that asks for scores: strict JSON in ASCII, whatever the texts hold."""
    return json.dumps({"texts": list(texts)}, separators=(",", ":")).encode("ascii")


def read_scores(answer: Answer, n_texts: int, within: ScoreRange) -> list[float]:
    """Read the scores out of a complete answer.

    Args:
        answer: What arrived.
        n_texts: How many texts were sent.
        within: The ends of the system's scale.

    Returns:
        One finite number for each text, in their order.

    Raises:
        Unacceptable: It is not that; a document cut short may pass with the next attempt.
    """
    scores = read_object(answer.body, _ADVICE).get("scores")
    if not isinstance(scores, list):
        raise Unacceptable("brought no list `scores`", _ADVICE)
    if len(scores) != n_texts:
        raise Unacceptable(
            f"brought {len(scores):,} score{'' if len(scores) == 1 else 's'} for {n_texts:,} "
            f"text{'' if n_texts == 1 else 's'}",
            _ADVICE,
        )
    return [_number(score, place, within) for place, score in enumerate(scores, start=1)]


def _number(score: object, place: int, within: ScoreRange) -> float:
    if isinstance(score, bool) or not isinstance(score, (int, float)):
        kind = "null" if score is None else f"a {type(score).__name__}"
        raise Unacceptable(f"brought {kind} as score {place} of the batch", _ADVICE)
    number = float(score)
    if not math.isfinite(number):
        raise Unacceptable(f"brought {number} as score {place} of the batch", _ADVICE)
    if not within.lowest <= number <= within.highest:
        raise Unacceptable(
            f"brought {number:g} as score {place} of the batch, which is beyond the scale from "
            f"{within.lowest:g} to {within.highest:g}",
            "set LABELAUDIT_SCORER_LOWEST and LABELAUDIT_SCORER_HIGHEST to the ends of its scale",
        )
    return number
