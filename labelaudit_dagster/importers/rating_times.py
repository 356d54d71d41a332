"""Times as people write them in tables."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from labelaudit_dagster.importers.json_columns import read_times

_EPOCH: Final = re.compile(r"\d{9,17}(\.\d+)?")
_LARGEST_SECONDS: Final = 1e11
_LARGEST_MILLISECONDS: Final = 1e14


def times_of_written(texts: list[str]) -> npt.NDArray[np.int64]:
    """Read times: ISO 8601 (UTC where it names no zone), or a number of 9 to 17 digits.

    A number counts seconds since 1970 below 10^11, milliseconds below 10^14, and microseconds
    above.

    Returns:
        int64 microseconds since 1970, `times.NO_TIME` for every text that is no time.
    """
    stripped = [text.strip() for text in texts]
    is_number = [_EPOCH.fullmatch(text) is not None for text in stripped]
    times, _ = read_times(
        [None if number else text for text, number in zip(stripped, is_number, strict=True)]
    )
    for position in np.flatnonzero(is_number):
        times[position] = _microseconds(float(stripped[position]))
    return times


def _microseconds(number: float) -> int:
    if number < _LARGEST_SECONDS:
        return round(number * 1e6)
    return round(number * 1e3 if number < _LARGEST_MILLISECONDS else number)
