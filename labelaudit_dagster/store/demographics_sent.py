"""Which demographics were sent where: numbered, resumable, never twice; and what failed.

No row of them is here, only hashes of what was sent. Rows that were received are in `demographics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, delete, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.payloads import payload_hash
from labelaudit_dagster.store.schema import demographics_failures, demographics_sendings
from labelaudit_dagster.store.schema_base import installation

SendingState = Literal["begun", "sent"]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class DemographicsSending:
    """One content of one study on its way to one target.

    Attributes:
        sequence: Its number; they are sent in the order of their numbers.
        target: Where to: "embedded", or a platform's base address.
        study_id: The study.
        content_hash: SHA-256 of the canonical JSON of what is sent.
        idempotency_key: The same for every attempt: sequence, hash, and the database's id.
        state: `begun` from before the first attempt, `sent` when the target confirmed it.
        row_count: Number of rows.
        begun_at: When the first attempt was about to be made, in UTC.
        finished_at: When the target confirmed it.
        receipt: What it answered; never anything of the rows.
    """

    sequence: int
    target: str
    study_id: str
    content_hash: str
    idempotency_key: str
    state: SendingState
    row_count: int
    begun_at: datetime
    finished_at: datetime | None
    receipt: Mapping[str, Any] | None

    @property
    def is_sent(self) -> bool:
        """Whether the target has confirmed it, so that nothing is left to do."""
        return self.state == "sent"


@dataclass(frozen=True)
class FailedStudy:
    """A study that could not be fetched or sent, until it could.

    Attributes:
        study_id: The study.
        since: When it began to fail, in UTC.
        problem: The sentence that says why it failed last; never with a value of a row.
    """

    study_id: str
    since: datetime
    problem: str


def demographics_hash(study_id: str, rows: Rows) -> str:
    """Return the hash by which a study's content is known, the same as of received content."""
    return payload_hash({study_id: [dict(row) for row in rows]})


def begin_sending(
    db: Database, study_id: str, rows: Rows, *, target: str, now: datetime
) -> DemographicsSending:
    """Store that a study's content is about to be sent, before the first attempt.

    - Content that the target was sent last of this study comes back as it is (`is_sent`): send
      nothing.
    - An unfinished sending of the same content is resumed under its own key.
    - Anything else is a new sending: A, B, A are three. One that was begun and never confirmed
      may have arrived, so that A, lost B, A are three as well.

    Raises:
        StoreError: The database failed; nothing was stored, and nothing may be sent.
    """
    digest = demographics_hash(study_id, rows)
    with db.write() as connection:
        last = _last(connection, target, study_id)
        if last is not None and last.content_hash == digest:
            return last
        table = demographics_sendings
        sequence = 1 + (connection.scalar(select(func.max(table.c.sequence))) or 0)
        database_id = connection.scalar(select(installation.c.database_id))
        connection.execute(
            table.insert().values(
                sequence=sequence,
                target=target,
                study_id=study_id,
                content_hash=digest,
                idempotency_key=f"demographics-{sequence}-{digest}-{str(database_id)[:12]}",
                state="begun",
                row_count=len(rows),
                begun_at=now,
            )
        )
        add_change(connection, "demographics_begun", now=now, subject=str(sequence))
        return _require(connection, sequence)


def finish_sending(
    db: Database, sequence: int, *, receipt: Mapping[str, Any], now: datetime
) -> DemographicsSending:
    """Record that the target confirmed a sending; the first receipt is kept.

    Raises:
        KeyError: There is no such sending.
        StoreError: The database failed; the sending can be resumed.
    """
    with db.write() as connection:
        sending = _require(connection, sequence)
        if sending.is_sent:
            return sending
        connection.execute(
            demographics_sendings.update()
            .where(demographics_sendings.c.sequence == sequence)
            .values(state="sent", finished_at=now, receipt=dict(receipt))
        )
        add_change(connection, "demographics_sent", now=now, subject=str(sequence))
        return _require(connection, sequence)


def last_sending(db: Database, study_id: str, *, target: str) -> DemographicsSending | None:
    """Return the newest sending of a study to a target; None before the first."""
    with db.read() as connection:
        return _last(connection, target, study_id)


def list_sendings(db: Database, *, limit: int = 100) -> list[DemographicsSending]:
    """Return the sendings, newest first."""
    query = select(demographics_sendings).order_by(demographics_sendings.c.sequence.desc())
    with db.read() as connection:
        found = connection.execute(query.limit(limit)).mappings()
        return [_sending(row) for row in found]


def remember_failure(
    db: Database, study_id: str, problem: str, *, target: str, now: datetime
) -> None:
    """Remember that a study failed and since when, until `forget_failure`.

    Raises:
        StoreError: The database failed.
    """
    table = demographics_failures
    with db.write() as connection:
        since = connection.scalar(select(table.c.failed_at).where(*_is(target, study_id)))
        connection.execute(_failures_of(target, study_id))
        connection.execute(
            table.insert().values(
                target=target,
                study_id=study_id,
                failed_at=now if since is None else since,
                problem=problem,
            )
        )
        add_change(connection, "demographics_failed", now=now, subject=study_id)


def forget_failure(db: Database, study_id: str, *, target: str) -> None:
    """Forget that a study failed, since it did not any more; harmless where it never did."""
    if any(failure.study_id == study_id for failure in failed_studies(db, target=target)):
        with db.write() as connection:
            connection.execute(_failures_of(target, study_id))


def failed_studies(db: Database, *, target: str) -> list[FailedStudy]:
    """Return the studies that failed and have not succeeded since, by id."""
    table = demographics_failures.c
    query = select(table.study_id, table.failed_at.label("since"), table.problem).where(
        table.target == target
    )
    with db.read() as connection:
        found = [FailedStudy(**row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda failure: failure.study_id)


def _failures_of(target: str, study_id: str) -> Any:
    return delete(demographics_failures).where(*_is(target, study_id))


def _is(target: str, study_id: str) -> tuple[Any, Any]:
    table = demographics_failures.c
    return table.target == target, table.study_id == study_id


def _last(connection: Connection, target: str, study_id: str) -> DemographicsSending | None:
    table = demographics_sendings
    row = (
        connection.execute(
            select(table)
            .where(table.c.target == target, table.c.study_id == study_id)
            .order_by(table.c.sequence.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else _sending(row)


def _require(connection: Connection, sequence: int) -> DemographicsSending:
    table = demographics_sendings
    query = select(table).where(table.c.sequence == sequence)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise KeyError(sequence)
    return _sending(row)


def _sending(row: RowMapping) -> DemographicsSending:
    return DemographicsSending(**row)
