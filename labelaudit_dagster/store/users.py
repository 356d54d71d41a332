"""People who label, train models and write reports, known by the ids that they go by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import users
from labelaudit_dagster.store.columns import escape_text
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidNameError

LONGEST_NAME_BYTES = 2000
"""Longest id of a user or name of a model as it is stored, in bytes of UTF-8."""


def list_users(db: Database) -> list[str]:
    """Return the ids of everybody who has written something, in alphabetical order.

    For those who have labelled, ask `users_labelled_since(db, 0)`.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        return sorted(connection.scalars(select(users.c.user_id)))


def check_name(name: str, what: str) -> str:
    """Return the name if it can be kept: any text but the empty one, up to a length.

    Raises:
        InvalidNameError: It is no text, empty, too long, or no valid UTF-8.
    """
    try:
        stored = len(escape_text(name).encode("utf-8")) if isinstance(name, str) else 0
        name.encode("utf-8")
    except (AttributeError, UnicodeEncodeError):
        stored = 0
    if not 0 < stored <= LONGEST_NAME_BYTES:
        raise InvalidNameError(
            f"{what} must be a text of 1 to {LONGEST_NAME_BYTES} bytes in UTF-8 (a control "
            "character may count as five)."
        )
    return name


def find_user(connection: Connection, user_id: str) -> int | None:
    """Return the key of a user, or None."""
    return connection.scalar(select(users.c.user_key).where(users.c.user_id == user_id))


def ensure_user(connection: Connection, user_id: str, *, change: int, now: datetime) -> int:
    """Return the key of a user, adding one who is new."""
    key = find_user(connection, user_id)
    if key is None:
        key = 1 + (connection.scalar(select(func.max(users.c.user_key))) or 0)
        connection.execute(
            users.insert().values(
                user_key=key, user_id=user_id, created_at=now, recorded_change=change
            )
        )
    return key
