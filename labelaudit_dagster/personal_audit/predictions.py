"""A person's stored predictions, with the ids of the comments beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

ASSET = "personal_predictions"


def read_predictions(
    store: ArtifactStore,
    ref: ArtifactRef,
    model: str,
    *,
    columns: Sequence[str] | None = None,
    item_ids: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the predictions of one model for all comments.

    Args:
        store: the artifact store.
        ref: a version of `personal_predictions`.
        model: name of the model.
        columns: those wanted besides `item_id`; None for all.
        item_ids: ids of the comments in the order of the comment model, where they are at hand;
            else they are read.

    Returns:
        item_id (int64, ascending), then mean, median, p_above, quantile_10, … (float32).

    Raises:
        ArtifactNotFoundError: if there is no such version or model.
    """
    ids = item_ids_of(store, ref) if item_ids is None else np.asarray(item_ids, dtype=np.int64)
    frame = store.load_table(ref, model, columns=columns)
    frame.insert(0, "item_id", ids)
    return frame


def item_ids_of(store: ArtifactStore, ref: ArtifactRef) -> NDArray[np.int64]:
    """Return the ids of the comments, in the order of a version of `personal_predictions`."""
    model = store.resolve_upstream(ref, "comment_model")
    ids: NDArray[np.int64] = store.load_table(model, "severities", columns=["item_id"])[
        "item_id"
    ].to_numpy(dtype=np.int64)
    return ids
