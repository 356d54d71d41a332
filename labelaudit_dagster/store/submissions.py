"""Receipts of reports that were sent to somebody outside, such as AVID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from labelaudit_dagster.store.audit_schema import submissions, users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.columns import json_text
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidTableError
from labelaudit_dagster.store.users import check_name, ensure_user


@dataclass(frozen=True)
class Submission:
    """One attempt to hand reports to somebody outside, as it ended.

    Attributes:
        sequence: Its number.
        user_id: Whose reports.
        target: Where they were sent.
        report_ids: Which reports.
        document: What was sent.
        succeeded: Whether the other side confirmed it.
        receipt: What the other side answered, or what went wrong; None for nothing.
        submitted_at: When, in UTC.
    """

    sequence: int
    user_id: str
    target: str
    report_ids: tuple[str, ...]
    document: Any
    succeeded: bool
    receipt: Any
    submitted_at: datetime


def record_submission(
    db: Database,
    user_id: str,
    *,
    target: str,
    report_ids: Sequence[str],
    document: Mapping[str, Any] | Sequence[Any],
    succeeded: bool,
    receipt: Any,
    now: datetime,
) -> Submission:
    """Record durably that reports were sent, or that sending them failed.

    Args:
        db: The database.
        user_id: Whose reports.
        target: Where they were sent, without any key.
        report_ids: Ids of the reports; empty for reports that are not saved.
        document: What was sent, strict JSON.
        succeeded: Whether the other side confirmed it.
        receipt: What it answered, strict JSON.
        now: The time, with a zone.

    Raises:
        InvalidTableError: What was sent or answered is no strict JSON.
        InvalidNameError: The user's id cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    check_name(user_id, "The id of a user")
    for value in (document, receipt):
        try:
            json_text(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidTableError(f"The submission is no strict JSON: {error}.") from error
    with db.write() as connection:
        change = add_change(connection, "submission_recorded", now=now, subject=user_id)
        owner = ensure_user(connection, user_id, change=change, now=now)
        sequence = 1 + (connection.scalar(select(func.max(submissions.c.sequence))) or 0)
        connection.execute(
            submissions.insert().values(
                sequence=sequence,
                user_key=owner,
                target=target,
                report_ids=list(report_ids),
                document=document,
                succeeded=succeeded,
                receipt=receipt,
                submitted_at=now,
                recorded_change=change,
            )
        )
    return Submission(
        sequence, user_id, target, tuple(report_ids), document, succeeded, receipt, now
    )


def list_submissions(db: Database, user_id: str | None = None) -> list[Submission]:
    """Return the submissions of a user (or of everybody), oldest first.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(submissions, users.c.user_id)
        .select_from(submissions.join(users))
        .order_by(submissions.c.sequence)
    )
    if user_id is not None:
        query = query.where(users.c.user_id == user_id)
    with db.read() as connection:
        return [
            Submission(
                sequence=row.sequence,
                user_id=row.user_id,
                target=row.target,
                report_ids=tuple(row.report_ids),
                document=row.document,
                succeeded=row.succeeded,
                receipt=row.receipt,
                submitted_at=row.submitted_at,
            )
            for row in connection.execute(query)
        ]
