"""Which of several rows with one key counts, whatever the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.times import NO_TIME

KEPT: Final = 0
SUPERSEDED: Final = 1
CONFLICTING: Final = 2


def resolve_repeats(
    key: npt.NDArray[np.int64],
    value: npt.NDArray[np.int64],
    time: npt.NDArray[np.int64],
    raw: Callable[[npt.NDArray[np.int64]], Sequence[str]],
) -> npt.NDArray[np.int8]:
    """Decide for each row whether it is kept, superseded or conflicting.

    Rows with a key of their own are kept. Among the rows of one key:

    - All values equal: one row is kept, the latest known one; the others are superseded.
    - Values differ and every time is known: the latest row wins, the others are superseded.
      Where the latest time itself has different values, its rows are conflicting and none is
      kept.
    - Values differ and a time is unknown: all are conflicting.

    Rows that are equally good are told apart by their raw text, so that the outcome does not
    depend on the order of rows.

    Args:
        key: int64 (n,). Rows with the same key say something about the same thing.
        value: int64 (n,). What a row says, as a number.
        time: int64 (n,). When, in microseconds since 1970; `NO_TIME` where unknown.
        raw: Returns the raw text of the rows at the given positions; called for repeats only.

    Returns:
        int8 (n,) of `KEPT`, `SUPERSEDED` and `CONFLICTING`.
    """
    outcome = np.full(len(key), KEPT, dtype=np.int8)
    repeated = np.flatnonzero(pd.Series(key).duplicated(keep=False).to_numpy())
    if not len(repeated):
        return outcome
    rows = pd.DataFrame(
        {
            "row": repeated,
            "key": key[repeated],
            "value": value[repeated],
            "time": time[repeated],
            "raw": pd.Series(raw(repeated), dtype="str"),
        }
    )
    by_key = rows.groupby("key", sort=False)
    differ = by_key["value"].transform("nunique") > 1
    timeless = by_key["time"].transform("min") == NO_TIME
    latest = rows["time"] == by_key["time"].transform("max")
    latest_rows = rows[latest]
    tied_keys = latest_rows.groupby("key", sort=False)["value"].nunique()
    tied = rows["key"].isin(tied_keys.index[tied_keys > 1])

    conflicting = differ & (timeless | (latest & tied))
    candidates = rows[latest & ~conflicting].sort_values(["raw", "row"], kind="stable")
    winners = candidates.drop_duplicates("key", keep="first")["row"].to_numpy()

    outcome[repeated] = np.where(conflicting.to_numpy(), CONFLICTING, SUPERSEDED)
    outcome[winners] = KEPT
    return outcome
