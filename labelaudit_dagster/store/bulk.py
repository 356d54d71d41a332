"""Millions of rows of whole numbers in and out, at the drivers' speed.

SQLite takes statements with many rows each; PostgreSQL speaks COPY. Both carry plain 64-bit
integers, with `NULL` standing for absent values.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Select, Table
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NULL = -(2**63)
"""The number that stands for an absent value; NumPy's datetimes use the same one."""

NULL_SQL = "(-9223372036854775807 - 1)"
"""`NULL` as an SQL expression; written out, SQLite would take it for a real number."""

_ROWS_PER_STATEMENT = 50
_ROWS_PER_CHUNK = 200_000


def insert_numbers(
    connection: Connection, table: Table, columns: Mapping[str, npt.NDArray[np.int64]]
) -> int:
    """Insert rows of whole numbers and return how many.

    Args:
        connection: Inside a `Database.write` block.
        table: The table.
        columns: Column name to its n values; `NULL` is stored as absent.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    total = lengths.pop()
    names = ", ".join(columns)
    for start in range(0, total, _ROWS_PER_CHUNK):
        chunk = {name: v[start : start + _ROWS_PER_CHUNK] for name, v in columns.items()}
        if connection.dialect.name == "postgresql":
            _copy_in(connection, f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv)", chunk)
        else:
            _insert_many(connection, f"INSERT INTO {table.name} ({names}) VALUES ", chunk)  # noqa: S608 - names of the schema
    return total


def read_numbers(
    connection: Connection, query: Select[Any], columns: tuple[str, ...]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return the columns of a query that yields whole numbers only and no absent ones."""
    import numpy as np

    if connection.dialect.name == "postgresql":
        return _copy_out(connection, query, columns)
    # The driver's own tuples: SQLAlchemy's row objects would cost twice the time.
    cursor = cast("Iterable[tuple[int, ...]]", connection.execute(query).cursor)
    rows = np.fromiter(cursor, dtype=np.dtype([(name, np.int64) for name in columns]))
    return {name: np.ascontiguousarray(rows[name]) for name in columns}


def _insert_many(
    connection: Connection, head: str, chunk: Mapping[str, npt.NDArray[np.int64]]
) -> None:
    import numpy as np

    matrix: npt.NDArray[Any] = np.stack(list(chunk.values()), axis=1)
    absent = matrix == NULL
    if absent.any():
        matrix = matrix.astype(object)
        matrix[absent] = None
    width = matrix.shape[1]
    row = "(" + ",".join("?" * width) + ")"
    whole = len(matrix) - len(matrix) % _ROWS_PER_STATEMENT
    if whole:
        many = matrix[:whole].reshape(-1, width * _ROWS_PER_STATEMENT).tolist()
        statement = head + ",".join([row] * _ROWS_PER_STATEMENT)
        connection.exec_driver_sql(statement, [tuple(values) for values in many])
    if whole < len(matrix):
        rest = [tuple(values) for values in matrix[whole:].tolist()]
        connection.exec_driver_sql(head + row, rest)


def _copy_in(
    connection: Connection, statement: str, chunk: Mapping[str, npt.NDArray[np.int64]]
) -> None:
    import pyarrow as pa
    import pyarrow.csv

    arrays = {name: pa.array(values, mask=values == NULL) for name, values in chunk.items()}
    lines = io.BytesIO()
    pa.csv.write_csv(pa.table(arrays), lines, pa.csv.WriteOptions(include_header=False))
    lines.seek(0)
    with closing(connection.connection.cursor()) as cursor:
        cast(Any, cursor).copy_expert(statement, lines)


def _copy_out(
    connection: Connection, query: Select[Any], columns: tuple[str, ...]
) -> dict[str, npt.NDArray[np.int64]]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    text = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
    lines = io.BytesIO()
    with closing(connection.connection.cursor()) as cursor:
        cast(Any, cursor).copy_expert(f"COPY ({text}) TO STDOUT (FORMAT csv)", lines)
    if not lines.tell():
        return {name: np.empty(0, dtype=np.int64) for name in columns}
    lines.seek(0)
    table = pa.csv.read_csv(
        lines,
        pa.csv.ReadOptions(column_names=list(columns)),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.int64())),
    )
    return {name: np.array(table[name].to_numpy()) for name in columns}
