"""The system under audit where none is given: a text regressor, as a platform might train one.

It never saw the ratings of the comment that it rates, and its ratings spread like the crowd's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.failures import ExpectedFailure

Float64Array = NDArray[np.float64]

DECIMALS: Final = 6
"""Predictions that agree to so many decimals of a scale's step are a tie."""

STEPS: Final = 10
"""Iterations of the regression: on POPQUORN twenty change the correlation by less than 0.001."""


class SystemRegressorError(ExpectedFailure, ValueError):
    """The crowd's ratings cannot be used; the message says which and what to do."""


def out_of_fold_system(
    texts: Sequence[str],
    rating_mean: ArrayLike,
    n_ratings: ArrayLike,
    scale: RatingScale,
    *,
    seed: int,
    folds: int = 5,
    progress: Callable[[str], object] | None = None,
) -> Float64Array:
    """Rate every comment by its text, from the crowd's mean ratings of the other folds.

    A ridge regression on TF-IDF of word and character n-grams (`text_severity`) predicts each
    comment from the folds that it is not in; comments with the same text are in one fold. Such
    predictions shrink to the middle and would hardly call anything toxic, so they are then
    matched to the quantiles of the crowd's mean ratings (`matched_to_quantiles`): the order is
    the regressor's, the spread the crowd's.

    The order of the rows has no influence. Where texts explain nothing, or fewer than twenty
    distinct ones are rated, all comments get the same rating, the median of the crowd's means.

    Args:
        texts: n strings.
        rating_mean: the crowd's mean rating of each comment in values of the scale, shape (n,);
            what stands where there is no rating is ignored.
        n_ratings: ratings of each comment, 0 or more, shape (n,).
        scale: the scale of the ratings.
        seed: of the folds, 0 or more.
        folds: 2 or more.
        progress: called with a sentence now and then.

    Returns:
        System ratings within the scale, float64, shape (n,).

    Raises:
        SystemRegressorError: lengths differ, no comment has a rating, a count is negative, a
            mean lies outside the scale, or there are fewer than two folds.
    """
    from threadpoolctl import threadpool_limits

    from labelaudit_dagster.auditing.text_prior import text_severity

    if folds < 2:
        raise SystemRegressorError(f"The regressor needs at least 2 folds, not {folds}.")
    means, counts = _checked(texts, rating_mean, n_ratings, scale)
    order = sorted(range(len(texts)), key=lambda row: (texts[row], means[row], counts[row]))
    rated = counts > 0
    crowd = means[rated]
    scatter = float(np.var(crowd))
    # A single rating errs by about as much as comments differ; so weights are precisions.
    weight = counts / scatter if scatter > 0 else counts
    with threadpool_limits(limits=1):
        prior = text_severity(
            [texts[row] for row in order],
            means[order],
            weight[order],
            folds=folds,
            seed=seed,
            steps=STEPS,
            progress=progress,
        )
    predicted = np.empty(len(texts))
    predicted[order] = prior.mean
    return matched_to_quantiles(predicted, crowd)


def matched_to_quantiles(predicted: ArrayLike, wanted: ArrayLike) -> Float64Array:
    """Give predictions the distribution of other numbers, keeping their order.

    The prediction of rank r among n (equal ones share their mean rank) gets the quantile
    (r - 1/2) / n of `wanted`, where the i-th smallest of m numbers is the quantile (i - 1/2) / m
    and there is a straight line between (Hazen's definition).

    Args:
        predicted: finite numbers, shape (n,); equal to 6 decimals is equal.
        wanted: finite numbers, shape (m,), m of 1 or more.

    Returns:
        float64, shape (n,), between the smallest and the largest of `wanted`.
    """
    from scipy.stats import rankdata

    given = np.round(np.asarray(predicted, dtype=np.float64), DECIMALS)
    share = (rankdata(given) - 0.5) / max(1, given.size)
    matched = np.quantile(np.asarray(wanted, dtype=np.float64), share, method="hazen")
    return np.asarray(matched, dtype=np.float64)


def _checked(
    texts: Sequence[str], rating_mean: ArrayLike, n_ratings: ArrayLike, scale: RatingScale
) -> tuple[Float64Array, Float64Array]:
    """Return the means, some value of the scale where there is no rating, and the counts."""
    means = np.array(rating_mean, dtype=np.float64)
    counts = np.asarray(n_ratings, dtype=np.float64)
    if means.shape != (len(texts),) or counts.shape != (len(texts),):
        raise SystemRegressorError(
            f"Every comment needs a text, a mean and a count: there are {len(texts)} texts, "
            f"{means.size} means and {counts.size} counts."
        )
    if not np.all(np.isfinite(counts) & (counts >= 0)):
        raise SystemRegressorError("n_ratings must be counts of 0 or more.")
    if not (counts > 0).any():
        raise SystemRegressorError(
            "No comment has a rating, so the built-in system has nothing to learn from; import "
            "ratings, or give the system's own scores."
        )
    low, high = scale.values[0], scale.values[-1]
    rounding = 1e-9 * (high - low)  # a mean of values that are no binary fractions may err by it
    inside = (means >= low - rounding) & (means <= high + rounding)
    wrong = np.flatnonzero((counts > 0) & ~inside)
    if len(wrong):
        raise SystemRegressorError(
            f"The mean rating {means[wrong[0]]:g} of row {wrong[0]} lies outside the scale, "
            f"{low:g} to {high:g}."
        )
    return np.clip(np.where(counts > 0, means, low), low, high), counts
