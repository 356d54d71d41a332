"""What the current sources' last imports left out, counted."""

from __future__ import annotations

from sqlalchemy import func, select

from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import quarantine, sources


def quarantine_counts(db: Database) -> dict[tuple[str, str], int]:
    """Return rows in quarantine by table and reason, over the current sources.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(quarantine.c.table_name, quarantine.c.reason, func.count())
        .join(sources)
        .where(sources.c.ended_change.is_(None))
        .group_by(quarantine.c.table_name, quarantine.c.reason)
    )
    with db.read() as connection:
        return {(table, reason): rows for table, reason, rows in connection.execute(query)}
