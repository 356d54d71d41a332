"""When a guideline is accepted: three tests, how far it may fall afterwards, and its score."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.constitution.errors import ConstitutionError


@dataclass(frozen=True, slots=True)
class AcceptanceRule:
    """The tests that a guideline must pass, with the names that settings and commands use.

    Attributes:
        intercept_threshold: the item intercept must lie strictly above this; any finite number.
        min_ratings: at least this many ratings; an integer of 1 or more.
        min_support: raw support (the share of ratings that say "helpful") must reach this;
            a number in [0, 1].

    Raises:
        ConstitutionError: a value is of the wrong type or out of its range.
    """

    intercept_threshold: float = 0.375
    min_ratings: int = 5
    min_support: float = 0.8

    def __post_init__(self) -> None:
        """Refuse values that no rule can have, and store plain Python numbers."""
        threshold = _finite("intercept_threshold", self.intercept_threshold)
        ratings = _whole("min_ratings", self.min_ratings)
        if ratings < 1:
            raise ConstitutionError(
                f"min_ratings must be 1 or more, not {ratings}: raw support is not"
                " defined without ratings."
            )
        support = _finite("min_support", self.min_support)
        if not 0.0 <= support <= 1.0:
            raise ConstitutionError(
                f"min_support must be a share between 0 and 1, not {support!r};"
                " write 80 per cent as 0.8."
            )
        object.__setattr__(self, "intercept_threshold", threshold)
        object.__setattr__(self, "min_ratings", ratings)
        object.__setattr__(self, "min_support", support)

    def to_dict(self) -> dict[str, float | int]:
        """Return the three values under their names, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Inertia:
    """How far a guideline that is published as accepted may fall below the limits and stay.

    One-sided, as in Community Notes: nothing gets in more easily, so that a guideline at a limit
    does not come and go with every few ratings. The number of ratings has none; it does not waver.

    Attributes:
        inertia: is taken off `intercept_threshold`; a finite number of 0 or more.
        support_inertia: is taken off `min_support`; a number in [0, 1].

    Raises:
        ConstitutionError: a value is of the wrong type or out of its range.
    """

    inertia: float = 0.0
    support_inertia: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values that would make staying harder than getting in."""
        inertia = _finite("inertia", self.inertia)
        if inertia < 0:
            raise ConstitutionError(f"inertia must be 0 or more, not {inertia!r}.")
        support = _finite("support_inertia", self.support_inertia)
        if not 0.0 <= support <= 1.0:
            raise ConstitutionError(
                f"support_inertia must be a share between 0 and 1, not {support!r}."
            )
        object.__setattr__(self, "inertia", inertia)
        object.__setattr__(self, "support_inertia", support)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return self.inertia > 0 or self.support_inertia > 0

    def keeping(self, rule: AcceptanceRule) -> AcceptanceRule:
        """Return the tests that a guideline which is published as accepted must pass to stay."""
        # Rounded, so that 0.8 less 0.1 is 0.7, and seven of ten pass.
        return replace(
            rule,
            intercept_threshold=round(rule.intercept_threshold - self.inertia, 12),
            min_support=max(0.0, round(rule.min_support - self.support_inertia, 12)),
        )

    def to_dict(self) -> dict[str, float]:
        """Return the two values under their names, ready for JSON."""
        return asdict(self)


def raw_support(n_helpful: ArrayLike, n_ratings: ArrayLike) -> NDArray[np.float64]:
    """Return the share of ratings that say "helpful", by one float64 division.

    One correctly rounded division of two integers makes the comparison with `min_support` exact:
    four of five is the same double as the literal 0.8, whereas a mean over ratings may miss it.

    Args:
        n_helpful: counts of helpful ratings, any shape.
        n_ratings: counts of all ratings, broadcastable against `n_helpful`.

    Returns:
        Shares in [0, 1], float64, of the broadcast shape; NaN where there is no rating.

    Raises:
        ConstitutionError: a count is negative, or more ratings are helpful than there are.
    """
    helpful = np.asarray(n_helpful, dtype=np.float64)
    ratings = np.asarray(n_ratings, dtype=np.float64)
    if not (np.all(helpful >= 0) and np.all(helpful <= ratings)):
        raise ConstitutionError(
            "n_helpful must lie between 0 and n_ratings; recount the ratings per guideline."
        )
    support = np.full(np.broadcast_shapes(helpful.shape, ratings.shape), np.nan)
    np.divide(helpful, ratings, out=support, where=ratings > 0)
    return support


def accepted_mask(
    intercept: ArrayLike,
    n_ratings: ArrayLike,
    raw_support: ArrayLike,
    rule: AcceptanceRule,
) -> NDArray[np.bool_]:
    """Return which guidelines pass all three tests.

    The comparisons are `intercept > intercept_threshold` (strict), `n_ratings >= min_ratings` and
    `raw_support >= min_support`. The three arrays broadcast, so that replicates of shape
    (replicates, items) meet counts of shape (items,). NaN passes no test.

    Args:
        intercept: item intercepts c_g, rating units.
        n_ratings: counts of ratings (weighted counts are allowed).
        raw_support: shares as `raw_support` makes them.
        rule: the tests.

    Returns:
        Boolean array of the broadcast shape.
    """
    return (
        (np.asarray(intercept, dtype=np.float64) > rule.intercept_threshold)
        & (np.asarray(n_ratings) >= rule.min_ratings)
        & (np.asarray(raw_support, dtype=np.float64) >= rule.min_support)
    )


def consensus_score(raw_support: ArrayLike, intercept: ArrayLike) -> NDArray[np.float64]:
    """Return (1.1 - raw) * c + raw - 0.1, the score that orders accepted guidelines.

    It is the raw support less 0.1, lifted by the intercept the more, the less support there is.

    Args:
        raw_support: shares in [0, 1], any shape.
        intercept: item intercepts c_g, broadcastable.

    Returns:
        Scores, float64; NaN where either input is NaN.
    """
    raw = np.asarray(raw_support, dtype=np.float64)
    return np.asarray((1.1 - raw) * np.asarray(intercept, dtype=np.float64) + raw - 0.1)


def _finite(field: str, value: object) -> float:
    """Return `value` as a float, refusing what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ConstitutionError(f"{field} must be a finite number, not {value!r}.")
    return float(value)


def _whole(field: str, value: object) -> int:
    """Return `value` as an int, refusing what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ConstitutionError(f"{field} must be a whole number, not {value!r}.")
    return int(value)


NO_INERTIA = Inertia()
"""The original rule: what is published counts for nothing."""
