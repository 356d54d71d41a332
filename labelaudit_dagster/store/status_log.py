"""The status log: append-only, one entry for every change of a guideline's status."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.status_schema import logged_constitutions, status_log


@dataclass(frozen=True)
class LoggedConstitution:
    """A constitution that the log has taken up.

    Attributes:
        position: Its place in the log, from 1.
        version: The artifact version; the artifact itself may have been pruned.
        created_at: When it was computed, in UTC.
        rule: The numbers of the rule that decided, by name.
        counts: How many guidelines it has, of which status, and how many entered and left.
    """

    position: int
    version: str
    created_at: datetime
    rule: Mapping[str, float]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class LoggedChange:
    """One guideline's change of status, as `constitution.StatusEntry` describes it.

    Attributes:
        sequence: Its number, from 1 and without gaps.
        version: The constitution that made it.
        created_at: When that was computed, in UTC.
    """

    sequence: int
    version: str
    created_at: datetime
    guideline_id: str
    text: str
    status_before: str | None
    status: str
    decided_by: str | None
    margin: float | None
    sentence: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def last_logged(db: Database) -> LoggedConstitution | None:
    """Return the constitution that the log ends with; None for an empty log."""
    return next(iter(list_logged(db, limit=1)), None)


def find_logged(db: Database, version: str) -> LoggedConstitution | None:
    """Return what the log says of a version; None where it has not taken it up."""
    query = select(logged_constitutions).where(logged_constitutions.c.version == version)
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else _constitution(row)


def list_logged(
    db: Database, *, limit: int | None = None, before: int | None = None
) -> list[LoggedConstitution]:
    """Return the constitutions of the log, newest first.

    Args:
        db: The database.
        limit: Most of them; None for all.
        before: Only those of an earlier position.
    """
    query = select(logged_constitutions).order_by(logged_constitutions.c.position.desc())
    if before is not None:
        query = query.where(logged_constitutions.c.position < before)
    with db.read() as connection:
        return [_constitution(row) for row in connection.execute(query.limit(limit)).mappings()]


def append_changes(
    db: Database,
    version: str,
    *,
    created_at: datetime,
    rule: Mapping[str, float],
    counts: Mapping[str, int],
    entries: Sequence[Mapping[str, Any]],
    after: str | None,
    now: datetime,
) -> bool:
    """Take up a constitution, with what it changes, in one transaction.

    Args:
        db: The database.
        version: Its artifact version.
        created_at: When it was computed, with a zone.
        rule: The numbers of the rule that decided.
        counts: What it comes to.
        entries: The changes, with the fields of `LoggedChange` but for the first three.
        after: The version that the log ended with when the entries were made.
        now: The time, with a zone.

    Returns:
        True; False, with nothing stored, where the log has the version already or ends otherwise
        meanwhile, so that the entries must be made anew.

    Raises:
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        newest = select(logged_constitutions).order_by(logged_constitutions.c.position.desc())
        last = connection.execute(newest.limit(1)).mappings().first()
        if (None if last is None else last["version"]) != after or _has(connection, version):
            return False
        position = 1 if last is None else last["position"] + 1
        change = add_change(connection, "statuses_logged", now=now, subject=version)
        connection.execute(
            logged_constitutions.insert().values(
                position=position,
                version=version,
                created_at=created_at,
                rule=dict(rule),
                counts=dict(counts),
                recorded_change=change,
            )
        )
        first = 1 + (connection.scalar(select(func.max(status_log.c.sequence))) or 0)
        rows = [
            {**entry, "sequence": first + place, "position": position}
            for place, entry in enumerate(entries)
        ]
        if rows:
            connection.execute(status_log.insert(), rows)
    return True


def list_changes_of_status(
    db: Database,
    *,
    guideline_id: str | None = None,
    statuses: Collection[str] = (),
    since: datetime | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[LoggedChange]:
    """Return entries of the log, newest first.

    Args:
        db: The database.
        guideline_id: Only those of this guideline.
        statuses: Only changes to one of these; empty for all.
        since: Only those of constitutions computed then or later, with a zone.
        before: Only entries with a smaller number.
        limit: Most of them; None for all.
    """
    query = _joined().order_by(status_log.c.sequence.desc())
    if guideline_id is not None:
        query = query.where(status_log.c.guideline_id == guideline_id)
    if statuses:
        query = query.where(status_log.c.status.in_(sorted(statuses)))
    if since is not None:
        query = query.where(logged_constitutions.c.created_at >= since)
    if before is not None:
        query = query.where(status_log.c.sequence < before)
    with db.read() as connection:
        return [_change(row) for row in connection.execute(query.limit(limit)).mappings()]


def last_statuses(db: Database) -> dict[str, LoggedChange]:
    """Return the last entry of every guideline that the log knows, by id."""
    newest = select(func.max(status_log.c.sequence)).group_by(status_log.c.guideline_id)
    query = _joined().where(status_log.c.sequence.in_(newest))
    with db.read() as connection:
        found = [_change(row) for row in connection.execute(query).mappings()]
    return {change.guideline_id: change for change in found}


def _joined() -> Any:
    return select(
        *(column for column in status_log.c if column.name != "position"),
        logged_constitutions.c.version,
        logged_constitutions.c.created_at,
    ).join(logged_constitutions, logged_constitutions.c.position == status_log.c.position)


def _has(connection: Connection, version: str) -> bool:
    query = select(logged_constitutions.c.position).where(logged_constitutions.c.version == version)
    return connection.scalar(query) is not None


def _constitution(row: RowMapping) -> LoggedConstitution:
    return LoggedConstitution(
        **{name: value for name, value in row.items() if name != "recorded_change"}
    )


def _change(row: RowMapping) -> LoggedChange:
    return LoggedChange(**row)
