"""Sorting the rows of one table into kept and quarantined ones, losing none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.quarantine import (
    REASONS,
    combine_quarantine,
    quarantine_frame,
)
from labelaudit_dagster.importers.repeats import CONFLICTING, SUPERSEDED, resolve_repeats

_REASON_NAMES = tuple(REASONS)


class Sieve:
    """Rows of a source on their way into one table; the first reason against a row counts.

    Args:
        table: Canonical table the rows are meant for.
        n_rows: How many rows there are.
        raw: Returns the rows at the given positions as JSON text.
        row_numbers: int64 (n_rows,), positions in the source; 0, 1, … if not given.
    """

    def __init__(
        self,
        table: str,
        n_rows: int,
        raw: Callable[[npt.NDArray[np.int64]], Sequence[str]],
        row_numbers: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._table = table
        self._raw = raw
        self._row_numbers = np.arange(n_rows) if row_numbers is None else row_numbers
        self._reason = np.full(n_rows, -1, dtype=np.int8)
        self._passed = np.zeros(n_rows, dtype=np.bool_)

    @property
    def open(self) -> npt.NDArray[np.bool_]:
        """Mask of the rows that nothing speaks against so far, passes included."""
        mask: npt.NDArray[np.bool_] = self._reason < 0
        return mask

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """Positions of the rows that are kept, in the source's order."""
        return np.flatnonzero(self.open & ~self._passed)

    def reject(self, mask: npt.NDArray[np.bool_], reason: str) -> None:
        """Quarantine the rows of a mask, unless they have a reason already.

        Raises:
            ValueError: The reason is not documented.
        """
        self._reason[mask & self.open] = _REASON_NAMES.index(reason)

    def set_passed(self, mask: npt.NDArray[np.bool_]) -> None:
        """Mark rows that express no opinion; they are counted apart from all others."""
        self._passed |= mask

    def resolve(
        self,
        key: npt.NDArray[np.int64],
        value: npt.NDArray[np.int64],
        time: npt.NDArray[np.int64],
    ) -> None:
        """Quarantine repeats among the open rows by the rule of `resolve_repeats`.

        Args:
            key: int64 (n_rows,), what a row is about.
            value: int64 (n_rows,), what it says.
            time: int64 (n_rows,), when, in microseconds; `NO_TIME` where unknown.
        """
        rows = np.flatnonzero(self.open)
        outcome = resolve_repeats(
            key[rows], value[rows], time[rows], lambda positions: self._raw(rows[positions])
        )
        for label, reason in ((SUPERSEDED, "superseded"), (CONFLICTING, "conflicting")):
            mask = np.zeros(len(self._reason), dtype=np.bool_)
            mask[rows[outcome == label]] = True
            self.reject(mask, reason)

    def quarantine(self, extra: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
        """Return the quarantined rows in canonical order, with those of `extra`."""
        parts = list(extra)
        rejected = np.flatnonzero(~self.open & ~self._passed)
        for code in np.unique(self._reason[rejected]):
            rows = rejected[self._reason[rejected] == code]
            parts.append(
                quarantine_frame(
                    self._table, self._row_numbers[rows], _REASON_NAMES[code], self._raw(rows)
                )
            )
        return combine_quarantine(parts)

    def counts(self, n_extra: int = 0) -> TableCounts:
        """Return the counts.

        Args:
            n_extra: Rows of the source that were quarantined before they reached the sieve.
        """
        n_passed = int(self._passed.sum())
        return TableCounts(
            rows_in=len(self._reason) - n_passed + n_extra,
            rows_kept=len(self.kept),
            rows_quarantined=int((~self.open & ~self._passed).sum()) + n_extra,
            rows_passed=n_passed,
        )
