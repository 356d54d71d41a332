"""One generation of the corpus side, with the tables that only some routes need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_api.audit.bounded_cache import BoundedCache
from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from labelaudit_dagster.auditing.comment_model import CommentModel
    from labelaudit_dagster.auditing.rating_scale import RatingScale
    from labelaudit_dagster.auditing.views import AuditTable, TopicIndex
    from labelaudit_dagster.personal_audit import CorpusSide


@dataclass(frozen=True, eq=False)
class CorpusView:
    """Comments, topics, ratings of the system, splits and raters of one generation.

    Shared by all requests; nothing of it may be changed.

    Attributes:
        side: Comment model and audit table; `side.rows` leads from one to the other.
    """

    side: CorpusSide
    _store: ArtifactStore
    _cache: BoundedCache

    @property
    def version(self) -> str:
        """Names the generation: the versions of all its artifacts. For entity tags and keys."""
        return "-".join(ref.version for _, ref in sorted(self.side.refs.items()))

    @property
    def refs(self) -> Mapping[str, ArtifactRef]:
        """The artifacts, by the names of `personal_audit.ASSETS`."""
        return self.side.refs

    @property
    def scale(self) -> RatingScale:
        """The scale of the corpus."""
        return self.side.scale

    @property
    def table(self) -> AuditTable:
        """The comments that the system has rated, in units of the scale."""
        return self.side.table

    @property
    def contract_table(self) -> AuditTable:
        """The same on 0 … 4, for the compatible routes."""
        return self.side.table.in_contract_units()

    @property
    def topics(self) -> TopicIndex:
        """Topics and the rows of the table that each has."""
        return self.side.table.topics

    @property
    def model(self) -> CommentModel:
        """The comment model, which knows all comments of the corpus."""
        return self.side.model

    def training_rows(self) -> NDArray[np.int64]:
        """Return the rows of the table whose comments are in the split `train`, ascending.

        Raises:
            ArtifactError: The splits cannot be read.
        """
        import numpy as np

        def read() -> NDArray[np.int64]:
            splits = self._store.load_table(
                self.refs["rating_splits"], columns=["item_id", "split"]
            )
            chosen = splits.loc[splits["split"] == "train", "item_id"].to_numpy(np.int64)
            return np.flatnonzero(np.isin(self.table.item_ids, chosen))

        return self._cache.get(
            ("training_rows", self.refs["rating_splits"].version, self.version),
            read,
            lambda rows: int(rows.nbytes),
        )

    def labelling_rows(self) -> NDArray[np.int64]:
        """Return the rows of `training_rows` that can be told apart and read, ascending.

        Of several comments with one text the first of the corpus is it; blank ones are left out.

        Raises:
            ArtifactError: The splits cannot be read.
        """
        import numpy as np

        def choose() -> NDArray[np.int64]:
            first: dict[str, int] = {}
            for row, text in enumerate(self.table.texts):
                first.setdefault(text, row)
            texts, training = self.table.texts, self.training_rows().tolist()
            return np.array(
                [row for row in training if first[texts[row]] == row and texts[row].strip()],
                dtype=np.int64,
            )

        return self._cache.get(
            ("labelling_rows", self.version), choose, lambda rows: int(rows.nbytes)
        )

    def texts_of(self, item_ids: Sequence[int]) -> dict[int, str]:
        """Return the texts of some comments; unknown ones are left out.

        Raises:
            ArtifactError: The comments cannot be read.
        """
        import numpy as np

        wanted = np.unique(np.array(item_ids, dtype=np.int64))
        rows = self.table.rows_of_items(wanted).tolist()
        found = {int(self.table.item_ids[row]): self.table.texts[row] for row in rows}
        # Comments that the system has not rated are in no table.
        missing = [item for item in wanted.tolist() if item not in found]
        if missing:
            rest = self._store.load_table(
                self.refs["comments"],
                columns=["item_id", "text"],
                filters=[("item_id", "in", missing)],
            )
            found.update(
                zip(rest["item_id"].tolist(), rest["text"].astype(object).tolist(), strict=True)
            )
        return found

    def split_of(self, item_ids: list[int]) -> dict[int, str]:
        """Return the split of some comments; unknown ones are left out.

        Raises:
            ArtifactError: The splits cannot be read.
        """
        if not item_ids:
            return {}
        found = self._store.load_table(
            self.refs["rating_splits"], filters=[("item_id", "in", item_ids)]
        )
        return dict(zip(found["item_id"].tolist(), found["split"].astype(str), strict=True))

    def raters(self) -> pd.DataFrame:
        """Return `rater_id` and the demographic columns, one row for each rater.

        Raises:
            ArtifactError: They cannot be read.
        """
        return self._upstream("raters")

    def comment_ratings(self) -> pd.DataFrame:
        """Return `rater_id`, `item_id`, `rating`: everybody's ratings.

        Raises:
            ArtifactError: They cannot be read.
        """
        return self._upstream("comment_ratings")

    def topic_table(self) -> pd.DataFrame:
        """Return `topic_id`, `topic`, `n_comments`, `words` and what else is known of topics.

        Raises:
            ArtifactError: They cannot be read.
        """
        return self._frame(self.refs["comment_topics"], "topics")

    def _upstream(self, asset: str) -> pd.DataFrame:
        # What the comment model was fitted to; a newer import is another generation.
        return self._frame(self._store.resolve_upstream(self.refs["comment_model"], asset))

    def _frame(self, ref: ArtifactRef, name: str = "data") -> pd.DataFrame:
        return self._cache.get((ref, name), lambda: self._store.load_table(ref, name), frame_bytes)


def frame_bytes(frame: pd.DataFrame) -> int:
    """Return the memory of a table in bytes, its texts included."""
    return int(frame.memory_usage(deep=True).sum())
