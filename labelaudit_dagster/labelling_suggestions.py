"""Which comments a person should label next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.auditing.personal_model import choose_next
from labelaudit_dagster.auditing.splits import uniform_of_items
from labelaudit_dagster.personal_audit import CorpusSide
from labelaudit_dagster.store import current_labels

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

MOST_CANDIDATES: Final = 5_000


def suggest_comments(
    store: ArtifactStore,
    database: Database | None,
    side: CorpusSide,
    user: str,
    model: str,
    n: int,
    *,
    among: ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Choose the comments whose labels are expected to teach a model most.

    Comments of the split `train` that the person has not labelled, for any model. The choice is
    reproducible and knows nothing of the system's ratings.

    Args:
        store: the artifact store, for the splits and texts.
        database: the application database; None where nothing was ever labelled.
        side: the corpus side.
        user: the person.
        model: the model that is to learn; its labels count, whether trained on or not.
        n: how many, at most.
        among: item ids to choose from, such as those of a topic; by default all.

    Returns:
        Objects with `item_id` and `text`, the best first.

    Raises:
        ArtifactError: if the splits or texts cannot be read.
        StoreError: if the labels cannot be read.
    """
    splits = store.load(side.refs["rating_splits"])
    candidates = splits.loc[splits["split"] == "train", "item_id"].to_numpy(dtype=np.int64)
    if among is not None:
        candidates = np.intersect1d(candidates, np.asarray(among, dtype=np.int64))
    labelled = None if database is None else current_labels(database, user)
    rows = levels = np.empty(0, dtype=np.int64)
    if labelled is not None and len(labelled):
        candidates = np.setdiff1d(candidates, labelled["item_id"].to_numpy())
        mine = labelled[(labelled["model"] == model) & labelled["rating"].notna()]
        rows = side.model.rows_of(mine["item_id"].to_numpy(dtype=np.int64))
        levels = side.scale.levels_of(mine["rating"].to_numpy()).astype(np.int64)
        known = (rows >= 0) & (levels >= 0)
        rows, levels = rows[known], levels[known]
    if len(candidates) > MOST_CANDIDATES:
        drawn = uniform_of_items(candidates, 0, "labelling suggestions")
        candidates = candidates[np.argsort(drawn, kind="stable")[:MOST_CANDIDATES]]
    at = side.model.rows_of(np.sort(candidates))
    chosen = side.model.item_ids[choose_next(side.model, rows, levels, at[at >= 0], n)]
    texts = _texts_of(store, side, chosen)
    return [{"item_id": item, "text": texts[item]} for item in chosen.tolist()]


def _texts_of(store: ArtifactStore, side: CorpusSide, items: NDArray[np.int64]) -> dict[int, str]:
    wanted = np.sort(items)
    rows = side.table.rows_of_items(wanted).tolist()
    found = {int(side.table.item_ids[row]): side.table.texts[row] for row in rows}
    # Comments that the system has not rated are in no table of the audit.
    missing = [item for item in wanted.tolist() if item not in found]
    if missing:
        rest = store.load_table(
            side.refs["comments"],
            columns=["item_id", "text"],
            filters=[("item_id", "in", missing)],
        )
        found.update(zip(rest["item_id"].tolist(), map(str, rest["text"]), strict=True))
    return found
