"""That people agreed to take part: when, and to which text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.participation_schema import consents
from labelaudit_dagster.store.payloads import store_payload
from labelaudit_dagster.store.users import check_name

_VERSION_DIGITS = 12


@dataclass(frozen=True)
class Consent:
    """That a person agreed to a text.

    Attributes:
        participant_id: Who agreed.
        text_version: Which text it was, as `text_version` names it.
        given_at: When, in UTC.
    """

    participant_id: str
    text_version: str
    given_at: datetime


def text_version(text: str) -> str:
    """Return the version of a text that people agree to; another text has another one."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_VERSION_DIGITS]


def give_consent(db: Database, participant_id: str, text: str, *, now: datetime) -> Consent:
    """Store durably that a person agreed to a text; doing it again changes nothing.

    The text is kept, so that what was agreed to can always be read again.

    Args:
        db: The database.
        participant_id: Who agrees, not empty.
        text: The text that they have read.
        now: The time, with a zone.

    Raises:
        InvalidNameError: The id cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    check_name(participant_id, "The id of a participant")
    version = text_version(text)
    with db.write() as connection:
        given = connection.scalar(
            select(consents.c.given_at).where(
                consents.c.participant_id == participant_id, consents.c.text_version == version
            )
        )
        if given is not None:
            return Consent(participant_id, version, given)
        change = add_change(connection, "consent_given", now=now, subject=participant_id)
        connection.execute(
            consents.insert().values(
                sequence=1 + (connection.scalar(select(func.max(consents.c.sequence))) or 0),
                participant_id=participant_id,
                text_version=version,
                payload_hash=store_payload(connection, {"text": text}),
                given_at=now,
                recorded_change=change,
            )
        )
    return Consent(participant_id, version, now)


def list_consents(db: Database, participant_id: str) -> list[Consent]:
    """Return what a person agreed to, oldest first.

    Raises:
        StoreError: The database failed.
    """
    query = (
        select(consents.c.participant_id, consents.c.text_version, consents.c.given_at)
        .where(consents.c.participant_id == participant_id)
        .order_by(consents.c.sequence)
    )
    with db.read() as connection:
        return [Consent(*row) for row in connection.execute(query)]
