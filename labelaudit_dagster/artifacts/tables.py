"""Data frames as Parquet: one byte form per content, no loss, zstd."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from labelaudit_dagster.artifacts.errors import ArtifactValueError

if TYPE_CHECKING:
    import pandas as pd

_ROW_GROUP_ROWS = 1 << 20
_ZSTD_LEVEL = 3

Filters = Sequence[Any]
"""Row filters as pyarrow takes them: `[("column", "==", value), …]`, or a list of such lists."""


def is_frame(value: Any) -> bool:
    """Whether a value is a pandas data frame (without importing pandas for the question)."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _check_index(frame: pd.DataFrame, where: str) -> None:
    import pandas as pd

    index = frame.index
    positional = index.nlevels == 1 and index.name is None
    if not (positional and (len(index) == 0 or pd.api.types.is_integer_dtype(index.dtype))):
        raise ArtifactValueError(
            f"{where} has an index that holds data; make it a column with reset_index()."
        )


def encode_table(frame: pd.DataFrame, where: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """Write a frame as Parquet.

    An unnamed integer index is taken for row positions and left out; frames come back with
    0, 1, 2, …

    Args:
        frame: columns with distinct names that are strings.
        where: what the frame is, for error messages.

    Returns:
        The bytes, and name and Arrow type of each column.

    Raises:
        ArtifactValueError: if names are no strings or repeat, the index holds data, or a column
            mixes types that one Parquet column cannot hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(frame.columns)
    if frame.columns.nlevels > 1 or not all(type(name) is str for name in names):
        raise ArtifactValueError(f"{where} has a column name that is no string; rename it.")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ArtifactValueError(f"{where} has the column {repeated[0]!r} twice; rename one.")
    _check_index(frame, where)
    plain = frame.reset_index(drop=True)
    plain.attrs = {}
    try:
        table = pa.Table.from_pandas(plain, preserve_index=False).combine_chunks()
        sink = io.BytesIO()
        pq.write_table(
            table,
            sink,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            row_group_size=_ROW_GROUP_ROWS,
            version="2.6",
            write_statistics=True,
        )
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise ArtifactValueError(
            f"{where} cannot be written as Parquet: {error}; give each column one type."
        ) from error
    return sink.getvalue(), tuple((field.name, str(field.type)) for field in table.schema)


def decode_table(
    source: bytes | BinaryIO,
    columns: Sequence[str] | None = None,
    filters: Filters | None = None,
) -> pd.DataFrame:
    """Read a frame, or some columns and rows of it, from Parquet.

    Raises:
        pyarrow.ArrowException: if the source is no Parquet or lacks a column.
    """
    import pyarrow.parquet as pq

    handle = io.BytesIO(source) if isinstance(source, bytes) else source
    table = pq.read_table(
        handle, columns=None if columns is None else list(columns), filters=filters
    )
    return cast("pd.DataFrame", table.to_pandas())


def select(
    frame: pd.DataFrame, columns: Sequence[str] | None, filters: Filters | None
) -> pd.DataFrame:
    """Apply the column and row choice of `decode_table` to a frame in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    if filters is not None:
        table = table.filter(pq.filters_to_expression(filters))
    if columns is not None:
        table = table.select(list(columns))
    return cast("pd.DataFrame", table.to_pandas())
