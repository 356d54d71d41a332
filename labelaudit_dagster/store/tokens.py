"""Bearer tokens: who may do what over HTTP. Only hashes of their secrets are kept.

A token reads `la_<id>_<secret>`; see `secret_texts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import RowMapping, select

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import TokenError
from labelaudit_dagster.store.schema import tokens
from labelaudit_dagster.store.secret_texts import new_secret, opens, public_id

Role = Literal["pipeline", "operator", "participant", "auditor", "analyst"]
ROLES: tuple[Role, ...] = get_args(Role)
PERSONAL_ROLES: frozenset[Role] = frozenset({"participant", "auditor"})
"""Roles whose tokens belong to one person, named as the token's subject."""

_PREFIX = "la"


@dataclass(frozen=True)
class Token:
    """What is known of a token.

    Attributes:
        token_id: Its public id, for listing and revoking.
        role: What it may be used for.
        subject: Whose it is: the participant's or auditor's id; None for other roles.
        label: What it is for, in its maker's words.
        created_at: When it was made, in UTC.
        expires_at: From when on it is refused; None for never.
        revoked_at: When it was revoked; None if it was not.
    """

    token_id: str
    role: Role
    subject: str | None
    label: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def known_role(role: str) -> Role:
    """Return the role.

    Raises:
        TokenError: There is no such role.
    """
    known = next((name for name in ROLES if name == role), None)
    if known is None:
        raise TokenError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
    return known


def create_token(
    db: Database,
    role: str,
    *,
    now: datetime,
    subject: str | None = None,
    label: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with the text that its holder sends.

    The text is not stored and cannot be shown again.

    Args:
        db: The database.
        role: One of `ROLES`.
        now: The time, with a zone.
        subject: Whose it is; needed for the roles in `PERSONAL_ROLES`, refused for others.
        label: What it is for.
        expires_at: From when on it is refused.

    Raises:
        TokenError: The role is unknown, the subject does not fit it, or it would be expired
            from the start.
        StoreError: The database failed; nothing was stored.
    """
    known = known_role(role)
    if bool(subject) != (known in PERSONAL_ROLES):
        needs = "needs" if known in PERSONAL_ROLES else "has no"
        raise TokenError(f"A token with the role {role} {needs} subject.")
    if expires_at is not None and expires_at <= now:
        raise TokenError("The token would be expired from the start.")
    secret = new_secret(_PREFIX)
    token = Token(secret.public_id, known, subject, label, now, expires_at, None)
    with db.write() as connection:
        connection.execute(
            tokens.insert().values(
                token_id=token.token_id,
                secret_hash=secret.secret_hash,
                role=known,
                subject=subject,
                label=label,
                created_at=now,
                expires_at=expires_at,
            )
        )
        add_change(connection, "token_created", now=now, subject=token.token_id)
    return token, secret.text


def verify_token(db: Database, text: str, *, now: datetime) -> Token | None:
    """Return the token that a request brought; None if it is not, or no longer, valid.

    Takes the same steps whether an id is known or not, and compares in constant time.

    Raises:
        StoreError: The database failed.
    """
    token_id = public_id(_PREFIX, text)
    if token_id is None:
        return None
    with db.read() as connection:
        row = (
            connection.execute(select(tokens).where(tokens.c.token_id == token_id))
            .mappings()
            .first()
        )
    if not opens(text, None if row is None else row["secret_hash"]) or row is None:
        return None
    token = _token(row)
    return token if token.is_valid(now) else None


def revoke_token(db: Database, token_id: str, *, now: datetime) -> Token:
    """Revoke a token at once; revoking it again changes nothing.

    Raises:
        TokenError: There is no such token.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        chosen = select(tokens).where(tokens.c.token_id == token_id)
        row = connection.execute(chosen).mappings().first()
        if row is None:
            raise TokenError(f"There is no token {token_id!r}; list them to find its id.")
        if row["revoked_at"] is None:
            connection.execute(
                tokens.update().where(tokens.c.token_id == token_id).values(revoked_at=now)
            )
            add_change(connection, "token_revoked", now=now, subject=token_id)
        return _token(connection.execute(chosen).mappings().one())


def list_tokens(db: Database) -> list[Token]:
    """Return all tokens, revoked and expired ones too, oldest first."""
    query = select(tokens).order_by(tokens.c.created_at, tokens.c.token_id)
    with db.read() as connection:
        return [_token(row) for row in connection.execute(query).mappings()]


def _token(row: RowMapping) -> Token:
    return Token(**{name: value for name, value in row.items() if name != "secret_hash"})
