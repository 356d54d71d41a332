"""Demographics that the embedded platform received, study by study, and whom they are about.

They are personal data. No message of this module holds a value of a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import IdempotencyConflictError, InvalidTableError
from labelaudit_dagster.store.payloads import payload_hash
from labelaudit_dagster.store.schema import demographics_keys, received_demographics

LONGEST_STUDY_ID = 200
"""Most characters of a study's id; both databases can index that many of any kind."""

PARTICIPANT_COLUMNS = ("Participant id", "participant_id")
"""Columns that tell whom a row is about, as Prolific's CSV files name them."""


@dataclass(frozen=True)
class ReceivedDemographics:
    """What a post of demographics brought.

    Attributes:
        is_new: Whether anything of it differs from what was there.
        studies: Number of studies in the post.
        rows: Number of rows in the post.
    """

    is_new: bool
    studies: int
    rows: int


@dataclass(frozen=True)
class ReceivedStudy:
    """One content of one study, without its rows.

    Attributes:
        sequence: Number of the content; later ones have greater numbers.
        study_id: The study.
        content_hash: SHA-256 of the canonical JSON of what was posted.
        row_count: Number of rows that are kept.
        received_at: When it came, in UTC.
    """

    sequence: int
    study_id: str
    content_hash: str
    row_count: int
    received_at: datetime


def receive_demographics(
    db: Database,
    studies: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    idempotency_key: str | None = None,
    now: datetime,
) -> ReceivedDemographics:
    """Keep posted demographics durably: all of the post, or after any failure nothing.

    A study whose content is its latest one already is not stored again. A post that came
    before with the same key stores nothing, whatever came between.

    Args:
        db: The database.
        studies: Rows (column to value, values that JSON can hold) by study.
        idempotency_key: The sender's `Idempotency-Key`, if it sent one.
        now: The time, with a zone.

    Raises:
        InvalidTableError: A study's id is empty or too long, its rows are no list of objects,
            or a value is not strict JSON.
        IdempotencyConflictError: The key came before with another content.
        StoreError: The database failed; nothing was stored.
    """
    contents = _contents(studies)
    digest = payload_hash(contents)
    rows = sum(map(len, contents.values()))
    nothing_new = ReceivedDemographics(False, len(contents), rows)
    with db.write() as connection:
        if idempotency_key is not None:
            earlier = _hash_of_key(connection, idempotency_key)
            if earlier == digest:
                return nothing_new
            if earlier is not None:
                raise IdempotencyConflictError(
                    f"The Idempotency-Key {idempotency_key!r} came before with other "
                    "demographics; use a new key for new content."
                )
        known = _latest_hashes(connection)
        hashes = {study: payload_hash({study: content}) for study, content in contents.items()}
        fresh = sorted(study for study in contents if known.get(study) != hashes[study])
        if not fresh and idempotency_key is None:
            return nothing_new
        change = add_change(
            connection,
            "demographics_received",
            now=now,
            subject=digest,
            alters_community=bool(fresh),
        )
        if idempotency_key is not None:
            connection.execute(
                demographics_keys.insert().values(
                    idempotency_key=idempotency_key,
                    content_hash=digest,
                    received_at=now,
                    recorded_change=change,
                )
            )
        first = 1 + (connection.scalar(select(func.max(received_demographics.c.sequence))) or 0)
        for sequence, study in enumerate(fresh, start=first):
            connection.execute(
                received_demographics.insert().values(
                    sequence=sequence,
                    study_id=study,
                    content_hash=hashes[study],
                    row_count=len(contents[study]),
                    rows=contents[study],
                    received_at=now,
                    recorded_change=change,
                )
            )
    return ReceivedDemographics(bool(fresh), len(contents), rows)


def latest_demographics(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the latest content of every study, by study, in the order of ids.

    Raises:
        StoreError: The database failed.
    """
    query = _latest(received_demographics.c.study_id, received_demographics.c.rows)
    with db.read() as connection:
        found = connection.execute(query).all()
    return {row.study_id: row.rows for row in sorted(found, key=lambda row: row.study_id)}


def attributes_by_participant(connection: Connection) -> dict[str, dict[str, str | None]]:
    """Return what the latest content of every study says of people, by participant and column.

    Where several studies have the same column for somebody, the content that came last counts,
    whatever it says; None, that somebody does not want it known any more, too.
    """
    query = _latest(received_demographics.c.rows).order_by(received_demographics.c.sequence)
    found: dict[str, dict[str, str | None]] = {}
    for rows in connection.scalars(query):
        for row in rows:
            named = (row[column] for column in PARTICIPANT_COLUMNS if column in row)
            participant = next((str(value) for value in named if value not in (None, "")), None)
            if participant is not None:
                found.setdefault(participant, {}).update(
                    (name, value if value else None)
                    for name, value in row.items()
                    if name not in PARTICIPANT_COLUMNS and _is_attribute(name, value)
                )
    return found


def participant_attributes(db: Database) -> dict[str, dict[str, str | None]]:
    """Return what is known of people from received demographics, by participant and column.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return attributes_by_participant(connection)


def _is_attribute(name: str, value: Any) -> bool:
    """Tell whether a value can be one of the canonical table of participants."""
    usable = value is None or (isinstance(value, str) and "\0" not in value)
    return usable and bool(name) and "\0" not in name and name != "participant_id"


def list_demographics(db: Database, *, limit: int = 100) -> list[ReceivedStudy]:
    """Return what was received, newest first, without any row.

    Raises:
        StoreError: The database failed.
    """
    table = received_demographics.c
    query = (
        select(
            table.sequence,
            table.study_id,
            table.content_hash,
            table.row_count,
            table.received_at,
        )
        .order_by(table.sequence.desc())
        .limit(limit)
    )
    with db.read() as connection:
        return [ReceivedStudy(**row) for row in connection.execute(query).mappings()]


def remove_demographics(
    db: Database,
    *,
    study_id: str | None = None,
    participant_id: str | None = None,
    now: datetime,
) -> int:
    """Remove rows for good: of a study, of a participant, or of a participant in a study.

    Every content that was ever received is gone through, and keeps its other rows and its
    hash, so that the same content does not bring the rows back when it is sent again. SQLite
    overwrites what is removed. The log of changes gets the study's id, never the participant's.

    Args:
        db: The database.
        study_id: Only rows of this study.
        participant_id: Only rows that name this participant in one of `PARTICIPANT_COLUMNS`.
        now: The time, with a zone.

    Returns:
        How many rows were removed.

    Raises:
        ValueError: Neither a study nor a participant is named.
        StoreError: The database failed; nothing was removed.
    """
    if study_id is None and participant_id is None:
        raise ValueError("name a study or a participant whose demographics are to be removed")
    with db.write() as connection:
        removed = remove_rows(connection, study_id=study_id, participant_id=participant_id)
        if removed:
            add_change(
                connection,
                "demographics_removed",
                now=now,
                subject=study_id,
                alters_community=True,
            )
    return removed


def remove_rows(
    connection: Connection, *, study_id: str | None = None, participant_id: str | None = None
) -> int:
    """Remove rows inside a `Database.write` block, as `remove_demographics` does; count them."""
    table = received_demographics
    overwrite_what_is_deleted(connection)
    wanted = select(table.c.sequence, table.c.rows)
    if study_id is not None:
        wanted = wanted.where(table.c.study_id == study_id)
    removed = 0
    for sequence, rows in connection.execute(wanted).all():
        kept = [
            row for row in rows if participant_id is not None and not is_about(row, participant_id)
        ]
        if len(kept) < len(rows):
            removed += len(rows) - len(kept)
            connection.execute(
                table.update()
                .where(table.c.sequence == sequence)
                .values(rows=kept, row_count=len(kept))
            )
    return removed


def overwrite_what_is_deleted(connection: Connection) -> None:
    """Have SQLite overwrite the rows that this transaction deletes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def is_about(row: Mapping[str, Any], participant_id: str) -> bool:
    """Tell whether a row names a participant in one of `PARTICIPANT_COLUMNS`."""
    named = (row.get(column) for column in PARTICIPANT_COLUMNS)
    return any(value is not None and str(value) == participant_id for value in named)


def _latest(*columns: Any) -> Select[Any]:
    """Select columns of the latest content of every study."""
    newest = select(func.max(received_demographics.c.sequence)).group_by(
        received_demographics.c.study_id
    )
    return select(*columns).where(received_demographics.c.sequence.in_(newest))


def _latest_hashes(connection: Connection) -> dict[str, str]:
    query = _latest(received_demographics.c.study_id, received_demographics.c.content_hash)
    return {row.study_id: row.content_hash for row in connection.execute(query)}


def _hash_of_key(connection: Connection, idempotency_key: str) -> str | None:
    return connection.scalar(
        select(demographics_keys.c.content_hash).where(
            demographics_keys.c.idempotency_key == idempotency_key
        )
    )


def _contents(
    studies: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, list[dict[str, Any]]]:
    contents: dict[str, list[dict[str, Any]]] = {}
    for study, rows in studies.items():
        if not isinstance(study, str) or not 0 < len(study) <= LONGEST_STUDY_ID:
            raise InvalidTableError(
                f"The id of a study must be a text of 1 to {LONGEST_STUDY_ID} characters."
            )
        if not isinstance(rows, list | tuple):
            raise InvalidTableError(f"The rows of the study {study!r} must be a list.")
        for position, row in enumerate(rows):
            if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
                raise InvalidTableError(
                    f"Row {position} of the study {study!r} must be an object with the names of "
                    "columns as its keys."
                )
        contents[study] = [dict(row) for row in rows]
    return contents
