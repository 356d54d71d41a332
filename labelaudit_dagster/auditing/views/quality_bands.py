"""How good a personal model is, in words: bands of its honest error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.contract_units import contract_unit

GOOD_BELOW: Final = 1.0
OKAY_BELOW: Final = 1.2
"""Mean absolute errors on 0 to 4 at which the word changes."""


@dataclass(frozen=True)
class QualityBand:
    """A range of the mean absolute error and what is said about it.

    Attributes:
        name: "Good", "Okay", "Needs improvement" or "Not known yet".
        text: a sentence or two.
        html: the same with the name in bold; made of constants alone, safe to insert.
    """

    name: str
    text: str
    html: str


@dataclass(frozen=True)
class BandRange:
    """One band on the axis of the mean absolute error, in units of a scale."""

    name: str
    start: float
    stop: float


def quality_band(honest_mae: float | None, scale: RatingScale) -> QualityBand:
    """Put the honest error of a model into words.

    Args:
        honest_mae: mean absolute error on the person's own labels, each predicted without
            itself, in units of the scale; None where fewer than two labels allow none.
        scale: the scale of that error.
    """
    if honest_mae is None:
        return _NOT_KNOWN
    error = honest_mae / contract_unit(scale)
    return _GOOD if error < GOOD_BELOW else _OKAY if error < OKAY_BELOW else _POOR


def band_ranges(scale: RatingScale, top: float) -> tuple[BandRange, ...]:
    """Return the bands from 0 to `top`, in units of the scale; `top` ends the last one."""
    unit = contract_unit(scale)
    good, okay = GOOD_BELOW * unit, OKAY_BELOW * unit
    return (
        BandRange(_GOOD.name, 0.0, good),
        BandRange(_OKAY.name, good, okay),
        BandRange(_POOR.name, okay, max(top, okay)),
    )


def _band(name: str, advice: str) -> QualityBand:
    before = "On your own labels, each predicted without itself, your model's MAE is in the "
    after = f" range. {advice} (The MAE beside it is how far your model is from the system.)"
    return QualityBand(name, f"{before}{name}{after}", f"{before}<b>{name}</b>{after}")


_GOOD: Final = _band("Good", "It is ready for auditing.")
_OKAY: Final = _band("Okay", "A few more labels would make it better.")
_POOR: Final = _band("Needs improvement", "Label more comments before you rely on it.")
_UNKNOWN_WHY: Final = "two labels or more are needed to tell how well your model predicts you."
_NOT_KNOWN: Final = QualityBand(
    "Not known yet", f"Not known yet: {_UNKNOWN_WHY}", f"<b>Not known yet</b>: {_UNKNOWN_WHY}"
)
