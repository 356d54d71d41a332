"""Millions of rows in and out, at the drivers' speed.

SQLite takes statements with many rows each; PostgreSQL speaks COPY. Whole numbers are plain
64-bit integers with `NULL` standing for absent values; in other numbers NaN stands for them, and
among texts None.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlalchemy import Select, Table
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NULL = -(2**63)
"""The number that stands for an absent value; NumPy's datetimes use the same one."""

NULL_SQL = "(-9223372036854775807 - 1)"
"""`NULL` as an SQL expression; written out, SQLite would take it for a real number."""

Values: TypeAlias = "npt.NDArray[np.int64] | npt.NDArray[np.float64] | Sequence[str | None]"
"""One column: whole numbers, other numbers, or texts that the database can hold as they are."""

_ROWS_PER_STATEMENT = 50
_ROWS_PER_CHUNK = 200_000


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Values]) -> int:
    """Insert rows and return how many.

    Args:
        connection: Inside a `Database.write` block.
        table: The table.
        columns: Column name to its n values; texts must be as `escape_text` returns them.
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
    connection: Connection,
    query: Select[Any],
    columns: tuple[str, ...],
    *,
    fractional: frozenset[str] = frozenset(),
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a query that yields numbers only and no absent ones.

    Args:
        connection: Inside a `Database.read` or `Database.write` block.
        query: The query; its columns in the order of `columns`.
        columns: Names of the columns, int64 but for those in `fractional`.
        fractional: Columns to return as float64.
    """
    import numpy as np

    dtypes: dict[str, Any] = {
        name: np.float64 if name in fractional else np.int64 for name in columns
    }
    if connection.dialect.name == "postgresql":
        return _copy_out(connection, query, dtypes)
    # The driver's own tuples: SQLAlchemy's row objects would cost twice the time.
    cursor = cast("Iterable[tuple[Any, ...]]", connection.execute(query).cursor)
    rows = np.fromiter(cursor, dtype=np.dtype(list(dtypes.items())))
    return {name: np.ascontiguousarray(rows[name]) for name in columns}


def _insert_many(connection: Connection, head: str, chunk: Mapping[str, Values]) -> None:
    import numpy as np

    width, height = len(chunk), len(next(iter(chunk.values())))
    matrix = np.empty((height, width), dtype=object)
    for position, values in enumerate(chunk.values()):
        # Python's own numbers and texts; the driver stores a NaN as absent.
        matrix[:, position] = values
        if isinstance(values, np.ndarray) and values.dtype.kind == "i":
            matrix[values == NULL, position] = None
    row = "(" + ",".join("?" * width) + ")"
    whole = height - height % _ROWS_PER_STATEMENT
    if whole:
        many = matrix[:whole].reshape(-1, width * _ROWS_PER_STATEMENT).tolist()
        statement = head + ",".join([row] * _ROWS_PER_STATEMENT)
        connection.exec_driver_sql(statement, [tuple(values) for values in many])
    if whole < height:
        rest = [tuple(values) for values in matrix[whole:].tolist()]
        connection.exec_driver_sql(head + row, rest)


def _copy_in(connection: Connection, statement: str, chunk: Mapping[str, Values]) -> None:
    import pyarrow as pa
    import pyarrow.csv

    arrays = {name: _arrow(values) for name, values in chunk.items()}
    lines = io.BytesIO()
    pa.csv.write_csv(pa.table(arrays), lines, pa.csv.WriteOptions(include_header=False))
    lines.seek(0)
    with closing(connection.connection.cursor()) as cursor:
        cast(Any, cursor).copy_expert(statement, lines)


def _arrow(values: Values) -> Any:
    import numpy as np
    import pyarrow as pa

    if isinstance(values, np.ndarray):
        absent = values == NULL if values.dtype.kind == "i" else np.isnan(values)
        return pa.array(values, mask=absent)
    return pa.array(values, type=pa.string())


def _copy_out(
    connection: Connection, query: Select[Any], dtypes: Mapping[str, Any]
) -> dict[str, npt.NDArray[Any]]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    text = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
    lines = io.BytesIO()
    with closing(connection.connection.cursor()) as cursor:
        cast(Any, cursor).copy_expert(f"COPY ({text}) TO STDOUT (FORMAT csv)", lines)
    if not lines.tell():
        return {name: np.empty(0, dtype=dtype) for name, dtype in dtypes.items()}
    lines.seek(0)
    table = pa.csv.read_csv(
        lines,
        pa.csv.ReadOptions(column_names=list(dtypes)),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: pa.from_numpy_dtype(dtype) for name, dtype in dtypes.items()}
        ),
    )
    return {name: np.array(table[name].to_numpy()) for name in dtypes}
