"""Ids of a source as numbers: tables of (key, source, id) and the versions that refer to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Table, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.versioned_rows import Key


def ensure_keys(
    connection: Connection, table: Table, *, owner: int, wanted: Iterable[str]
) -> dict[str, int]:
    """Return the key of every id of a source, adding those that are new.

    Args:
        connection: Inside a `Database.write` block.
        table: A table of a primary key, the key of a source, and an id.
        owner: Key of the source.
        wanted: The ids.
    """
    key, of_owner, identifier = _columns(table)
    known = connection.execute(select(identifier, key).where(of_owner == owner))
    keys: dict[str, int] = {row[0]: row[1] for row in known}
    fresh = [name for name in wanted if name not in keys]
    if fresh:
        first = 1 + (connection.scalar(select(func.max(key))) or 0)
        rows = [
            {key.name: number, identifier.name: name, of_owner.name: owner}
            for number, name in enumerate(fresh, start=first)
        ]
        connection.execute(table.insert(), rows)
        keys.update(zip(fresh, range(first, first + len(fresh)), strict=True))
    return keys


def current_contents(
    connection: Connection, versions: Table, identities: Table, *, owner: int
) -> dict[Key, tuple[Any, ...]]:
    """Return the current version of every id of a source, by the id's key.

    Args:
        connection: Inside a `Database.write` block.
        versions: The table of versions.
        identities: The table of ids that it refers to, as in `ensure_keys`.
        owner: Key of the source.
    """
    key, of_owner, _ = _columns(identities)
    contents = [
        column
        for column in versions.c
        if column.name not in {key.name, "recorded_change", "ended_change"}
    ]
    query = (
        select(key, *contents)
        .select_from(versions.join(identities))
        .where(of_owner == owner, versions.c.ended_change.is_(None))
    )
    return {(row[0],): tuple(row[1:]) for row in connection.execute(query)}


def _columns(table: Table) -> tuple[Column[int], Column[int], Column[str]]:
    key, owner, identifier = table.columns
    return key, owner, identifier
