"""A table that somebody made, CSV or Parquet, to the columns that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final, Literal

import pyarrow as pa

from labelaudit_dagster.importers.csv_columns import csv_header, read_csv
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.parquet_columns import PARQUET_MAGIC, parquet_header, read_parquet
from labelaudit_dagster.importers.surrogates import decoded_without_surrogates
from labelaudit_dagster.importers.text_columns import TextColumns

TableFormat = Literal["csv", "parquet"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_LIST: Final = 40


class TableFile:
    """A CSV or Parquet file whose header is known.

    CSV may have a byte-order mark, quoted line ends, and `,`, `;`, a tab or `|` between fields:
    the one is taken that yields most of the expected columns. It must be UTF-8. Half of a
    surrogate pair, which no valid text has, counts as the character NUL.

    Args:
        source: The file's bytes, or a file opened for reading in binary mode.
        name: Its name, for messages.
        file_format: `csv` or `parquet`; None to tell by the first bytes.
        expected: Columns by which the delimiter of a CSV file is recognised.

    Raises:
        ImportFailure: The file is empty, neither CSV nor Parquet, or not UTF-8.
    """

    def __init__(
        self,
        source: BinaryIO | bytes,
        name: str,
        *,
        file_format: TableFormat | None = None,
        expected: Sequence[str] = (),
    ) -> None:
        content = source if isinstance(source, bytes) else source.read()
        self.name = name
        self._delimiter = ","
        self._is_parquet = (
            content.startswith(PARQUET_MAGIC) if file_format is None else file_format == "parquet"
        )
        if self._is_parquet:
            self._content = content
            self.header = parquet_header(content, name)
            return
        if content.startswith(PARQUET_MAGIC):
            raise ImportFailure(f"{name} is Parquet, not CSV; say so with --format parquet.")
        self._content = _storable(content, name)
        headers = {mark: csv_header(self._content, name, mark) for mark in _DELIMITERS}
        self._delimiter = max(
            _DELIMITERS,
            key=lambda mark: (len({*expected} & {*headers[mark]}), len(headers[mark])),
        )
        self.header = headers[self._delimiter]

    def __contains__(self, column: str) -> bool:
        return column in self.header

    def require(self, column: str, role: str, option: str) -> None:
        """Make sure that the file has a column.

        Args:
            column: Its name.
            role: What it is wanted for, such as `the ratings`.
            option: The option of the command line that names it.

        Raises:
            ImportFailure: It does not; the message lists the columns that there are.
        """
        if column not in self.header:
            shown = ", ".join(f"'{name}'" for name in self.header[:_LONGEST_LIST])
            more = len(self.header) - _LONGEST_LIST
            raise ImportFailure(
                f"{self.name} has no column '{column}' for {role}; name another one with {option}. "
                f"Its columns are {shown}{f' and {more} more' if more > 0 else ''}."
            )

    def read(self, columns: Sequence[str]) -> TextColumns:
        """Read the columns of these names as text.

        Raises:
            ImportFailure: They cannot be read, or one of them is there twice.
        """
        if self._is_parquet:
            return read_parquet(self._content, self.name, columns)
        return read_csv(
            self._content,
            self.name,
            required=tuple(dict.fromkeys(columns)),
            wanted=(),
            newlines_in_values=True,
            delimiter=self._delimiter,
        )


def _storable(content: bytes, name: str) -> bytes:
    """Return the bytes with NUL for each half of a surrogate pair.

    Raises:
        ImportFailure: They are not UTF-8 for another reason.
    """
    if content.startswith(_UTF16_MARKS):
        raise ImportFailure(f"{name} is UTF-16, not UTF-8; save it as UTF-8.")
    try:
        # Checks without making a copy.
        pa.array([content], pa.large_binary()).cast(pa.large_string())
        return content
    except pa.ArrowInvalid:
        pass
    try:
        return decoded_without_surrogates(content).encode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportFailure(
            f"{name} is not UTF-8 (line {line}, byte {error.start + 1}); save it as UTF-8."
        ) from error
