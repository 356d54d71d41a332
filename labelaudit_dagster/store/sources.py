"""The sources that a home was filled from: recognising, replacing and merging them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.importers import SourceIdentity, TableCounts, same_source
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import SecondSourceError, TakenIdError
from labelaudit_dagster.store.schema import sources

ImportMode = Literal["refuse", "replace", "merge"]


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


@dataclass(frozen=True)
class SourcePlan:
    """What an import will do to the sources.

    Attributes:
        known: The source that it updates; None for a new one.
        prefix: What its ids get.
        ended: Sources that it replaces.
    """

    known: Source | None
    prefix: str
    ended: tuple[Source, ...]


def plan_import(current: list[Source], identity: SourceIdentity, mode: ImportMode) -> SourcePlan:
    """Decide what an import of a source means for a home.

    Raises:
        SecondSourceError: The home holds another source and `mode` is `refuse`; or the source
            does not name itself and could be any of several.
        TakenIdError: The source is to be merged and its prefix is taken.
    """
    alike = [source for source in current if same_source(source.identity, identity)]
    if len(alike) > 1:
        named = [
            s for s in alike if s.identity.name is not None and s.identity.name == identity.name
        ]
        if len(named) != 1:
            candidates = "; ".join(source.shown_name for source in alike)
            raise SecondSourceError(
                f"The source could be any of {candidates}; name it as one of them, or import it "
                "into another LABELAUDIT_HOME."
            )
        alike = named
    known = alike[0] if alike else None
    others = tuple(source for source in current if source is not known)
    if mode == "replace":
        return SourcePlan(known, known.prefix if known else "", others)
    if known or not current:
        return SourcePlan(known, known.prefix if known else "", ())
    if mode == "refuse":
        held = "; ".join(source.shown_name for source in current)
        raise SecondSourceError(
            f"This home already holds {held}, and a home holds one community. Use --replace to "
            "put the new source in its place, --merge to join both (the new ids then begin with "
            f"{identity.prefix}), or another LABELAUDIT_HOME."
        )
    taken = next((source for source in current if source.prefix == identity.prefix), None)
    if taken:
        raise TakenIdError(
            f"The ids of {taken.shown_name} already begin with {identity.prefix}; "
            "import the new source into another LABELAUDIT_HOME."
        )
    return SourcePlan(None, identity.prefix, ())


def read_sources(connection: Connection) -> list[Source]:
    """Return the current sources in the order of their first import."""
    query = select(sources).where(sources.c.ended_change.is_(None)).order_by(sources.c.source_key)
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
        "counts": {
            name: {
                "rows_in": count.rows_in,
                "rows_kept": count.rows_kept,
                "rows_quarantined": count.rows_quarantined,
                "rows_passed": count.rows_passed,
            }
            for name, count in counts.items()
        },
        "warnings": dict(warnings),
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
