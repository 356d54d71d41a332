"""Sessions: what a person's browser shows after an invitation was redeemed.

A text reads `las_<id>_<secret>`; see `secret_texts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.access_schema import sessions
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvitationError
from labelaudit_dagster.store.secret_texts import new_secret, opens, public_id
from labelaudit_dagster.store.tokens import Role

_PREFIX = "las"


@dataclass(frozen=True)
class Session:
    """What is known of a session.

    Attributes:
        session_id: Its public id, for listing and revoking.
        role: What it may be used for.
        subject: Whose it is; None for other than personal roles.
        invitation_id: The invitation that it came from.
        created_at: When it began, in UTC.
        expires_at: From when on it is refused.
        revoked_at: When it was revoked (or its person signed out); None if it was not.
    """

    session_id: str
    role: Role
    subject: str | None
    invitation_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


def verify_session(db: Database, text: str, *, now: datetime) -> Session | None:
    """Return the session that a request brought; None if it is not, or no longer, valid.

    Takes the same steps whether an id is known or not, and compares in constant time.

    Raises:
        StoreError: The database failed.
    """
    session_id = public_id(_PREFIX, text)
    if session_id is None:
        return None
    with db.read() as connection:
        row = _find(connection, session_id)
    if not opens(text, None if row is None else row["secret_hash"]) or row is None:
        return None
    session = _session(row)
    return session if session.is_valid(now) else None


def revoke_session(db: Database, session_id: str, *, now: datetime) -> Session:
    """Revoke a session at once; revoking it again changes nothing.

    Raises:
        InvitationError: There is no such session.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        row = _find(connection, session_id)
        if row is None:
            raise InvitationError(f"There is no session {session_id!r}.")
        if row["revoked_at"] is None:
            connection.execute(
                sessions.update().where(sessions.c.session_id == session_id).values(revoked_at=now)
            )
            add_change(connection, "session_revoked", now=now, subject=session_id)
            row = _find(connection, session_id) or row
        return _session(row)


def list_sessions(db: Database, subject: str | None = None) -> list[Session]:
    """Return all sessions (of a person or of everybody), those that are over too, oldest first.

    Raises:
        StoreError: The database failed.
    """
    query = select(sessions).order_by(sessions.c.created_at, sessions.c.session_id)
    if subject is not None:
        query = query.where(sessions.c.subject == subject)
    with db.read() as connection:
        return [_session(row) for row in connection.execute(query).mappings()]


def insert_session(
    connection: Connection,
    *,
    role: Role,
    subject: str | None,
    invitation_id: str,
    now: datetime,
    expires_at: datetime,
) -> tuple[Session, str]:
    """Add a session inside a `Database.write` block and return it with its text."""
    secret = new_secret(_PREFIX)
    connection.execute(
        sessions.insert().values(
            session_id=secret.public_id,
            secret_hash=secret.secret_hash,
            role=role,
            subject=subject,
            invitation_id=invitation_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session = Session(secret.public_id, role, subject, invitation_id, now, expires_at, None)
    return session, secret.text


def _find(connection: Connection, session_id: str) -> RowMapping | None:
    query = select(sessions).where(sessions.c.session_id == session_id)
    return connection.execute(query).mappings().first()


def _session(row: RowMapping) -> Session:
    return Session(**{name: value for name, value in row.items() if name != "secret_hash"})
