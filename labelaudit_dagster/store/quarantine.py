"""What the current sources' last imports left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.corpus_schema import corpora, corpus_quarantine
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import quarantine, sources

if TYPE_CHECKING:
    import pandas as pd


def quarantine_counts(db: Database) -> dict[tuple[str, str], int]:
    """Return the community's rows in quarantine by table and reason, over the current sources.

    Raises:
        StoreError: The database failed.
    """
    return _counts(db, quarantine, sources)


def corpus_quarantine_counts(db: Database) -> dict[tuple[str, str], int]:
    """Return the corpus' rows in quarantine by table and reason, over its current sources.

    Raises:
        StoreError: The database failed.
    """
    return _counts(db, corpus_quarantine, corpora)


def store_quarantine(
    connection: Connection, table: Table, owner: str, key: int, frame: pd.DataFrame
) -> None:
    """Store the quarantine of a source that has none stored.

    Args:
        connection: Inside a `Database.write` block.
        table: `quarantine` or `corpus_quarantine`.
        owner: Its column for the key of the source.
        key: Key of the source.
        frame: The quarantine in its canonical order.
    """
    if not len(frame):
        return
    rows = frame[["table", "row_number", "reason", "raw"]].itertuples(index=False, name=None)
    connection.execute(
        table.insert(),
        [
            {
                owner: key,
                "position": position,
                "table_name": name,
                "row_number": row_number,
                "reason": reason,
                "raw": raw,
            }
            for position, (name, row_number, reason, raw) in enumerate(rows)
        ],
    )


def _counts(db: Database, table: Table, owners: Table) -> dict[tuple[str, str], int]:
    query = (
        select(table.c.table_name, table.c.reason, func.count())
        .select_from(table.join(owners))
        .where(owners.c.ended_change.is_(None))
        .group_by(table.c.table_name, table.c.reason)
    )
    with db.read() as connection:
        return {(name, reason): rows for name, reason, rows in connection.execute(query)}
