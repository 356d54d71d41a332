"""Parquet files to columns of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.surrogates import decoded_without_surrogates
from labelaudit_dagster.importers.text_columns import TextColumns

PARQUET_MAGIC: Final = b"PAR1"

_SCALARS: Final = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_timestamp,
    pa.types.is_date,
    pa.types.is_null,
)


def parquet_header(content: bytes, name: str) -> list[str]:
    """Return the names of a Parquet file's columns.

    Args:
        content: The file's bytes.
        name: Its name, for messages.

    Raises:
        ImportFailure: It is not Parquet, or damaged.
    """
    return list(_opened(content, name).schema_arrow.names)


def read_parquet(content: bytes, name: str, columns: Sequence[str]) -> TextColumns:
    """Read columns as text: whole numbers as their digits, times as ISO 8601, nulls as empty.

    Args:
        content: The file's bytes.
        name: Its name, for messages.
        columns: Names of columns that it has.

    Raises:
        ImportFailure: It is not Parquet or damaged, or a column has a type that is no scalar or
            is there more than once.
    """
    file = _opened(content, name)
    names = list(dict.fromkeys(columns))
    header = file.schema_arrow.names
    for column in names:
        if header.count(column) > 1:
            raise ImportFailure(f"{name} has the column '{column}' more than once; remove one.")
    try:
        # Top-level names alone: Parquet reads a dot in a name as a path into a nested column.
        table = file.read(columns=names, use_threads=True).select(names)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise ImportFailure(f"{name} cannot be read: it is damaged; make it again.") from error
    texts = {column: _encoded(table[column], name, column) for column in names}
    return TextColumns(name, pa.table(texts), np.arange(len(table), dtype=np.int64), malformed={})


def _opened(content: bytes, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise ImportFailure(
            f"{name} is not a Parquet file, or damaged; make it again or choose --format csv."
        ) from error


def _encoded(values: pa.ChunkedArray, name: str, column: str) -> pa.Array:
    """Return values as dictionary-encoded texts.

    Raises:
        ImportFailure: They are neither texts, numbers, truth values nor times.
    """
    kind = values.type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (_is_text(kind) or _is_bytes(kind) or any(test(kind) for test in _SCALARS)):
        raise ImportFailure(
            f"{name} has the column '{column}' of type {kind}; it must hold texts or numbers."
        )
    array = values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # what becomes of no chunks at all
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], values.type)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    texts = _texts(array.dictionary, name, column)
    indices = array.indices.to_numpy(zero_copy_only=False)
    absent = pc.is_null(array).to_numpy(zero_copy_only=False)
    # The dictionary of a foreign file may hold a text twice, and has none for nulls.
    distinct = pa.concat_arrays([texts, pa.array([""], pa.large_string())]).dictionary_encode()
    codes = distinct.indices.to_numpy()
    positions = np.where(absent, len(texts), np.where(absent, 0, indices)).astype(np.int64)
    return pa.DictionaryArray.from_arrays(
        pa.array(codes[positions].astype(np.int32)), distinct.dictionary
    )


def _texts(values: pa.Array, name: str, column: str) -> pa.Array:
    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.if_else(values, "1", "0").cast(pa.large_string()).fill_null("")
    if pa.types.is_floating(kind):
        numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return pa.array([_digits(number) for number in numbers.tolist()], pa.large_string())
    if pa.types.is_decimal(kind):
        numbers = [None if number is None else float(number) for number in values.to_pylist()]
        return pa.array([_digits(number) for number in numbers], pa.large_string())
    if _is_bytes(kind) or _is_text(kind):
        return _valid(values, name, column)
    return values.cast(pa.large_string()).fill_null("")


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _digits(number: float | None) -> str:
    if number is None or number != number:
        return ""
    return str(int(number)) if number.is_integer() and abs(number) < 2**63 else repr(number)


def _valid(values: pa.Array, name: str, column: str) -> pa.Array:
    """Return texts, with NUL for each half of a surrogate pair.

    Raises:
        ImportFailure: They are not UTF-8 for another reason.
    """
    contents = values.cast(pa.large_binary())
    try:
        return contents.cast(pa.large_string()).fill_null("")
    except pa.ArrowInvalid:
        pass
    try:
        return pa.array(
            [decoded_without_surrogates(content or b"") for content in contents.to_pylist()],
            pa.large_string(),
        )
    except UnicodeDecodeError as error:
        raise ImportFailure(
            f"{name} has texts in the column '{column}' that are not UTF-8; make it again."
        ) from error
