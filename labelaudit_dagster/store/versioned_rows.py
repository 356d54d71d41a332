"""Bringing a small versioned table to a new state, leaving unchanged rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, and_, bindparam
from sqlalchemy.engine import Connection

Key = tuple[Any, ...]
Content = tuple[Any, ...]


@dataclass(frozen=True)
class RowChanges:
    """What an import did to the rows of one table.

    Attributes:
        added: Rows that were not there before.
        changed: Rows whose content changed; the old version is kept as superseded.
        ended: Rows that are gone from the source.
        unchanged: Rows that were left alone.
    """

    added: int
    changed: int
    ended: int
    unchanged: int

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return bool(self.added or self.changed or self.ended)


def store_versions(
    connection: Connection,
    table: Table,
    *,
    keys: tuple[str, ...],
    contents: tuple[str, ...],
    current: Mapping[Key, Content],
    wanted: Mapping[Key, Content],
    change: int,
) -> RowChanges:
    """End rows that are gone or differ, and add those that are new or differ.

    Args:
        connection: Inside a `Database.write` block.
        table: A table with `recorded_change` and `ended_change`.
        keys: Columns that identify a row.
        contents: Its other columns.
        current: The rows that are current now, key to content.
        wanted: The rows that are to be current.
        change: Number of this change.
    """
    changed = [key for key, content in wanted.items() if current.get(key, content) != content]
    added = [key for key in wanted if key not in current]
    gone = [key for key in current if key not in wanted]
    if changed or gone:
        matches = [table.c[name] == bindparam(f"key_{name}") for name in keys]
        connection.execute(
            table.update()
            .where(and_(*matches, table.c.ended_change.is_(None)))
            .values(ended_change=change),
            [
                {f"key_{name}": value for name, value in zip(keys, key, strict=True)}
                for key in (*changed, *gone)
            ],
        )
    if changed or added:
        connection.execute(
            table.insert(),
            [
                dict(zip((*keys, *contents), (*key, *wanted[key]), strict=True))
                | {"recorded_change": change}
                for key in (*changed, *added)
            ],
        )
    unchanged = len(wanted) - len(changed) - len(added)
    return RowChanges(len(added), len(changed), len(gone), unchanged)
