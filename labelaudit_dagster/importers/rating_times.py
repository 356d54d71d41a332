"""Times as people write them in tables."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from labelaudit_dagster.importers.json_columns import read_times
from labelaudit_dagster.importers.times import NO_TIME, times_of_milliseconds

_EPOCH: Final = re.compile(r"\d{9,17}(\.\d+)?")
_LARGEST_SECONDS: Final = 1e11
_LARGEST_MILLISECONDS: Final = 1e14


def times_of_written(texts: list[str]) -> npt.NDArray[np.int64]:
    """Read times: ISO 8601 (UTC where it names no zone), or a number of 9 to 17 digits.

    A number counts seconds since 1970 below 10^11, milliseconds below 10^14, and microseconds
    above.

    Returns:
        int64 microseconds since 1970, `NO_TIME` for every text that is no time.
    """
    stripped = [text.strip() for text in texts]
    numbers = np.array(
        [float(text) if _EPOCH.fullmatch(text) else np.nan for text in stripped], np.float64
    )
    with np.errstate(invalid="ignore"):
        factor = np.where(
            numbers < _LARGEST_SECONDS, 1e3, np.where(numbers < _LARGEST_MILLISECONDS, 1.0, 1e-3)
        )
    since_epoch = times_of_milliseconds(numbers * factor)
    iso, _ = read_times(
        [t if np.isnan(n) else None for t, n in zip(stripped, numbers, strict=True)]
    )
    return np.where(since_epoch == NO_TIME, iso, since_epoch)
