"""Reports that people write about the system, with every version of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import report_versions as versions
from labelaudit_dagster.store.audit_schema import reports, users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.columns import json_text
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidTableError, StaleReportError, UnknownReportError
from labelaudit_dagster.store.report_matching import match_reports
from labelaudit_dagster.store.users import check_name, ensure_user

_ID_BYTES = 8


@dataclass(frozen=True)
class StoredReport:
    """One version of a report.

    Attributes:
        report_id: Its id, the same for all its versions.
        version: 1, 2, … for each report.
        user_id: Who wrote it.
        model: Name of the model that it was written with.
        document: The report itself.
        created_at: When its first version was saved, in UTC.
        saved_at: When this version was saved, in UTC.
        is_current: Whether this is the newest version of a report that was not deleted.
        is_new: Whether the call that returned it stored it.
    """

    report_id: str
    version: int
    user_id: str
    model: str
    document: Mapping[str, Any]
    created_at: datetime
    saved_at: datetime
    is_current: bool = True
    is_new: bool = field(default=False, compare=False)


def save_report(
    db: Database,
    user_id: str,
    model: str,
    report_id: str | None,
    document: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    now: datetime,
) -> StoredReport:
    """Save a report durably as a new version; earlier ones are kept.

    Saving what is there already stores nothing.

    Args:
        db: The database.
        user_id: Who writes it.
        model: Name of the model that it is written with; need not exist.
        report_id: The report; None for a new one, which goes to the end of the list.
        document: A strict JSON object.
        expected_version: The version that was edited; None to save whatever came between.
        now: The time, with a zone.

    Raises:
        StaleReportError: There is a newer version than the expected one; nothing was stored.
        UnknownReportError: There is no such report of this user and model.
        InvalidTableError: The document is no strict JSON object.
        InvalidNameError: The user's id or the model's name cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    content = _checked(user_id, model, document)
    with db.write() as connection:
        current = _current(connection, user_id, model)
        if report_id is None:
            change = add_change(connection, "report_saved", now=now, subject=user_id)
            owner = ensure_user(connection, user_id, change=change, now=now)
            position = 1 + max((row.position for row in current), default=-1)
            report_id = _insert_report(
                connection, owner, model, position, content, change=change, now=now
            )
        else:
            row = next((row for row in current if row.report_id == report_id), None)
            if row is None:
                raise UnknownReportError(
                    f"There is no report {report_id!r} of this user and model; it may be deleted."
                )
            _refuse_stale(row, expected_version)
            if row.document == content:
                return _report(row)
            change = add_change(connection, "report_saved", now=now, subject=user_id)
            _replace(connection, row, content, change=change, now=now)
        saved = _newest(connection, report_id)
    return _report(saved, is_new=True)


def save_report_list(
    db: Database,
    user_id: str,
    model: str,
    documents: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> list[StoredReport]:
    """Put a list of reports in the place of a user's reports for a model, in one transaction.

    A document is the next version of the report that its `report_id` names; without one, of the
    report with the same content, or else with the same title; or else it is a new report. What
    is not in the list is deleted. Versions that were are kept. The ids are not part of what is
    stored.

    Args:
        db: The database.
        user_id: Who writes them.
        model: Name of the model that they are written with; need not exist.
        documents: Strict JSON objects in their order.
        now: The time, with a zone.

    Returns:
        The reports in their order.

    Raises:
        InvalidTableError: A document is no strict JSON object.
        InvalidNameError: The user's id or the model's name cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    for document in documents:
        _checked(user_id, model, document)
    wanted = [{k: v for k, v in document.items() if k != "report_id"} for document in documents]
    named = [document.get("report_id") for document in documents]
    with db.write() as connection:
        current = _current(connection, user_id, model)
        matched = match_reports(current, wanted, named)
        kept = {row.report_id for row in matched if row is not None}
        same = len(kept) == len(current) and all(
            row is not None and (row.position, row.document) == (position, content)
            for position, (row, content) in enumerate(zip(matched, wanted, strict=True))
        )
        if not same:
            change = add_change(connection, "reports_saved", now=now, subject=user_id)
            owner = ensure_user(connection, user_id, change=change, now=now)
            for row in current:
                if row.report_id not in kept:
                    _end(connection, row.report_key, change)
            for position, (row, content) in enumerate(zip(matched, wanted, strict=True)):
                if row is None:
                    _insert_report(
                        connection, owner, model, position, content, change=change, now=now
                    )
                    continue
                if row.document != content:
                    _replace(connection, row, content, change=change, now=now)
                if row.position != position:
                    _move(connection, row.report_key, position)
            before = {row.report_id: row.version for row in matched if row is not None}
            return [
                _report(row, is_new=before.get(row.report_id) != row.version)
                for row in _current(connection, user_id, model)
            ]
    return [_report(row) for row in current]


def delete_report(
    db: Database,
    user_id: str,
    report_id: str,
    *,
    expected_version: int | None = None,
    now: datetime,
) -> None:
    """Take a report out of its list; its versions are kept. Deleting it again changes nothing.

    Raises:
        StaleReportError: There is a newer version than the expected one.
        UnknownReportError: This user never had such a report.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        query = _query().where(users.c.user_id == user_id, reports.c.report_id == report_id)
        rows = connection.execute(query).all()
        if not rows:
            raise UnknownReportError(f"There is no report {report_id!r} of this user.")
        row = next((row for row in rows if row.ended_change is None), None)
        if row is None:
            return
        _refuse_stale(row, expected_version)
        change = add_change(connection, "report_deleted", now=now, subject=user_id)
        _end(connection, row.report_key, change)


def restore_report(
    db: Database,
    user_id: str,
    report_id: str,
    version: int,
    *,
    expected_version: int | None = None,
    now: datetime,
) -> StoredReport:
    """Save an earlier version as the newest one, byte for byte; a deleted report comes back.

    It stands in its list where it stood. Restoring what is there already stores nothing.

    Args:
        db: The database.
        user_id: Whose report.
        report_id: The report.
        version: The version to have again.
        expected_version: The version that was seen as the newest; None to restore whatever came
            between.
        now: The time, with a zone.

    Raises:
        StaleReportError: There is a newer version than the expected one; nothing was stored.
        UnknownReportError: This user never had such a report, or it has no such version.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        query = _query().where(users.c.user_id == user_id, reports.c.report_id == report_id)
        rows = connection.execute(query.order_by(versions.c.version)).all()
        wanted = next((row for row in rows if row.version == version), None)
        if wanted is None:
            raise UnknownReportError(f"There is no version {version} of a report {report_id!r}.")
        newest = rows[-1]
        _refuse_stale(newest, expected_version)
        if newest.ended_change is None and newest.document == wanted.document:
            return _report(newest)
        change = add_change(connection, "report_saved", now=now, subject=user_id)
        _replace(connection, newest, wanted.document, change=change, now=now)
        saved = _newest(connection, report_id)
    return _report(saved, is_new=True)


def list_reports(db: Database, user_id: str, model: str | None = None) -> list[StoredReport]:
    """Return a user's current reports (for one model or all), by model and in their order.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return [_report(row) for row in _current(connection, user_id, model)]


def has_saved_reports(db: Database, user_id: str, model: str) -> bool:
    """Tell whether the user ever saved reports for the model, deleted ones too.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(reports.c.report_key)
        .join(users)
        .where(users.c.user_id == user_id, reports.c.model == model)
        .limit(1)
    )
    with db.read() as connection:
        return connection.scalar(query) is not None


def report_versions(db: Database, user_id: str, report_id: str) -> list[StoredReport]:
    """Return all versions of a report, of a deleted one too, oldest first.

    Raises:
        UnknownReportError: This user never had such a report.
        StoreError: The database failed.
    """
    query = (
        _query()
        .where(users.c.user_id == user_id, reports.c.report_id == report_id)
        .order_by(versions.c.version)
    )
    with db.read() as connection:
        found = [_report(row) for row in connection.execute(query)]
    if not found:
        raise UnknownReportError(f"There is no report {report_id!r} of this user.")
    return found


def _checked(user_id: str, model: str, document: Mapping[str, Any]) -> dict[str, Any]:
    check_name(user_id, "The id of a user")
    check_name(model, "The name of a model")
    if not isinstance(document, Mapping):
        raise InvalidTableError("A report must be a JSON object.")
    try:
        json_text(dict(document))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidTableError(f"The report is no strict JSON: {error}.") from error
    return dict(document)


def _refuse_stale(row: Any, expected_version: int | None) -> None:
    if expected_version is not None and row.version != expected_version:
        raise StaleReportError(
            f"The report {row.report_id} was saved as version {row.version} since version "
            f"{expected_version} was read; load it again and repeat the change.",
            _report(row),
        )


def _current(connection: Connection, user_id: str, model: str | None) -> list[Any]:
    query = _query().where(users.c.user_id == user_id, versions.c.ended_change.is_(None))
    if model is not None:
        query = query.where(reports.c.model == model)
    rows = connection.execute(query).all()
    return sorted(rows, key=lambda row: (row.model, row.position, row.report_key))


def _newest(connection: Connection, report_id: str) -> Any:
    query = _query().where(reports.c.report_id == report_id)
    return connection.execute(query.order_by(versions.c.version.desc()).limit(1)).one()


def _query() -> Select[Any]:
    return select(
        reports.c.report_key,
        reports.c.report_id,
        reports.c.model,
        reports.c.position,
        reports.c.created_at,
        users.c.user_id,
        versions.c.version,
        versions.c.document,
        versions.c.saved_at,
        versions.c.ended_change,
    ).select_from(versions.join(reports).join(users))


def _insert_report(
    connection: Connection,
    owner: int,
    model: str,
    position: int,
    document: Mapping[str, Any],
    *,
    change: int,
    now: datetime,
) -> str:
    """Add a report with its first version and return its id."""
    key = 1 + (connection.scalar(select(func.max(reports.c.report_key))) or 0)
    report_id = secrets.token_hex(_ID_BYTES)
    connection.execute(
        reports.insert().values(
            report_key=key,
            report_id=report_id,
            user_key=owner,
            model=model,
            position=position,
            created_at=now,
            recorded_change=change,
        )
    )
    _insert_version(connection, key, 1, document, change=change, now=now)
    return report_id


def _insert_version(
    connection: Connection,
    report_key: int,
    version: int,
    document: Mapping[str, Any],
    *,
    change: int,
    now: datetime,
) -> None:
    connection.execute(
        versions.insert().values(
            report_key=report_key,
            version=version,
            recorded_change=change,
            document=dict(document),
            saved_at=now,
        )
    )


def _replace(
    connection: Connection, row: Any, document: Mapping[str, Any], *, change: int, now: datetime
) -> None:
    _end(connection, row.report_key, change)
    _insert_version(connection, row.report_key, row.version + 1, document, change=change, now=now)


def _move(connection: Connection, report_key: int, position: int) -> None:
    connection.execute(
        reports.update().where(reports.c.report_key == report_key).values(position=position)
    )


def _end(connection: Connection, report_key: int, change: int) -> None:
    connection.execute(
        versions.update()
        .where(versions.c.report_key == report_key, versions.c.ended_change.is_(None))
        .values(ended_change=change)
    )


def _report(row: Any, *, is_new: bool = False) -> StoredReport:
    return StoredReport(
        report_id=row.report_id,
        version=row.version,
        user_id=row.user_id,
        model=row.model,
        document=row.document,
        created_at=row.created_at,
        saved_at=row.saved_at,
        is_current=row.ended_change is None,
        is_new=is_new,
    )
