"""Ratings that people give and take back here, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, or_, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.community_rows import LONGEST_ID_BYTES
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import InvalidTableError, UnknownGuidelineError
from labelaudit_dagster.store.participation_schema import rating_withdrawals
from labelaudit_dagster.store.rating_tags import (
    check_tags,
    current_pair,
    store_tags,
    tags_beside,
)
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
        tags: Why, from `RATING_TAGS`.
        is_new: False where the same rating was current already, so that none was stored.
    """

    participant_id: str
    guideline_id: str
    helpful: bool
    rated_at: datetime | None
    tags: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True)
class WithdrawnRating:
    """What became of a rating that was to be taken back.

    Attributes:
        participant_id: Whose.
        guideline_id: Of what.
        was: What the rating was; None where there was none, so that nothing was stored.
    """

    participant_id: str
    guideline_id: str
    was: bool | None


def add_rating(
    db: Database,
    participant_id: str,
    guideline_id: str,
    helpful: bool,
    *,
    tags: Iterable[str] | None = None,
    now: datetime,
) -> StoredRating:
    """Store a rating durably; an earlier one of the same pair is superseded and kept.

    Repeating the current rating stores no other. A participant who is not known yet is added.

    Args:
        db: The database.
        participant_id: Who rates, not empty.
        guideline_id: A current guideline.
        helpful: The rating.
        tags: Why, from `RATING_TAGS`; None leaves those of the same rating as they are, and
            gives a new one none.
        now: The time, with a zone.

    Raises:
        UnknownGuidelineError: There is no such guideline at present.
        InvalidTagError: A tag does not go with such a rating.
        InvalidTableError: The participant's id is empty, too long, or no valid UTF-8.
        StoreError: The database failed; nothing was stored.
    """
    _check_participant(participant_id)
    chosen = None if tags is None else check_tags(tags, helpful)
    with db.write() as connection:
        item = _current_guideline(connection, guideline_id)
        person = _current_participant(connection, participant_id)
        earlier = _current_rating(connection, person, item)
        if earlier is not None and earlier.helpful == helpful and person is not None:
            kept = tags_beside(connection, person, item)
            if chosen is not None and chosen != kept:
                change = add_change(connection, "rating_tagged", now=now, subject=participant_id)
                store_tags(connection, person, item, chosen, change=change)
                kept = chosen
            return StoredRating(
                participant_id, guideline_id, helpful, earlier.rated_at, kept, is_new=False
            )
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
            _end(connection, ratings, person, item, change)
        _end(connection, rating_withdrawals, person, item, change)
        connection.execute(
            ratings.insert().values(
                participant_key=person,
                guideline_key=item,
                recorded_change=change,
                helpful=helpful,
                rated_at=now,
            )
        )
        store_tags(connection, person, item, chosen or (), change=change)
    return StoredRating(participant_id, guideline_id, helpful, now, chosen or (), is_new=True)


def withdraw_rating(
    db: Database, participant_id: str, guideline_id: str, *, now: datetime
) -> WithdrawnRating:
    """Take a rating back durably: it no longer counts, and is kept as what once held.

    That it was withdrawn is kept too, so that an import of the source that the rating came from
    does not bring it back; a rating that the source dates later does. Where there is none,
    nothing is stored.

    Args:
        db: The database.
        participant_id: Whose rating.
        guideline_id: A current guideline.
        now: The time, with a zone.

    Raises:
        UnknownGuidelineError: There is no such guideline at present.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        item = _current_guideline(connection, guideline_id)
        person = _current_participant(connection, participant_id)
        earlier = _current_rating(connection, person, item)
        if earlier is None or person is None:
            return WithdrawnRating(participant_id, guideline_id, None)
        change = add_change(
            connection,
            "rating_withdrawn",
            now=now,
            subject=participant_id,
            alters_community=True,
            ratings_ended=1,
        )
        _end(connection, ratings, person, item, change)
        store_tags(connection, person, item, (), change=change)
        connection.execute(
            rating_withdrawals.insert().values(
                participant_key=person,
                guideline_key=item,
                recorded_change=change,
                withdrawn_at=now,
            )
        )
    return WithdrawnRating(participant_id, guideline_id, bool(earlier.helpful))


def _check_participant(participant_id: str) -> None:
    try:
        usable = 0 < len(participant_id.encode("utf-8")) <= LONGEST_ID_BYTES
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise InvalidTableError(
            f"A participant's id must be a text of 1 to {LONGEST_ID_BYTES} bytes in UTF-8."
        )


def _current_guideline(connection: Connection, guideline_id: str) -> int:
    key: int | None = connection.scalar(
        select(guidelines.c.guideline_key)
        .join(guideline_versions)
        .where(
            guidelines.c.guideline_id == guideline_id,
            guideline_versions.c.ended_change.is_(None),
        )
    )
    if key is None:
        raise UnknownGuidelineError(f"There is no guideline {guideline_id!r}.")
    return key


def _current_rating(connection: Connection, person: int | None, item: int) -> Any:
    if person is None:
        return None
    return connection.execute(
        select(ratings.c.helpful, ratings.c.rated_at).where(current_pair(ratings, person, item))
    ).first()


def _end(connection: Connection, table: Table, person: int, item: int, change: int) -> None:
    connection.execute(
        table.update().where(current_pair(table, person, item)).values(ended_change=change)
    )


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
