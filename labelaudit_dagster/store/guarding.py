"""Whether an installation tells callers apart, which it does for good once it has begun."""

from __future__ import annotations

from sqlalchemy import select

from labelaudit_dagster.store.access_schema import invitations
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import tokens
from labelaudit_dagster.store.schema_base import changes

_FIRST_STEPS = ("token_created", "invitation_created")


def is_guarded(db: Database) -> bool:
    """Tell whether there ever was a token or an invitation.

    The log of changes counts too: it keeps that they were made when a forgotten person's
    tokens and invitations are deleted, and that must not open the door again.

    Raises:
        StoreError: The database failed.
    """
    queries = (
        select(tokens.c.token_id).limit(1),
        select(invitations.c.invitation_id).limit(1),
        select(changes.c.sequence).where(changes.c.kind.in_(_FIRST_STEPS)).limit(1),
    )
    with db.read() as connection:
        return any(connection.scalar(query) is not None for query in queries)
