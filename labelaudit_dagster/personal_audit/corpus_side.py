"""What every person's results need of the corpus, from one generation of artifacts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.comment_model import CommentModel
    from labelaudit_dagster.auditing.views.audit_table import AuditTable

ASSETS: Final = (
    "comments",
    "corpus_scale",
    "comment_topics",
    "system_ratings",
    "rating_splits",
    "comment_model",
)
"""The artifacts that a corpus side is made from."""

_REMEMBERED = 2


class CorpusNotReadyError(ExpectedFailure, LookupError):
    """Nobody can be audited against this corpus yet."""


@dataclass(frozen=True, eq=False)
class CorpusSide:
    """The corpus with its model, topics and the system's ratings.

    Attributes:
        refs: the artifacts by asset name.
        model: the comment model; its rows are all comments, by ascending item id.
        table: the comments that the system has rated, with their topics.
        rows: row in the model of each row of the table, int64.
        evaluation: rows of the table on which people and system are compared; those of the split
            `system_evaluation`, or all where it is empty.
    """

    refs: Mapping[str, ArtifactRef]
    model: CommentModel
    table: AuditTable
    rows: NDArray[np.int64]
    evaluation: NDArray[np.int64]

    @classmethod
    def load(cls, store: ArtifactStore, refs: Mapping[str, ArtifactRef]) -> CorpusSide:
        """Read the artifacts.

        Raises:
            ArtifactError: if one cannot be read.
            ExpectedFailure: if they do not fit each other.
        """
        from labelaudit_dagster.auditing.comment_model import CommentModel
        from labelaudit_dagster.auditing.views.audit_table import AuditTable

        model = CommentModel.from_members(store.load(refs["comment_model"]))
        table = AuditTable.from_frames(
            store.load(refs["comments"]),
            store.load_table(refs["comment_topics"], "comments"),
            store.load(refs["system_ratings"]),
            scale=RatingScale.from_document(store.load(refs["corpus_scale"])),
        )
        rows = model.rows_of(table.item_ids)
        if (rows < 0).any():
            raise CorpusNotReadyError(
                f"The comment model does not know {int((rows < 0).sum()):,} comments, since the "
                "corpus has changed; run `labelaudit run audit`."
            )
        splits = store.load(refs["rating_splits"])
        chosen = splits.loc[splits["split"] == "system_evaluation", "item_id"].to_numpy()
        evaluation = np.flatnonzero(np.isin(table.item_ids, chosen))
        return cls(
            refs=dict(refs),
            model=model,
            table=table,
            rows=rows,
            evaluation=evaluation if len(evaluation) else np.arange(len(table)),
        )

    @property
    def scale(self) -> RatingScale:
        """The scale of the corpus."""
        return self.table.scale

    @cached_property
    def evaluation_rows(self) -> NDArray[np.int64]:
        """Rows of the model on which people and system are compared."""
        return self.rows[self.evaluation]

    @cached_property
    def evaluation_system(self) -> NDArray[np.float64]:
        """The system's ratings of them."""
        return self.table.system[self.evaluation]


class CorpusSides:
    """Loads corpus sides, and keeps the last ones; for use from several threads."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], CorpusSide] = OrderedDict()

    def of(self, refs: Mapping[str, ArtifactRef]) -> CorpusSide:
        """Return the corpus side of some versions; errors as `CorpusSide.load`."""
        key = tuple(refs[asset].version for asset in ASSETS)
        with self._lock:
            side = self._kept.get(key)
            if side is None:
                side = self._kept[key] = CorpusSide.load(
                    self._store, {asset: refs[asset] for asset in ASSETS}
                )
            self._kept.move_to_end(key)
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
            return side

    def current(self) -> CorpusSide:
        """Return the corpus side that is current.

        Raises:
            CorpusNotReadyError: if the corpus was not prepared yet.
        """
        return self.of(current_refs(self._store))


def current_refs(store: ArtifactStore) -> dict[str, ArtifactRef]:
    """Return one generation of the artifacts: what the current comment model goes with.

    Raises:
        CorpusNotReadyError: if one of them was never made.
    """
    found = {asset: store.current(asset) for asset in ASSETS}
    missing = [asset for asset, ref in found.items() if ref is None]
    if missing:
        raise CorpusNotReadyError(
            f"This home has no {missing[0].replace('_', ' ')} yet. Import comments, then: "
            "labelaudit run audit"
        )
    return {asset: ref for asset, ref in found.items() if ref is not None}
