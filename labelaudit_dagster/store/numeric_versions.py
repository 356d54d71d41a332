"""Bringing a large versioned table of numbers to a new state, set by set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table, and_, exists
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.bulk import insert_columns
from labelaudit_dagster.store.versioned_rows import RowChanges

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Numbers: TypeAlias = "Mapping[str, npt.NDArray[Any]]"
"""Column name to its n values; each combination of the keys occurs once."""


def store_numbers(
    connection: Connection,
    table: Table,
    *,
    keys: tuple[str, ...],
    value: str,
    current: Numbers,
    wanted: Numbers,
    change: int,
) -> RowChanges:
    """End rows that are gone or differ, and add those that are new or differ.

    Args:
        connection: Inside a `Database.write` block.
        table: A table of numbers with `recorded_change` and `ended_change`.
        keys: One or two integer columns that identify a row.
        value: Its other column.
        current: The rows that are current now.
        wanted: The rows that are to be current.
        change: Number of this change.
    """
    import numpy as np

    before, after = _codes(current, wanted, keys)
    _, at_before, at_after = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    differs = current[value][at_before] != wanted[value][at_after]
    ending = np.ones(len(before), dtype=np.bool_)
    ending[at_before[~differs]] = False
    adding = np.ones(len(after), dtype=np.bool_)
    adding[at_after[~differs]] = False
    if ending.any():
        _end_rows(connection, table, {name: current[name][ending] for name in keys}, change)
    fresh = {name: wanted[name][adding] for name in (*keys, value)}
    count = int(adding.sum())
    insert_columns(connection, table, {**fresh, "recorded_change": np.full(count, change)})
    changed = int(differs.sum())
    return RowChanges(
        added=count - changed,
        changed=changed,
        ended=int(ending.sum()) - changed,
        unchanged=len(after) - count,
    )


def _codes(
    current: Numbers, wanted: Numbers, keys: tuple[str, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return one number per row: equal numbers for equal keys."""
    import numpy as np

    if len(keys) == 1:
        return current[keys[0]], wanted[keys[0]]
    first, second = keys
    distinct = np.unique(np.concatenate([current[second], wanted[second]]))
    before, after = (
        rows[first] * len(distinct) + np.searchsorted(distinct, rows[second])
        for rows in (current, wanted)
    )
    return before, after


def _end_rows(connection: Connection, table: Table, rows: Numbers, change: int) -> None:
    ending = Table(
        "ending_rows",
        MetaData(),
        *(Column(name, BigInteger, nullable=False) for name in rows),
        PrimaryKeyConstraint(*rows),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
    )
    ending.create(connection)
    insert_columns(connection, ending, rows)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {ending.name}")
    same = and_(*(ending.c[name] == table.c[name] for name in rows))
    connection.execute(
        table.update()
        .where(table.c.ended_change.is_(None), exists().where(same))
        .values(ended_change=change)
    )
    # After a failure the rollback removes it.
    ending.drop(connection)
