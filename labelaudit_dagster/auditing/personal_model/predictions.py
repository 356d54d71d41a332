"""What a person would answer to every comment: distributions, and figures of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.one_blas_thread import one_blas_thread
from labelaudit_dagster.auditing.personal_model.posterior import PersonalPosterior
from labelaudit_dagster.auditing.rating_scale import RatingScale

if TYPE_CHECKING:
    import pandas as pd

Float32Array = NDArray[np.float32]

QUANTILES: Final = (0.1, 0.25, 0.75, 0.9)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted rating of each comment, in values of the scale, float32, each of shape (n,).

    Quantiles (and the median, which is one) are values of the scale: the quantile q is the lowest
    value v with P(rating ≤ v) ≥ q. Where exactly half of the distribution lies at or below a
    value, the median is therefore that lower value, never a number between two levels.

    Attributes:
        mean: mean of the distribution.
        median: its lower median.
        p_above: P(rating above the threshold of the scale).
        quantile_10: see above.
        quantile_25: see above.
        quantile_75: see above.
        quantile_90: see above.
    """

    mean: Float32Array
    median: Float32Array
    p_above: Float32Array
    quantile_10: Float32Array
    quantile_25: Float32Array
    quantile_75: Float32Array
    quantile_90: Float32Array

    def __len__(self) -> int:
        return len(self.mean)

    def to_frame(self, item_ids: ArrayLike) -> pd.DataFrame:
        """Return one row per comment: item_id, then the columns named as the attributes."""
        import pandas as pd

        columns: dict[str, Any] = {"item_id": np.asarray(item_ids, dtype=np.int64)}
        return pd.DataFrame(columns | vars(self))


def predict(
    model: CommentModel, posterior: PersonalPosterior, rows: ArrayLike | None = None
) -> Predictions:
    """Predict a person's rating of all comments, or of those in `rows`.

    Args:
        model: the fitted comment model.
        posterior: of the person.
        rows: of the comments wanted, in the order wanted; None means all.
    """
    severity = model.severity if rows is None else model.severity[np.asarray(rows, dtype=np.int64)]
    with one_blas_thread():
        return summarised(posterior.tail @ severity.T, model.scale)


def level_probabilities(
    model: CommentModel, posterior: PersonalPosterior, rows: ArrayLike
) -> NDArray[np.float64]:
    """Return P(level) of the comments in `rows`, float64, shape (n, K), rows sum to 1."""
    severity = model.severity[np.asarray(rows, dtype=np.int64)].astype(np.float64)
    tail = severity @ posterior.tail.T.astype(np.float64)
    ends = np.ones((len(tail), 1))
    return np.hstack([ends, tail]) - np.hstack([tail, 0 * ends])


def summarised(tail: Float32Array, scale: RatingScale) -> Predictions:
    """Return the figures of distributions given by P(level > k), shape (K - 1, n)."""
    values = np.asarray(scale.values, dtype=np.float32)
    steps = np.diff(np.asarray(scale.values)).astype(np.float32)
    mean = steps @ tail
    mean += values[0]
    # Rounding of single precision could leave the scale by a last bit.
    np.clip(mean, values[0], values[-1], out=mean)

    def quantile(q: float) -> Float32Array:
        # P(level ≤ k) < q means that the quantile lies above k.
        level = (tail > np.float32(1.0 - q)).sum(axis=0, dtype=np.uint8)
        return np.asarray(values[level])

    return Predictions(
        mean=mean,
        median=quantile(0.5),
        p_above=np.clip(tail[scale.first_positive_level - 1], 0.0, 1.0),
        quantile_10=quantile(QUANTILES[0]),
        quantile_25=quantile(QUANTILES[1]),
        quantile_75=quantile(QUANTILES[2]),
        quantile_90=quantile(QUANTILES[3]),
    )
