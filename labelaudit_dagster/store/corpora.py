"""The sources that the corpus was filled from, its scale, and which state of it this is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import SourceIdentity, TableCounts
from labelaudit_dagster.store.columns import to_microseconds
from labelaudit_dagster.store.corpus_schema import corpora
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema_base import changes, installation


@dataclass(frozen=True)
class CorpusSource:
    """A source of the corpus, as of its last import.

    Attributes:
        corpus_key: Its number in this database.
        identity: What is remembered of it to recognise it again.
        prefix: What its ids were prefixed with; empty for the first source.
        imported_at: When it was last imported, in UTC.
        scale: The scale of its ratings.
        counts: Counts of each table at that import.
        warnings: Warnings of that import, kind to how often.
        altered_change: Number of the change that last altered its rows or scale.
        recorded_change: Number of the change that was its last import.
        ended_change: Number of the change that replaced it; None while it is current.
    """

    corpus_key: int
    identity: SourceIdentity
    prefix: str
    imported_at: datetime
    scale: RatingScale
    counts: Mapping[str, TableCounts]
    warnings: Mapping[str, int]
    altered_change: int
    recorded_change: int
    ended_change: int | None

    @property
    def shown_name(self) -> str:
        """Its declared name, or its kind where it has none."""
        return self.identity.name or f"an unnamed {self.identity.kind} source"


def list_corpora(db: Database) -> list[CorpusSource]:
    """Return the current sources of the corpus, in the order of their first import.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return read_corpora(connection)


def corpus_scale(db: Database) -> RatingScale | None:
    """Return the scale of the corpus; None where there is no corpus.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return read_scale(connection)


def corpus_fingerprint(db: Database) -> str:
    """Return a short text that changes with the corpus, its system ratings and scale.

    A few index look-ups, whatever the size; without a corpus it ends in `-0-0`.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return read_corpus_fingerprint(connection)


def read_corpora(connection: Connection) -> list[CorpusSource]:
    """Return the current sources in the order of their first import."""
    query = select(corpora).where(corpora.c.ended_change.is_(None)).order_by(corpora.c.corpus_key)
    return [
        CorpusSource(
            corpus_key=row["corpus_key"],
            identity=SourceIdentity.from_json(
                {"kind": row["kind"], "name": row["name"], "fingerprint": row["fingerprint"]}
            ),
            prefix=row["prefix"],
            imported_at=row["imported_at"],
            scale=RatingScale.from_document(row["scale"]),
            counts={name: TableCounts(**count) for name, count in row["counts"].items()},
            warnings=row["warnings"],
            altered_change=row["altered_change"],
            recorded_change=row["recorded_change"],
            ended_change=row["ended_change"],
        )
        for row in connection.execute(query).mappings()
    ]


def read_scale(connection: Connection) -> RatingScale | None:
    """Return the scale of the corpus; all its sources have the same one."""
    query = select(corpora.c.scale).where(corpora.c.ended_change.is_(None))
    document = connection.scalar(query.order_by(corpora.c.corpus_key).limit(1))
    return None if document is None else RatingScale.from_document(document)


def read_corpus_fingerprint(connection: Connection) -> str:
    """Return the fingerprint of the snapshot that the connection sees."""
    database_id = connection.scalar(select(installation.c.database_id))
    last = connection.execute(
        select(corpora.c.altered_change, changes.c.at)
        .select_from(corpora.join(changes, changes.c.sequence == corpora.c.altered_change))
        .where(corpora.c.ended_change.is_(None))
        .order_by(corpora.c.altered_change.desc())
        .limit(1)
    ).first()
    sequence, at = (0, 0) if last is None else (last.altered_change, to_microseconds(last.at))
    return f"{str(database_id)[:12]}-{sequence}-{at}"
