"""The sources that a home was filled from: recognising, replacing and merging them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.importers import SourceIdentity, TableCounts
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import sources

HERE = "here"
"""Kind of the source that accepted proposals belong to: no import, and never replaced by one."""


@dataclass(frozen=True)
class Source:
    """A source of the community, as of its last import.

    Attributes:
        source_key: Its number in this database.
        identity: What is remembered of it to recognise it again.
        prefix: What its ids were prefixed with; empty for the first source.
        imported_at: When it was last imported, in UTC.
        counts: Counts of each table at that import.
        warnings: Warnings of that import, kind to how often.
        published_hash: Hash of the published parameters that it brought, if any.
        recorded_change: Number of the change that was its last import.
        ended_change: Number of the change that replaced it; None while it is current.
    """

    source_key: int
    identity: SourceIdentity
    prefix: str
    imported_at: datetime
    counts: Mapping[str, TableCounts]
    warnings: Mapping[str, int]
    published_hash: str | None
    recorded_change: int
    ended_change: int | None

    @property
    def shown_name(self) -> str:
        """Its declared name, or its kind where it has none."""
        return self.identity.name or f"an unnamed {self.identity.kind} source"


def read_sources(connection: Connection) -> list[Source]:
    """Return the current imported sources in the order of their first import."""
    query = (
        select(sources)
        .where(sources.c.ended_change.is_(None), sources.c.kind != HERE)
        .order_by(sources.c.source_key)
    )
    return [_source(row) for row in connection.execute(query).mappings()]


def list_sources(db: Database) -> list[Source]:
    """Return the current sources, with their counts, in the order of their first import."""
    with db.read() as connection:
        return read_sources(connection)


def source_row(
    identity: SourceIdentity,
    *,
    prefix: str,
    counts: Mapping[str, TableCounts],
    warnings: Mapping[str, int],
    now: datetime,
) -> dict[str, Any]:
    """Return the columns of a source that an import sets."""
    document = identity.to_json()
    return {
        "kind": document["kind"],
        "name": document["name"],
        "fingerprint": document["fingerprint"],
        "prefix": prefix,
        "imported_at": now,
        "counts": counts_document(counts),
        "warnings": dict(warnings),
    }


def counts_document(counts: Mapping[str, TableCounts]) -> dict[str, dict[str, int]]:
    """Return counts by table as a JSON object."""
    return {
        name: {
            "rows_in": count.rows_in,
            "rows_kept": count.rows_kept,
            "rows_quarantined": count.rows_quarantined,
            "rows_passed": count.rows_passed,
        }
        for name, count in counts.items()
    }


def _source(row: RowMapping) -> Source:
    return Source(
        source_key=row["source_key"],
        identity=SourceIdentity.from_json(
            {"kind": row["kind"], "name": row["name"], "fingerprint": row["fingerprint"]}
        ),
        prefix=row["prefix"],
        imported_at=row["imported_at"],
        counts={name: TableCounts(**count) for name, count in row["counts"].items()},
        warnings=row["warnings"],
        published_hash=row["published_hash"],
        recorded_change=row["recorded_change"],
        ended_change=row["ended_change"],
    )
