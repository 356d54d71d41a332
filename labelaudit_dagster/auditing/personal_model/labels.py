"""The labels of one person, checked and in a defined order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model.errors import PersonalModelError


@dataclass(frozen=True, eq=False)
class PersonalLabels:
    """Labels of one person, ordered by row.

    Attributes:
        rows: of the comments in the model, int64, shape (n,), ascending and unique.
        levels: int64, shape (n,), 0 to K - 1.
        weights: float64, shape (n,), each above 0.
    """

    rows: NDArray[np.int64]
    levels: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


def checked_labels(
    model: CommentModel, item_rows: ArrayLike, levels: ArrayLike, weights: ArrayLike | None
) -> PersonalLabels:
    """Return the labels in order of their rows; those of weight 0 are left out.

    Raises:
        PersonalModelError: if lengths differ, a row, level or weight is out of range, or a
            comment is labelled twice (keep the latest label of each).
    """
    rows = np.atleast_1d(np.asarray(item_rows, dtype=np.int64))
    level = np.atleast_1d(np.asarray(levels, dtype=np.int64))
    weight = (
        np.ones(len(rows))
        if weights is None
        else np.atleast_1d(np.asarray(weights, dtype=np.float64))
    )
    if not len(rows) == len(level) == len(weight):
        raise PersonalModelError(
            f"There are {len(rows)} rows, {len(level)} levels and {len(weight)} weights; a label "
            "needs one of each."
        )
    if len(rows) and (rows.min() < 0 or rows.max() >= model.n_items):
        raise PersonalModelError(
            f"A label is for a comment outside rows 0 to {model.n_items - 1}; leave out labels "
            "for comments that the model does not know (row -1)."
        )
    if len(rows) and (level.min() < 0 or level.max() >= model.scale.n_levels):
        raise PersonalModelError(
            f"A label is outside levels 0 to {model.scale.n_levels - 1}; leave out unsure labels."
        )
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise PersonalModelError("Weights of labels are finite numbers from 0.")
    order = np.argsort(rows, kind="stable")
    rows, level, weight = rows[order], level[order], weight[order]
    if np.any(np.diff(rows) == 0):
        twice = model.item_ids[rows[:-1][np.diff(rows) == 0][0]]
        raise PersonalModelError(f"Comment {twice} is labelled twice; keep the latest label.")
    kept = weight > 0
    return PersonalLabels(rows[kept], level[kept], weight[kept])
