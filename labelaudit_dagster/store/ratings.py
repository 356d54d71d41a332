"""Ratings that people give here, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.community_rows import LONGEST_ID_BYTES
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidTableError, UnknownGuidelineError
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
    ratings,
    sources,
)


@dataclass(frozen=True)
class StoredRating:
    """A rating that is durably stored.

    Attributes:
        participant_id: Who rated.
        guideline_id: What was rated.
        helpful: The rating.
        rated_at: When it was given, in UTC; None for an imported one without a time.
        is_new: False where the same rating was current already, so that nothing was stored.
    """

    participant_id: str
    guideline_id: str
    helpful: bool
    rated_at: datetime | None
    is_new: bool


def add_rating(
    db: Database, participant_id: str, guideline_id: str, helpful: bool, *, now: datetime
) -> StoredRating:
    """Store a rating durably; an earlier one of the same pair is superseded and kept.

    Repeating the current rating stores nothing. A participant who is not known yet is added.

    Args:
        db: The database.
        participant_id: Who rates, not empty.
        guideline_id: A current guideline.
        helpful: The rating.
        now: The time, with a zone.

    Raises:
        UnknownGuidelineError: There is no such guideline at present.
        InvalidTableError: The participant's id is empty, too long, or no valid UTF-8.
        StoreError: The database failed; nothing was stored.
    """
    try:
        usable = 0 < len(participant_id.encode("utf-8")) <= LONGEST_ID_BYTES
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise InvalidTableError(
            f"A participant's id must be a text of 1 to {LONGEST_ID_BYTES} bytes in UTF-8."
        )
    with db.write() as connection:
        item = connection.scalar(
            select(guidelines.c.guideline_key)
            .join(guideline_versions)
            .where(
                guidelines.c.guideline_id == guideline_id,
                guideline_versions.c.ended_change.is_(None),
            )
        )
        if item is None:
            raise UnknownGuidelineError(f"There is no guideline {guideline_id!r}.")
        person = _current_participant(connection, participant_id)
        is_current = (
            (ratings.c.participant_key == person)
            & (ratings.c.guideline_key == item)
            & ratings.c.ended_change.is_(None)
        )
        earlier = connection.execute(
            select(ratings.c.helpful, ratings.c.rated_at).where(is_current)
        ).first()
        if earlier is not None and earlier.helpful == helpful:
            return StoredRating(participant_id, guideline_id, helpful, earlier.rated_at, False)
        change = add_change(
            connection,
            "rating_added",
            now=now,
            subject=participant_id,
            alters_community=True,
            ratings_added=1,
            ratings_ended=0 if earlier is None else 1,
        )
        if person is None:
            person = _add_participant(connection, participant_id, change)
        if earlier is not None:
            connection.execute(ratings.update().where(is_current).values(ended_change=change))
        connection.execute(
            ratings.insert().values(
                participant_key=person,
                guideline_key=item,
                recorded_change=change,
                helpful=helpful,
                rated_at=now,
            )
        )
    return StoredRating(participant_id, guideline_id, helpful, now, True)


def _current_participant(connection: Connection, participant_id: str) -> int | None:
    return connection.scalar(
        select(participants.c.participant_key)
        .join(participant_versions)
        .outerjoin(sources, sources.c.source_key == participants.c.source_key)
        .where(
            participants.c.participant_id == participant_id,
            participant_versions.c.ended_change.is_(None),
            or_(participants.c.source_key.is_(None), sources.c.ended_change.is_(None)),
        )
    )


def _add_participant(connection: Connection, participant_id: str, change: int) -> int:
    key = 1 + (connection.scalar(select(func.max(participants.c.participant_key))) or 0)
    connection.execute(
        participants.insert().values(participant_key=key, participant_id=participant_id)
    )
    connection.execute(
        participant_versions.insert().values(
            participant_key=key, recorded_change=change, demographics={}
        )
    )
    return key
