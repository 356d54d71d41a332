"""CSV files to columns of text, with the lines that do not fit set apart."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.text_columns import TextColumns
from labelaudit_dagster.importers.times import NO_TIME, times_of_milliseconds

_BLOCK_BYTES = 8 << 20
_LARGEST_HEADER_BYTES = 16 << 20


def read_csv(
    source: BinaryIO | bytes,
    name: str,
    *,
    required: Collection[str],
    wanted: Collection[str] | None = None,
    plain: Collection[str] = (),
    newlines_in_values: bool = False,
    delimiter: str = ",",
) -> TextColumns:
    """Read a CSV file as text.

    Args:
        source: The file's bytes, or a file opened for reading in binary mode.
        name: Its name, for messages.
        required: Columns that must be there.
        wanted: Further columns to read where they are there; None for all.
        plain: Columns with mostly distinct texts, not worth a dictionary.
        newlines_in_values: Whether quoted fields may hold line ends.
        delimiter: What stands between two fields, one character.

    Raises:
        ImportFailure: The file is empty, not CSV, not UTF-8, or lacks a required column.
    """
    content = source if isinstance(source, bytes) else source.read()
    header = csv_header(content, name, delimiter)
    for column in required:
        if column not in header:
            raise ImportFailure(
                f"{name} has no column '{column}'; it must be the file of that name from a "
                "Polis export."
            )
    columns = [
        column for column in header if wanted is None or column in required or column in wanted
    ]
    repeated = sorted({column for column in columns if header.count(column) > 1})
    if repeated:
        raise ImportFailure(f"{name} has the column '{repeated[0]}' more than once; remove one.")
    if content.count(b'"') % 2:
        raise ImportFailure(
            f"{name} has an unclosed quotation mark, as if cut off; download it again."
        )
    malformed: list[tuple[int, str]] = []

    def set_apart(row: arrow_csv.InvalidRow) -> str:
        malformed.append((row.number - 2, row.text))  # counted from 1, with the header
        return "skip"

    encoded = pa.dictionary(pa.int32(), pa.large_string())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            # One thread, since only then lines are numbered.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=newlines_in_values,
                invalid_row_handler=set_apart,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=columns,
                column_types={c: pa.large_string() if c in plain else encoded for c in columns},
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        detail = "its text is not UTF-8" if "UTF8" in str(error) else "it is not well-formed CSV"
        raise ImportFailure(f"{name} cannot be read: {detail}; download it again.") from error
    n_rows = len(table) + len(malformed)
    row_numbers = np.setdiff1d(
        np.arange(n_rows), np.array([number for number, _ in malformed], dtype=np.int64)
    )
    return TextColumns(name, table.unify_dictionaries(), row_numbers[: len(table)], dict(malformed))


def numbers_of_texts(texts: list[str]) -> npt.NDArray[np.float64]:
    """Return decimal numbers, NaN for every text that is none."""
    values = pd.to_numeric(pd.Series(texts, dtype="str"), errors="coerce")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def times_of_texts(texts: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], int]:
    """Read texts of milliseconds since 1970.

    Returns:
        int64 microseconds since 1970, `NO_TIME` where there is none, and how many of the texts
        that are not empty could not be read.
    """
    try:
        numbers = texts.cast(pa.int64()).to_numpy().astype(np.float64)
    except pa.ArrowInvalid:
        numbers = numbers_of_texts(texts.to_pylist())
    times = times_of_milliseconds(numbers)
    given = int(pc.sum(pc.not_equal(texts, "")).as_py() or 0)
    return times, given - int((times != NO_TIME).sum())


def csv_header(content: bytes, name: str, delimiter: str = ",") -> list[str]:
    """Return the names of a CSV file's columns.

    Args:
        content: The file's bytes.
        name: Its name, for messages.
        delimiter: What stands between two fields, one character.

    Raises:
        ImportFailure: The file is empty, not CSV or not UTF-8.
    """
    start = content[:_LARGEST_HEADER_BYTES]
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise ImportFailure(f"{name} is empty; download it again.")
    if start.lstrip().startswith((b"<", b"{", b"[", b"PK")):
        raise ImportFailure(
            f"{name} is not CSV but looks like HTML, JSON or an archive; download it again."
        )
    try:
        text = io.TextIOWrapper(io.BytesIO(start), "utf-8-sig", newline="")
        return next(csv.reader(text, delimiter=delimiter), [])
    except UnicodeDecodeError as error:
        raise ImportFailure(
            f"{name} cannot be read: its text is not UTF-8; download it again."
        ) from error
    except csv.Error as error:
        raise ImportFailure(
            f"{name} cannot be read: its first line is no header of a CSV file; check the file."
        ) from error
