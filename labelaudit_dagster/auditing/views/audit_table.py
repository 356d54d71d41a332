"""All that views need of a corpus, prepared once for a version of its artifacts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.comment_sample import sample_priorities
from labelaudit_dagster.auditing.views.contract_units import contract_scale
from labelaudit_dagster.auditing.views.decisions import is_positive
from labelaudit_dagster.auditing.views.errors import AuditViewError
from labelaudit_dagster.auditing.views.keyword_index import KeywordIndex
from labelaudit_dagster.auditing.views.topic_index import TopicIndex, TopicMethod

if TYPE_CHECKING:
    import pandas as pd

CATEGORY_COLUMNS: Final = {
    "is_profane_frac": "Profanity",
    "is_threat_frac": "Threat",
    "is_identity_attack_frac": "Identity Attack",
    "is_insult_frac": "Insult",
    "is_sexual_harassment_frac": "Sexual Harassment",
}
CATEGORY_SHARE: Final = 0.3
"""A category is named where more than this share of the raters chose it."""

_CATEGORY_TEXTS: Final = tuple(
    ", ".join(name for bit, name in enumerate(CATEGORY_COLUMNS.values()) if code >> bit & 1)
    for code in range(1 << len(CATEGORY_COLUMNS))
)


@dataclass(frozen=True, eq=False)
class AuditTable:
    """Comments with topics and the system's ratings, as arrays in the order of item ids.

    One table serves every person; predictions stand beside it as an array (`aligned`). Rating
    arrays are in the units of `scale`; `in_contract_units` gives the table of the compatible
    routes, which shares everything but the ratings.

    Attributes:
        item_ids: int64, ascending, shape (n,).
        texts: the comments.
        keywords: finds the comments that hold a keyword.
        system: the system's ratings, float64, shape (n,).
        topics: rows by topic.
        category_codes: bit b is set where category b of `CATEGORY_COLUMNS` is named, uint8.
        priorities: see `sample_priorities`.
        scale: the scale of the ratings.
        n_left_out: comments without a rating of the system, which are in no view.
    """

    item_ids: NDArray[np.int64]
    texts: list[str]
    keywords: KeywordIndex
    system: NDArray[np.float64]
    topics: TopicIndex
    category_codes: NDArray[np.uint8]
    priorities: NDArray[np.uint64]
    scale: RatingScale
    n_left_out: int = 0

    @classmethod
    def from_frames(
        cls,
        comments: pd.DataFrame,
        comment_topics: pd.DataFrame,
        system_ratings: pd.DataFrame,
        *,
        scale: RatingScale,
        seed: int = 0,
    ) -> Self:
        """Join the tables of a corpus.

        Args:
            comments: `item_id`, `text`, and columns of `CATEGORY_COLUMNS` where they exist.
            comment_topics: `item_id`, `topic_id`, `topic`, for every comment.
            system_ratings: `item_id`, `system_rating`; comments without one are left out.
            scale: the scale of the corpus.
            seed: of the samples.

        Raises:
            AuditViewError: an id occurs twice, a comment has no topic, or no comment has a
                rating of the system.
        """
        ids = _ids(comments, "comments")
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        rated, at = _places(_ids(system_ratings, "system_ratings"), ids)
        rating = np.full(len(ids), np.nan)
        rating[rated] = system_ratings["system_rating"].to_numpy(np.float64, na_value=np.nan)[at]
        kept = np.isfinite(rating)
        if len(ids) and not kept.any():
            raise AuditViewError(
                "No comment has a rating of the system; materialise system_ratings for this corpus."
            )
        item_ids, rows = ids[kept], order[kept]
        found, where = _places(_ids(comment_topics, "comment_topics"), item_ids)
        if not found.all():
            raise AuditViewError(
                f"Comment {item_ids[~found][0]} has no topic, and {int((~found).sum())} comments"
                " in all; materialise comment_topics for this corpus."
            )
        names = comment_topics["topic"].astype(object).to_numpy()[where].tolist()
        texts = [str(text) for text in comments["text"].astype(object).to_numpy()[rows].tolist()]
        return cls(
            item_ids=item_ids,
            texts=texts,
            keywords=KeywordIndex.from_texts(texts),
            system=rating[kept],
            topics=TopicIndex.from_rows(
                comment_topics["topic_id"].to_numpy(np.int64)[where], names
            ),
            category_codes=_category_codes(comments, rows),
            priorities=sample_priorities(item_ids, seed),
            scale=scale,
            n_left_out=int((~kept).sum()),
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    def in_contract_units(self) -> AuditTable:
        """Return this table with ratings and scale on 0 … 4; keep it, it is made once."""
        return self._contract_table

    @cached_property
    def _contract_table(self) -> AuditTable:
        scale = contract_scale(self.scale)
        if scale == self.scale:
            return self
        return replace(self, system=self.scale.to_contract(self.system), scale=scale)

    def aligned(self, predictions: pd.DataFrame, column: str = "mean") -> NDArray[Any]:
        """Return a column of a model's predictions in the order of this table.

        Where the predictions are of the same comments, nothing is copied.

        Args:
            predictions: `item_id` and the column, as `personal_predictions` holds them.
            column: which one.

        Raises:
            AuditViewError: a comment of the table has no prediction.
        """
        ids = predictions["item_id"].to_numpy()
        values: NDArray[Any] = predictions[column].to_numpy()
        if len(ids) == len(self.item_ids) and np.array_equal(ids, self.item_ids):
            return values
        found, where = _places(_ids(predictions, "predictions"), self.item_ids)
        if not found.all():
            raise AuditViewError(
                f"{int((~found).sum())} comments have no prediction; the model is of another"
                " version of the corpus and needs to be folded in again."
            )
        return values[where]

    def rows_of_items(self, item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the ascending rows of those ids that are in the table."""
        return np.sort(_places(self.item_ids, np.unique(item_ids))[1])

    def categories(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the categories named for each row, joined by comma and space."""
        return [_CATEGORY_TEXTS[code] for code in self.category_codes[rows].tolist()]

    def topic_names(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the topic of each row."""
        return [self.topics.names[code] for code in self.topics.codes[rows].tolist()]

    @cached_property
    def system_positive(self) -> NDArray[np.bool_]:
        """Where the system's rating is above the threshold, shape (n,)."""
        return is_positive(self.system, self.scale)

    @cached_property
    def _system_by_topic(self) -> dict[TopicMethod, NDArray[np.float64]]:
        return {}

    def system_by_topic(self, method: TopicMethod) -> NDArray[np.float64]:
        """Return the system's median or mean for each topic, shape (k,); computed once."""
        known = self._system_by_topic
        if method not in known:
            known[method] = self.topics.aggregate(self.system, method)
        return known[method]


def _ids(frame: pd.DataFrame, name: str) -> NDArray[np.int64]:
    """Return the item ids of a frame, each of which must occur once."""
    ids: NDArray[np.int64] = frame["item_id"].to_numpy(np.int64)
    if len(np.unique(ids)) != len(ids):
        raise AuditViewError(f"An item_id occurs twice in {name}; give one row for each comment.")
    return ids


def _places(
    ids: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which of `wanted` are among `ids`, and where these are there."""
    if not len(ids):
        return np.zeros(len(wanted), dtype=np.bool_), np.empty(0, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    where = order[place]
    found = ids[where] == wanted
    return found, where[found].astype(np.int64)


def _category_codes(comments: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    codes = np.zeros(len(rows), dtype=np.uint8)
    for bit, column in enumerate(CATEGORY_COLUMNS):
        if column in comments.columns:
            shares = comments[column].to_numpy(np.float64, na_value=np.nan)[rows]
            codes |= ((shares > CATEGORY_SHARE).astype(np.uint8) << bit).astype(np.uint8)
    return codes
