"""Times in microseconds since 1970: units, ranges, and which are credible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

NO_TIME: Final = np.iinfo(np.int64).min
"""Stands for an unknown time among times in microseconds (it is NumPy's NaT)."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much a source's clock may be ahead of ours before its times count as future ones."""

# Years 1 to 9999, which every consumer can represent, in milliseconds since 1970.
_EARLIEST_MS = -62_135_596_800_000
_LATEST_MS = 253_402_300_799_999


def times_of_milliseconds(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return milliseconds since 1970 in microseconds, `NO_TIME` outside the years 1 to 9999."""
    usable = (numbers >= _EARLIEST_MS) & (numbers <= _LATEST_MS)
    return np.where(usable, np.where(usable, numbers, 0).astype(np.int64) * 1000, NO_TIME)


def microseconds(moment: datetime) -> int:
    """Return a zoned moment in microseconds since 1970.

    Raises:
        ValueError: The moment names no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment must name its time zone")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def latest_credible_time(now: datetime) -> int:
    """Return the latest time, in microseconds since 1970, that is not in the future.

    Raises:
        ValueError: `now` names no time zone.
    """
    return microseconds(now + CLOCK_TOLERANCE)


def time_series(times: npt.NDArray[np.int64]) -> pd.Series[pd.Timestamp]:
    """Return microseconds since 1970 as a `datetime64[us, UTC]` series."""
    return pd.Series(times.astype("datetime64[us]")).dt.tz_localize("UTC")
