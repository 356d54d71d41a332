"""The log of changes: one numbered row for every writing transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.columns import to_microseconds
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import received_constitutions
from labelaudit_dagster.store.schema_base import changes, installation

ChangeKind = Literal[
    "community_imported",
    "rating_added",
    "constitution_received",
    "demographics_received",
    "demographics_removed",
    "demographics_begun",
    "demographics_sent",
    "demographics_failed",
    "publication_held",
    "publication_approved",
    "publication_declined",
    "publication_begun",
    "publication_finished",
    "token_created",
    "token_revoked",
    "corpus_imported",
    "system_ratings_imported",
    "labels_added",
    "model_added",
    "model_trained",
    "models_trained",
    "report_saved",
    "reports_saved",
    "report_deleted",
    "submission_recorded",
    "invitation_created",
    "invitation_redeemed",
    "invitation_revoked",
    "session_revoked",
    "person_forgotten",
    "rating_tagged",
    "rating_withdrawn",
    "guideline_proposed",
    "proposal_decided",
    "consent_given",
    "statuses_logged",
]


@dataclass(frozen=True)
class Change:
    """One writing transaction.

    Attributes:
        sequence: Its number; later transactions have greater ones.
        at: When, in UTC.
        kind: What was done.
        subject: To what: a source, participant, key or token.
        alters_community: Whether participants, topics, guidelines or ratings changed.
        ratings_added: Ratings that are new or have a new value.
        ratings_ended: Ratings that were superseded or are gone.
    """

    sequence: int
    at: datetime
    kind: ChangeKind
    subject: str | None
    alters_community: bool
    ratings_added: int
    ratings_ended: int


@dataclass(frozen=True)
class Fingerprint:
    """Which state of the community and of the published parameters a reader saw.

    Attributes:
        database_id: Random id of the database, made with it.
        sequence: Number of the last change of the community, 0 before the first.
        at: Microseconds since 1970 of that change; tells a restored backup's later changes
            from those that it lost.
        received: Number of the last received constitution, 0 before the first.
    """

    database_id: str
    sequence: int
    at: int
    received: int

    @property
    def community(self) -> str:
        """Changes with participants, topics, guidelines and ratings, and with nothing else."""
        return f"{self.database_id[:12]}-{self.sequence}-{self.at}"

    @property
    def export(self) -> str:
        """Changes with the community and with the published parameters: the export's ETag."""
        return f"{self.community}-{self.received}"


def add_change(
    connection: Connection,
    kind: ChangeKind,
    *,
    now: datetime,
    subject: str | None = None,
    alters_community: bool = False,
    ratings_added: int = 0,
    ratings_ended: int = 0,
) -> int:
    """Add a row to the log inside a `Database.write` block and return its number."""
    sequence = 1 + (connection.scalar(select(func.max(changes.c.sequence))) or 0)
    connection.execute(
        changes.insert().values(
            sequence=sequence,
            at=now,
            kind=kind,
            subject=subject,
            alters_community=alters_community,
            ratings_added=ratings_added,
            ratings_ended=ratings_ended,
        )
    )
    return sequence


def read_fingerprint(connection: Connection) -> Fingerprint:
    """Return the fingerprint of the snapshot that the connection sees."""
    database_id = connection.scalar(select(installation.c.database_id))
    last = connection.execute(
        select(changes.c.sequence, changes.c.at)
        .where(changes.c.alters_community)
        .order_by(changes.c.sequence.desc())
        .limit(1)
    ).first()
    received = connection.scalar(select(func.max(received_constitutions.c.sequence)))
    return Fingerprint(
        str(database_id),
        last.sequence if last else 0,
        to_microseconds(last.at) if last else 0,
        received or 0,
    )


def fingerprint(db: Database) -> Fingerprint:
    """Return the fingerprint of the current state; a few index look-ups, whatever the size."""
    with db.read() as connection:
        return read_fingerprint(connection)


def ratings_since(db: Database, sequence: int) -> int:
    """Return how many ratings were added or ended after a change.

    Args:
        db: The database.
        sequence: `Fingerprint.sequence` of the state that the caller knows; 0 for none.
    """
    with db.read() as connection:
        total = connection.scalar(
            select(func.sum(changes.c.ratings_added + changes.c.ratings_ended)).where(
                changes.c.sequence > sequence
            )
        )
    return int(total or 0)


def waiting_ratings_since(db: Database, sequence: int) -> datetime | None:
    """Return when the first rating was added or ended after a change; None where none was.

    Args:
        db: The database.
        sequence: As in `ratings_since`.
    """
    query = select(func.min(changes.c.at)).where(
        changes.c.sequence > sequence, changes.c.ratings_added + changes.c.ratings_ended > 0
    )
    with db.read() as connection:
        found: datetime | None = connection.scalar(query)
    return found


def list_changes(db: Database, *, limit: int = 100, before: int | None = None) -> list[Change]:
    """Return the log, newest first.

    Args:
        db: The database.
        limit: Most rows to return.
        before: Only changes with smaller numbers, to page through the log.
    """
    query = select(changes).order_by(changes.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(changes.c.sequence < before)
    with db.read() as connection:
        return [Change(**row) for row in connection.execute(query).mappings()]
