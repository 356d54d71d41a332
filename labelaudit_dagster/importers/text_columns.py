"""The columns of a CSV or Parquet file as text: what importers of tables read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from labelaudit_dagster.importers.quarantine import quarantine_frame


@dataclass(frozen=True, eq=False)
class TextColumns:
    """The columns of a file, each value as text.

    Attributes:
        name: The file's name, for messages.
        table: The wanted columns of the well-formed rows, each dictionary-encoded text except
            the plain ones; empty fields and nulls are empty texts.
        row_numbers: int64, position of each row among the file's data rows, from zero.
        malformed: Lines of a CSV file with another number of fields than the header, by position.
    """

    name: str
    table: pa.Table
    row_numbers: npt.NDArray[np.int64]
    malformed: dict[int, str]

    def has(self, column: str) -> bool:
        """Tell whether the file has a column."""
        return column in self.table.column_names

    def plain(self, column: str) -> pa.ChunkedArray:
        """Return a column as plain text; empty texts where the file has no such column."""
        if not self.has(column):
            return pa.chunked_array([pa.nulls(len(self.table), pa.large_string()).fill_null("")])
        return self.table[column].cast(pa.large_string())

    def encoded(self, column: str) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Return a column's distinct texts and, for each row, the position among them."""
        values = self.table[column].combine_chunks()
        if isinstance(values, pa.ChunkedArray):  # what becomes of no chunks at all
            values = pa.concat_arrays(values.chunks)
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        codes = values.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return values.dictionary.to_pylist(), codes

    def malformed_quarantine(self, table: str) -> pd.DataFrame:
        """Return the malformed lines as quarantine rows of a canonical table."""
        return quarantine_frame(
            table,
            np.array(list(self.malformed), dtype=np.int64),
            "malformed_row",
            [orjson.dumps(line).decode() for line in self.malformed.values()],
        )


def blank(texts: list[str]) -> npt.NDArray[np.bool_]:
    """Return a mask of the texts that hold nothing but white space."""
    return np.array([not text.strip() for text in texts], np.bool_)


def with_nul(texts: list[str]) -> npt.NDArray[np.bool_]:
    """Return a mask of the texts that hold the character NUL."""
    return np.array(["\0" in text for text in texts], np.bool_)
