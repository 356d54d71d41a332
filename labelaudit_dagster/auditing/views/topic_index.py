"""Comments by topic: which rows each topic has, and sums and medians over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.views.errors import AuditViewError

TopicMethod: TypeAlias = Literal["median", "mean"]
OUTLIER_TOPIC: Final = -1
TOPIC_NUMBER_LIMIT: Final = 200
"""Overview and scaffolds show topics with smaller numbers; a plot cannot hold more."""


@dataclass(frozen=True, eq=False)
class TopicIndex:
    """Topics in the order of their numbers, with their rows.

    Attributes:
        ids: topic numbers, ascending, int64, shape (k,); -1 collects the outliers.
        names: as `12_word_word_word_word`, one for each.
        codes: position in `ids` for each row, int32, shape (n,).
        order: rows sorted by topic, then by position, int64, shape (n,).
        starts: where each topic begins in `order`, int64, shape (k + 1,).
    """

    ids: NDArray[np.int64]
    names: tuple[str, ...]
    codes: NDArray[np.int32]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def from_rows(cls, topic_ids: NDArray[np.int64], names: Sequence[str]) -> Self:
        """Index rows by their topics.

        Args:
            topic_ids: topic number of each row, shape (n,).
            names: topic name of each row.

        Raises:
            AuditViewError: one number has two names, or one name two numbers.
        """
        ids, first, inverse = np.unique(topic_ids, return_index=True, return_inverse=True)
        codes: NDArray[np.int32] = inverse.astype(np.int32)
        known = tuple(str(names[row]) for row in first.tolist())
        if len(set(known)) != len(known):
            raise AuditViewError(
                "Two topics have the same name; give each topic number a name of its own."
            )
        expected = np.array(known, dtype=object)[codes] if known else np.empty(0, dtype=object)
        if list(expected) != list(names):
            raise AuditViewError("A topic number has two names; give it one name everywhere.")
        order = np.argsort(codes, kind="stable").astype(np.int64)
        starts = np.searchsorted(codes[order], np.arange(len(ids) + 1)).astype(np.int64)
        return cls(ids.astype(np.int64), known, codes, order, starts)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of rows of each topic, shape (k,)."""
        return np.diff(self.starts)

    @cached_property
    def position(self) -> dict[str, int]:
        """Position of each topic by its name."""
        return {name: place for place, name in enumerate(self.names)}

    def rows_of(self, name: str) -> NDArray[np.int64]:
        """Return the rows of a topic in ascending order, none where there is no such topic."""
        place = self.position.get(name)
        if place is None:
            return np.empty(0, dtype=np.int64)
        return self.order[self.starts[place] : self.starts[place + 1]]

    def shown(self, *, with_outliers: bool, below: int = TOPIC_NUMBER_LIMIT) -> NDArray[np.int64]:
        """Return positions of the topics with numbers below a limit, with or without -1."""
        wanted = self.ids < below
        if not with_outliers:
            wanted &= self.ids != OUTLIER_TOPIC
        return np.flatnonzero(wanted)

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of `values` (n,) over each topic, float64, shape (k,)."""
        if not len(self.ids):
            return np.zeros(0)
        sums = np.bincount(self.codes, weights=values, minlength=len(self.ids))
        return sums.astype(np.float64, copy=False)

    def aggregate(self, values: NDArray[Any], method: TopicMethod) -> NDArray[np.float64]:
        """Return the median or the mean of `values` (n,) over each topic, shape (k,).

        Raises:
            AuditViewError: the method is neither.
        """
        if method == "mean":
            return self.sums(values) / self.counts
        if method != "median":
            raise AuditViewError(f"Topics are summed up by median or mean, not by {method!r}.")
        ordered = np.asarray(values)[self.order]
        ends = zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        return np.array([_median(ordered[start:stop]) for start, stop in ends], dtype=np.float64)


def _median(values: NDArray[Any]) -> float:
    """Return the median of one or more finite numbers; `np.median` takes three times as long."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1].tolist()
    return float((low + high) / 2)
