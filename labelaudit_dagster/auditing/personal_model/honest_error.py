"""How wrong a personal model is about labels that it has not seen: leave-one-out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model.labels import checked_labels
from labelaudit_dagster.auditing.personal_model.posterior import prior_and_likelihood, softmax
from labelaudit_dagster.auditing.personal_model.predictions import summarised

if TYPE_CHECKING:
    import pandas as pd

FEWEST_LABELS: Final = 2
_FIGURES: Final = (
    "mae_of_median",
    "mae_of_mean",
    "rmse",
    "decision_error",
    "decision_error_of_mean",
)


def leave_one_out(
    model: CommentModel,
    item_rows: ArrayLike,
    levels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> pd.DataFrame:
    """Predict each label from the person's other labels.

    Equals folding in without that label, exactly, but costs one fold-in for all.

    Args:
        model: the fitted comment model.
        item_rows: as for `fold_in`.
        levels: as for `fold_in`.
        weights: as for `fold_in`; a label is predicted without its weighted self.

    Returns:
        One row per label of positive weight, ordered by `item_row`: item_row, item_id, level,
        rating (the value given), weight, mean, median, p_above.

    Raises:
        PersonalModelError: as for `fold_in`.
    """
    import pandas as pd

    labels = checked_labels(model, item_rows, levels, weights)
    responses, prior, likelihood = prior_and_likelihood(model, labels)
    weighted = labels.weights[:, None] * likelihood
    without = softmax(prior + weighted.sum(axis=0) - weighted)
    tail = np.tensordot(without.astype(np.float32), responses.tail, axes=(1, 1))
    predicted = summarised(
        np.einsum("nkg,ng->kn", tail, model.severity[labels.rows]).astype(np.float32), model.scale
    )
    return pd.DataFrame(
        {
            "item_row": labels.rows,
            "item_id": model.item_ids[labels.rows],
            "level": labels.levels,
            "rating": np.asarray(model.scale.values)[labels.levels],
            "weight": labels.weights,
            "mean": predicted.mean,
            "median": predicted.median,
            "p_above": predicted.p_above,
        }
    )


def honest_error(
    model: CommentModel,
    item_rows: ArrayLike,
    levels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> dict[str, float | int | None]:
    """Return the error of a personal model on the person's own labels, each left out once.

    Returns:
        `mae_of_median`, `mae_of_mean` and `rmse` (of the mean) in values of the scale;
        `decision_error`, the share of labels on the other side of the threshold than decided by
        P(above) > ½, and `decision_error_of_mean`, the same decided by mean > threshold, which
        is what views do that compare the mean with the system's score; each of these None where
        there are fewer than two labels. And `n`, the number of labels.

    Raises:
        PersonalModelError: as for `fold_in`.
    """
    return error_figures(
        leave_one_out(model, item_rows, levels, weights=weights), model.scale.threshold
    )


def error_figures(left_out: pd.DataFrame, threshold: float) -> dict[str, float | int | None]:
    """Return the figures of `honest_error` from (some rows of) a `leave_one_out` table."""
    n = len(left_out)
    if n < FEWEST_LABELS:
        return {**dict.fromkeys(_FIGURES), "n": n}
    rating = left_out["rating"].to_numpy(dtype=np.float64)
    mean = left_out["mean"].to_numpy(dtype=np.float64)
    median = left_out["median"].to_numpy(dtype=np.float64)
    above = left_out["p_above"].to_numpy(dtype=np.float64)
    return {
        "mae_of_median": float(np.abs(median - rating).mean()),
        "mae_of_mean": float(np.abs(mean - rating).mean()),
        "rmse": float(np.sqrt(((mean - rating) ** 2).mean())),
        "decision_error": float(((above > 0.5) != (rating > threshold)).mean()),
        "decision_error_of_mean": float(((mean > threshold) != (rating > threshold)).mean()),
        "n": n,
    }
