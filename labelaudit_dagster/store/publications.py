"""What was sent to a platform: numbered, resumable, never twice, held where a gate says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import ChangeKind, add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import PublicationStateError
from labelaudit_dagster.store.payloads import payload_hash, read_payload, store_payload
from labelaudit_dagster.store.schema import publications
from labelaudit_dagster.store.schema_base import installation

EMBEDDED_TARGET = "embedded"
"""Target of publications to this home's own platform."""

State = Literal["held", "begun", "sent", "withdrawn"]


@dataclass(frozen=True)
class Publication:
    """One publication of one constitution to one target.

    Attributes:
        sequence: Its number; they are sent in the order of their numbers.
        target: Where to: `EMBEDDED_TARGET`, or a platform's base address.
        payload_hash: SHA-256 of the canonical JSON of what is sent.
        idempotency_key: The same for every attempt: sequence, hash, and the database's id,
            so that a new home cannot repeat the keys of a lost one.
        state: `held` until somebody approves it, `begun` from before the first attempt,
            `sent` when the platform confirmed it, `withdrawn` when it was held and other
            content took its place.
        created_at: When it was held or begun, in UTC.
        held_because: Reasons for holding it, for people; None if it was not held.
        approved_by: Who approved it, if somebody did.
        approved_at: When.
        approved_why: Why, in the approver's words.
        declined_by: Who wants it to stay where it is, if somebody does.
        declined_at: When.
        declined_why: Why, in their words.
        begun_at: When the first attempt was about to be made.
        finished_at: When the platform confirmed it.
        receipt: What it answered.
    """

    sequence: int
    target: str
    payload_hash: str
    idempotency_key: str
    state: State
    created_at: datetime
    held_because: tuple[str, ...] | None
    approved_by: str | None
    approved_at: datetime | None
    approved_why: str | None
    declined_by: str | None
    declined_at: datetime | None
    declined_why: str | None
    begun_at: datetime | None
    finished_at: datetime | None
    receipt: Mapping[str, Any] | None

    @property
    def is_undecided(self) -> bool:
        """Whether it waits for somebody's word."""
        return self.state == "held" and self.approved_at is None and self.declined_at is None

    @property
    def is_sent(self) -> bool:
        """Whether the platform has confirmed it, so that nothing is left to do."""
        return self.state == "sent"


def begin_publication(
    db: Database, payload: Mapping[str, Any], *, now: datetime, target: str = EMBEDDED_TARGET
) -> Publication:
    """Store that a constitution is about to be sent, before the first attempt.

    - Content that the target was sent last comes back as it is (`is_sent`): send nothing.
    - An unfinished publication of the same content is resumed under its own key.
    - Anything else is a new publication: A, B, A are three. One that was begun with other
      content and never confirmed may have arrived, so that A, lost B, A are three as well.

    Whether it may be sent is the caller's question (`find_publication` tells whether it is
    held, and whether it was approved); sending other content withdraws what is held.

    Raises:
        StoreError: The database failed; nothing was stored, and nothing may be sent.
    """
    digest = payload_hash(payload)
    with db.write() as connection:
        waiting = _waiting(connection, target)
        last = _last_attempted(connection, target)
        if last is not None and last.payload_hash == digest:
            _withdraw(connection, waiting)
            return last
        if waiting is not None and waiting.payload_hash == digest:
            return _set(connection, waiting, "publication_begun", now, state="begun", begun_at=now)
        _withdraw(connection, waiting)
        return _add(connection, payload, target, now, "publication_begun", begun_at=now)


def hold_publication(
    db: Database,
    payload: Mapping[str, Any],
    *,
    because: Sequence[str],
    now: datetime,
    target: str = EMBEDDED_TARGET,
) -> Publication:
    """Store that a constitution waits for somebody's approval.

    Holding the same content again keeps its number and its approval. Other held content of
    the target is withdrawn, since it is out of date.

    Args:
        db: The database.
        payload: What would be sent.
        because: Why it is held, one sentence each.
        now: The time, with a zone.
        target: Where it would be sent.

    Raises:
        PublicationStateError: This content was sent last, or its sending has begun.
        StoreError: The database failed; nothing was stored.
    """
    digest = payload_hash(payload)
    with db.write() as connection:
        last = _last_attempted(connection, target)
        if last is not None and last.payload_hash == digest:
            raise PublicationStateError(
                f"Publication {last.sequence} has this content and is {last.state} already."
            )
        waiting = _waiting(connection, target)
        if waiting is not None and waiting.payload_hash == digest:
            return waiting
        _withdraw(connection, waiting)
        return _add(
            connection, payload, target, now, "publication_held", held_because=list(because)
        )


def approve_publication(
    db: Database, sequence: int, *, by: str, why: str, now: datetime
) -> Publication:
    """Record that somebody approves a held publication: exactly that content, and once.

    One that was declined may be approved all the same; both words are kept.

    Raises:
        PublicationStateError: It is not held, or no reason or name is given.
        StoreError: The database failed; nothing was stored.
    """
    if not by.strip() or not why.strip():
        raise PublicationStateError("An approval needs a name and a reason.")
    with db.write() as connection:
        publication = _require(connection, sequence, "held")
        if publication.approved_at is not None:
            raise PublicationStateError(
                f"Publication {sequence} was approved already, by {publication.approved_by}."
            )
        return _set(
            connection,
            publication,
            "publication_approved",
            now,
            approved_by=by,
            approved_at=now,
            approved_why=why,
        )


def decline_publication(
    db: Database, sequence: int, *, by: str, why: str, now: datetime
) -> Publication:
    """Record that a held publication is to stay where it is: exactly that content.

    It stays held and is not sent, as before, and nobody is asked about it any more; other content
    is a new question.

    Raises:
        PublicationStateError: It is not held, it was approved or declined already, or no reason or
            name is given.
        StoreError: The database failed; nothing was stored.
    """
    if not by.strip() or not why.strip():
        raise PublicationStateError("Declining needs a name and a reason.")
    with db.write() as connection:
        publication = _require(connection, sequence, "held")
        if not publication.is_undecided:
            done = "approved" if publication.approved_at is not None else "declined"
            who = publication.approved_by or publication.declined_by
            raise PublicationStateError(f"Publication {sequence} was {done} already, by {who}.")
        return _set(
            connection,
            publication,
            "publication_declined",
            now,
            declined_by=by,
            declined_at=now,
            declined_why=why,
        )


def finish_publication(
    db: Database, sequence: int, *, receipt: Mapping[str, Any], now: datetime
) -> Publication:
    """Record that the platform confirmed a publication; the first receipt is kept.

    Raises:
        PublicationStateError: Its sending was never begun.
        StoreError: The database failed; the publication can be resumed.
    """
    with db.write() as connection:
        publication = _require(connection, sequence, "begun", "sent")
        if publication.is_sent:
            return publication
        return _set(
            connection,
            publication,
            "publication_finished",
            now,
            state="sent",
            finished_at=now,
            receipt=dict(receipt),
        )


def find_publication(
    db: Database, payload: Mapping[str, Any], *, target: str = EMBEDDED_TARGET
) -> Publication | None:
    """Return what is known of this content: waiting for approval, begun, or sent last."""
    digest = payload_hash(payload)
    with db.read() as connection:
        for found in (_last_attempted(connection, target), _waiting(connection, target)):
            if found is not None and found.payload_hash == digest:
                return found
    return None


def held_publication(db: Database, *, target: str = EMBEDDED_TARGET) -> Publication | None:
    """Return the publication that waits for approval or, approved, for being sent."""
    with db.read() as connection:
        return _waiting(connection, target)


def last_published(db: Database, *, target: str = EMBEDDED_TARGET) -> Publication | None:
    """Return the publication that the target confirmed last; None before the first."""
    with db.read() as connection:
        return _newest(connection, target, "sent")


def last_published_elsewhere(db: Database, *, target: str = EMBEDDED_TARGET) -> list[Publication]:
    """Return what each other target confirmed last, in the order of their names."""
    newest = (
        select(func.max(publications.c.sequence))
        .where(publications.c.target != target, publications.c.state == "sent")
        .group_by(publications.c.target)
    )
    query = (
        select(publications)
        .where(publications.c.sequence.in_(newest))
        .order_by(publications.c.target)
    )
    with db.read() as connection:
        return [_publication(row) for row in connection.execute(query).mappings()]


def publication_payload(db: Database, publication: Publication) -> dict[str, Any]:
    """Return what was, or is to be, sent."""
    with db.read() as connection:
        return read_payload(connection, publication.payload_hash)


def list_publications(db: Database, *, limit: int = 100) -> list[Publication]:
    """Return the publications, newest first."""
    query = select(publications).order_by(publications.c.sequence.desc()).limit(limit)
    with db.read() as connection:
        return [_publication(row) for row in connection.execute(query).mappings()]


def _waiting(connection: Connection, target: str) -> Publication | None:
    return _newest(connection, target, "held")


def _last_attempted(connection: Connection, target: str) -> Publication | None:
    return _newest(connection, target, "begun", "sent")


def _newest(connection: Connection, target: str, *states: State) -> Publication | None:
    row = (
        connection.execute(
            select(publications)
            .where(publications.c.target == target, publications.c.state.in_(states))
            .order_by(publications.c.sequence.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else _publication(row)


def _require(connection: Connection, sequence: int, *states: State) -> Publication:
    row = (
        connection.execute(select(publications).where(publications.c.sequence == sequence))
        .mappings()
        .first()
    )
    if row is None:
        raise PublicationStateError(f"There is no publication {sequence}.")
    publication = _publication(row)
    if publication.state not in states:
        raise PublicationStateError(
            f"Publication {sequence} is {publication.state}, not {' or '.join(states)}."
        )
    return publication


def _add(
    connection: Connection,
    payload: Mapping[str, Any],
    target: str,
    now: datetime,
    kind: ChangeKind,
    **values: Any,
) -> Publication:
    digest = store_payload(connection, payload)
    sequence = 1 + (connection.scalar(select(func.max(publications.c.sequence))) or 0)
    database_id = connection.scalar(select(installation.c.database_id))
    connection.execute(
        publications.insert().values(
            sequence=sequence,
            target=target,
            payload_hash=digest,
            idempotency_key=f"{sequence}-{digest}-{str(database_id)[:12]}",
            state="held" if kind == "publication_held" else "begun",
            created_at=now,
            **values,
        )
    )
    add_change(connection, kind, now=now, subject=str(sequence))
    return _require(connection, sequence, "held", "begun")


def _set(
    connection: Connection, publication: Publication, kind: ChangeKind, now: datetime, **values: Any
) -> Publication:
    connection.execute(
        publications.update()
        .where(publications.c.sequence == publication.sequence)
        .values(**values)
    )
    add_change(connection, kind, now=now, subject=str(publication.sequence))
    return _require(connection, publication.sequence, "held", "begun", "sent")


def _withdraw(connection: Connection, publication: Publication | None) -> None:
    if publication is not None:
        connection.execute(
            publications.update()
            .where(publications.c.sequence == publication.sequence)
            .values(state="withdrawn")
        )


def _publication(row: RowMapping) -> Publication:
    because = row["held_because"]
    return Publication(**{**row, "held_because": None if because is None else tuple(because)})
