"""Fields of JSON objects as typed columns, with the reasons against what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelaudit_dagster.importers.times import NO_TIME, times_of_milliseconds


@dataclass(frozen=True)
class IdColumn:
    """Ids of n entries.

    Attributes:
        text: str series (n,); null where the id is not usable.
        unstorable: bool (n,), whether the id holds the character NUL.
        from_number: bool (n,), whether the id was a JSON number.
    """

    text: pd.Series[str]
    unstorable: npt.NDArray[np.bool_]
    from_number: npt.NDArray[np.bool_]

    @property
    def invalid(self) -> npt.NDArray[np.bool_]:
        """Mask (n,) of ids that are absent, empty, or neither text nor a whole number."""
        mask: npt.NDArray[np.bool_] = self.text.isna().to_numpy() & ~self.unstorable
        return mask

    def ambiguous(self) -> npt.NDArray[np.bool_]:
        """Mask (n,) of ids that occur as a number and as text."""
        if not self.from_number.any():
            return np.zeros(len(self.text), dtype=np.bool_)
        as_number = self.text.isin(self.text[self.from_number])
        as_text = self.text.isin(self.text[~self.from_number].dropna())
        mask: npt.NDArray[np.bool_] = (as_number & as_text & self.text.notna()).to_numpy()
        return mask


def objects_of(entries: list[Any]) -> tuple[list[dict[str, Any]], npt.NDArray[np.bool_]]:
    """Return the entries with an empty object for each that is none, and the mask of those."""
    if set(map(type, entries)) <= {dict}:
        return entries, np.zeros(len(entries), dtype=np.bool_)
    is_object = np.fromiter((type(entry) is dict for entry in entries), np.bool_, len(entries))
    return [entry if type(entry) is dict else {} for entry in entries], ~is_object


def raw_of(entries: list[Any]) -> Callable[[npt.NDArray[np.int64]], list[str]]:
    """Return a function that gives the entries at the given positions as JSON text."""
    return lambda positions: [
        orjson.dumps(entries[position], option=orjson.OPT_SORT_KEYS).decode()
        for position in positions
    ]


def column_of(objects: list[dict[str, Any]], key: str) -> list[Any]:
    """Return one field of all objects, None where it is absent."""
    return [entry.get(key) for entry in objects]


def read_ids(values: list[Any]) -> IdColumn:
    """Read ids: text verbatim, whole numbers as their digits, everything else not at all."""
    types = set(map(type, values))
    from_number = np.zeros(len(values), dtype=np.bool_)
    if not types <= {str}:
        if int in types:
            from_number = np.fromiter((type(v) is int for v in values), np.bool_, len(values))
        values = [v if type(v) is str else str(v) if type(v) is int else None for v in values]
    text = pa.array(values, pa.large_string())
    empty = pc.equal(pc.binary_length(text), 0)
    unstorable = pc.fill_null(pc.match_substring(text, "\0"), False)
    usable = pc.if_else(pc.or_(pc.fill_null(empty, True), unstorable), None, text)
    return IdColumn(
        text=string_series(usable),
        unstorable=unstorable.to_numpy(zero_copy_only=False),
        from_number=from_number,
    )


def read_texts(
    values: list[Any],
) -> tuple[pd.Series[str], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Read texts that people read.

    Returns:
        The str series, the mask of those that are absent, blank or not text, and the mask of
        those that hold the character NUL.
    """
    if not set(map(type, values)) <= {str}:
        values = [v if type(v) is str else None for v in values]
    text = pa.array(values, pa.large_string())
    blank = pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(text)), 0), True)
    unstorable = pc.fill_null(pc.match_substring(text, "\0"), False)
    return (
        string_series(text),
        blank.to_numpy(zero_copy_only=False),
        unstorable.to_numpy(zero_copy_only=False),
    )


def read_references(values: list[Any]) -> tuple[pd.Series[str], int]:
    """Read optional ids; return them and how many were given but are not usable."""
    ids = read_ids(values)
    given = sum(value is not None for value in values)
    return ids.text, given - int(ids.text.notna().sum())


def read_times(values: list[Any]) -> tuple[npt.NDArray[np.int64], int]:
    """Read times: ISO 8601 text (UTC where it names no zone) or milliseconds since 1970.

    Returns:
        int64 (n,) microseconds since 1970, `NO_TIME` where there is none, and how many were
        given but could not be read.
    """
    times = np.full(len(values), NO_TIME, dtype=np.int64)
    types = set(map(type, values))
    if types <= {type(None)}:
        return times, 0
    if str in types:
        # pandas reads the words "now" and "today" as the current time; a digit comes first.
        texts = [v if type(v) is str and v[:1].isdigit() else None for v in values]
        # Cut to microseconds, since one nanosecond would narrow the range of all the others.
        cut = pc.replace_substring_regex(
            pa.array(texts, pa.large_string()), pattern=r"([.,]\d{6})\d+", replacement=r"\1"
        )
        read = pd.to_datetime(
            string_series(cut), format="ISO8601", utc=True, errors="coerce"
        ).astype("datetime64[us, UTC]")
        times = read.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    if types & {int, float}:
        numbers = [float(v) if type(v) in (int, float) else np.nan for v in values]
        read_numbers = times_of_milliseconds(np.array(numbers, dtype=np.float64))
        times = np.where(read_numbers != NO_TIME, read_numbers, times)
    given = sum(value is not None for value in values)
    return times, given - int((times != NO_TIME).sum())


def string_series(array: pa.Array | pa.ChunkedArray) -> pd.Series[str]:
    """Return Arrow strings as a pandas series of dtype `str`."""
    series: pd.Series[str] = pa.table({"values": array}).to_pandas()["values"].astype("str")
    return series.rename(None)


def strings_at(
    values: Sequence[str] | pd.Series[str], codes: npt.NDArray[np.int64]
) -> pd.Series[str]:
    """Return `values[codes]` as a series of dtype `str`."""
    taken: pd.Series[str] = pd.Series(values, dtype="str").take(codes).reset_index(drop=True)
    return taken
