"""Tables as CSV and Parquet."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal

from app_api.media_types import wanted_form

if TYPE_CHECKING:
    import pandas as pd

TableFormat = Literal["json", "csv", "parquet"]

MEDIA_TYPES: Final[dict[TableFormat, str]] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}

_ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Texts that a spreadsheet would run as a formula begin like this (OWASP, "CSV Injection")."""


def accepted_format(given: TableFormat | None, accept: str | None) -> TableFormat:
    """Return in which form a table is wanted.

    Args:
        given: The query parameter `format`, which comes before the header.
        accept: The header `Accept`. Of several media types the one with the highest weight counts,
            of equal ones the first; what is none of ours means JSON.
    """
    return wanted_form(given, accept, _FORMATS, "json")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV (RFC 4180): UTF-8, a header, empty cells for what is missing.

    A text that a spreadsheet could take for a formula gets an apostrophe in front; numbers stay as
    they are. Lists become one cell, with blanks between their entries.
    """
    import pandas as pd

    shown = frame.copy(deep=False)
    for place in range(shown.shape[1]):
        column = shown.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        shown.isetitem(place, [_cell(value) for value in column.astype(object)])
    shown.columns = pd.Index([_safe(str(name)) for name in shown.columns])
    text = shown.to_csv(index=False, lineterminator="\r\n", date_format="%Y-%m-%dT%H:%M:%S.%fZ")
    return text.encode("utf-8", errors="replace")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet, its values unchanged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as objects of plain values, with None for what is missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    columns = [str(name) for name in plain.columns]
    return [dict(zip(columns, row, strict=True)) for row in plain.itertuples(index=False)]


_FORMATS: Final[dict[str, TableFormat]] = {
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
    "text/csv": "csv",
    "text/*": "csv",
    "application/vnd.apache.parquet": "parquet",
}


def _cell(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, list):
        return _safe(" ".join(str(entry) for entry in value))
    if value is None or pd.isna(value):
        return None
    return _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_ACTIVE) else text
