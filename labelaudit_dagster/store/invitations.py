"""Invitations: texts in a link that sign a person in, once or a number of times.

A text reads `lai_<id>_<secret>`; see `secret_texts`. Who redeems it gets a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.access_schema import invitations, sessions
from labelaudit_dagster.store.audit_schema import users
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvitationError
from labelaudit_dagster.store.schema import participants, tokens
from labelaudit_dagster.store.secret_texts import new_secret, opens, public_id
from labelaudit_dagster.store.sessions import Session, insert_session
from labelaudit_dagster.store.tokens import PERSONAL_ROLES, Role, known_role
from labelaudit_dagster.store.users import check_name

_PREFIX = "lai"

SESSION_LIFETIME = timedelta(days=30)
"""How long a session lasts unless it is said otherwise."""


@dataclass(frozen=True)
class Invitation:
    """What is known of an invitation.

    Attributes:
        invitation_id: Its public id, for listing and revoking.
        role: What its sessions may be used for.
        subject: Whose sessions they are; None for other than personal roles, and for open
            invitations, where everybody who redeems it brings a new name.
        label: What it is for, in its maker's words.
        uses_allowed: How often it may be redeemed.
        uses: How often it was redeemed.
        created_at: When it was made, in UTC.
        expires_at: From when on it is refused; None for never.
        revoked_at: When it was revoked; None if it was not.
    """

    invitation_id: str
    role: Role
    subject: str | None
    label: str | None
    uses_allowed: int
    uses: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it may still be redeemed."""
        return (
            self.revoked_at is None
            and self.uses < self.uses_allowed
            and (self.expires_at is None or now < self.expires_at)
        )


def create_invitation(
    db: Database,
    role: str,
    subject: str | None,
    expires_at: datetime | None,
    now: datetime,
    *,
    uses: int = 1,
    label: str | None = None,
) -> tuple[Invitation, str]:
    """Make an invitation and return it with the text that belongs into the link.

    The text is not stored and cannot be shown again.

    Args:
        db: The database.
        role: One of `ROLES`.
        subject: Whose sessions it gives, for personal roles; None for an open invitation.
            Refused for other roles.
        expires_at: From when on it is refused; None for never.
        now: The time, with a zone.
        uses: How often it may be redeemed, at least once.
        label: What it is for.

    Raises:
        TokenError: There is no such role.
        InvitationError: Subject, uses or end are impossible.
        InvalidNameError: The subject cannot be kept as a user's id.
        StoreError: The database failed; nothing was stored.
    """
    known = known_role(role)
    if subject is not None:
        check_name(subject, "The subject of an invitation")
        if known not in PERSONAL_ROLES:
            raise InvitationError(f"An invitation with the role {role} has no subject.")
    if uses < 1:
        raise InvitationError("An invitation can be redeemed at least once.")
    if expires_at is not None and expires_at <= now:
        raise InvitationError("The invitation would be expired from the start.")
    secret = new_secret(_PREFIX)
    invitation = Invitation(secret.public_id, known, subject, label, uses, 0, now, expires_at, None)
    with db.write() as connection:
        connection.execute(
            invitations.insert().values(
                invitation_id=secret.public_id,
                secret_hash=secret.secret_hash,
                role=known,
                subject=subject,
                label=label,
                uses_allowed=uses,
                uses=0,
                created_at=now,
                expires_at=expires_at,
            )
        )
        add_change(connection, "invitation_created", now=now, subject=secret.public_id)
    return invitation, secret.text


def look_at_invitation(db: Database, text: str, *, now: datetime) -> Invitation | None:
    """Return the invitation of a link without using it; None if it is not, or no longer, valid.

    Raises:
        StoreError: The database failed.
    """
    invitation_id = public_id(_PREFIX, text)
    if invitation_id is None:
        return None
    with db.read() as connection:
        row = _find(connection, invitation_id)
    if not opens(text, None if row is None else row["secret_hash"]) or row is None:
        return None
    invitation = _invitation(row)
    return invitation if invitation.is_valid(now) else None


def redeem_invitation(
    db: Database,
    text: str,
    now: datetime,
    *,
    subject: str | None = None,
    lifetime: timedelta = SESSION_LIFETIME,
) -> tuple[Session, str]:
    """Use an invitation once, and return a new session with the text of its cookie.

    Two people who redeem the last use at once get one session between them, not two.

    Args:
        db: The database.
        text: What the link brought.
        now: The time, with a zone.
        subject: The name that an open invitation's holder chose; must be nobody's yet. Ignored
            where the invitation names its subject.
        lifetime: How long the session lasts.

    Raises:
        InvitationError: The invitation is unknown, used up, revoked or expired; or it is open,
            and the name is missing or somebody has it.
        InvalidNameError: The name cannot be kept as a user's id.
        StoreError: The database failed; nothing was stored.
    """
    refused = InvitationError(
        "This invitation is unknown, used up, revoked or expired; ask for a new one."
    )
    invitation_id = public_id(_PREFIX, text)
    if invitation_id is None:
        raise refused
    with db.write() as connection:
        row = _find(connection, invitation_id)
        if not opens(text, None if row is None else row["secret_hash"]) or row is None:
            raise refused
        invitation = _invitation(row)
        if not invitation.is_valid(now):
            raise refused
        owner = invitation.subject
        if owner is None and invitation.role in PERSONAL_ROLES:
            if subject is None:
                raise InvitationError("This invitation needs a name to sign in with.")
            owner = check_name(subject, "A name")
            if _is_somebody(connection, owner):
                raise InvitationError(f"The name {owner!r} is taken; choose another one.")
        connection.execute(
            invitations.update()
            .where(invitations.c.invitation_id == invitation_id)
            .values(uses=invitation.uses + 1)
        )
        session, secret = insert_session(
            connection,
            role=invitation.role,
            subject=owner,
            invitation_id=invitation_id,
            now=now,
            expires_at=now + lifetime,
        )
        add_change(connection, "invitation_redeemed", now=now, subject=invitation_id)
    return session, secret


def revoke_invitation(db: Database, invitation_id: str, now: datetime) -> Invitation:
    """Revoke an invitation at once; sessions that it gave stay. Again, it changes nothing.

    Raises:
        InvitationError: There is no such invitation.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        row = _find(connection, invitation_id)
        if row is None:
            raise InvitationError(f"There is no invitation {invitation_id!r}.")
        if row["revoked_at"] is None:
            connection.execute(
                invitations.update()
                .where(invitations.c.invitation_id == invitation_id)
                .values(revoked_at=now)
            )
            add_change(connection, "invitation_revoked", now=now, subject=invitation_id)
            row = _find(connection, invitation_id) or row
        return _invitation(row)


def list_invitations(db: Database) -> list[Invitation]:
    """Return all invitations, those that are over too, oldest first.

    Raises:
        StoreError: The database failed.
    """
    query = select(invitations).order_by(invitations.c.created_at, invitations.c.invitation_id)
    with db.read() as connection:
        return [_invitation(row) for row in connection.execute(query).mappings()]


def _is_somebody(connection: Connection, name: str) -> bool:
    """Tell whether an id is in use, so that a newcomer cannot take over what is another's."""
    columns = (
        users.c.user_id,
        participants.c.participant_id,
        tokens.c.subject,
        sessions.c.subject,
        invitations.c.subject,
    )
    return any(
        connection.scalar(select(column).where(column == name).limit(1)) is not None
        for column in columns
    )


def _find(connection: Connection, invitation_id: str) -> RowMapping | None:
    query = select(invitations).where(invitations.c.invitation_id == invitation_id)
    return connection.execute(query).mappings().first()


def _invitation(row: RowMapping) -> Invitation:
    return Invitation(**{name: value for name, value in row.items() if name != "secret_hash"})
