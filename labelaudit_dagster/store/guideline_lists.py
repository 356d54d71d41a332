"""Guidelines as people rate them: what there is, how often it was rated, and one's own ratings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.participation_schema import rating_tags
from labelaudit_dagster.store.rating_tags import same_rating
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
    ratings,
    sources,
    topics,
)


@dataclass(frozen=True)
class ListedGuideline:
    """A guideline of the community.

    Attributes:
        guideline_id: Its id.
        text: Its text.
        topic_id: Its topic, if it has one.
        topic: The topic's title; None where the topic is not known.
    """

    guideline_id: str
    text: str
    topic_id: str | None
    topic: str | None


@dataclass(frozen=True)
class OwnRating:
    """A current rating of one participant.

    Attributes:
        guideline_id: What was rated.
        text: Its text.
        helpful: The rating.
        rated_at: When, in UTC; None for an imported one without a time.
        tags: Why, from `RATING_TAGS`.
    """

    guideline_id: str
    text: str
    helpful: bool
    rated_at: datetime | None
    tags: tuple[str, ...] = ()


def list_guidelines(db: Database) -> list[ListedGuideline]:
    """Return the current guidelines, ordered by id.

    Raises:
        StoreError: The database failed.
    """
    versions, titles = guideline_versions.c, topics.c
    query = (
        select(guidelines.c.guideline_id, versions.text, versions.topic_id, titles.title)
        .select_from(
            guideline_versions.join(guidelines).outerjoin(
                topics,
                # Whichever source it is from: a proposal may be for a topic of the imported one.
                (titles.topic_id == versions.topic_id) & titles.ended_change.is_(None),
            )
        )
        .where(versions.ended_change.is_(None))
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return sorted((ListedGuideline(*row) for row in rows), key=lambda row: row.guideline_id)


def count_ratings(db: Database) -> dict[str, int]:
    """Return the number of current ratings of every current guideline; a scan of all ratings.

    Raises:
        StoreError: The database failed.
    """
    counted = (
        select(ratings.c.guideline_key, func.count().label("n"))
        .where(ratings.c.ended_change.is_(None))
        .group_by(ratings.c.guideline_key)
        .subquery()
    )
    query = (
        select(guidelines.c.guideline_id, func.coalesce(counted.c.n, 0))
        .select_from(
            guideline_versions.join(guidelines).outerjoin(
                counted, counted.c.guideline_key == guidelines.c.guideline_key
            )
        )
        .where(guideline_versions.c.ended_change.is_(None))
    )
    with db.read() as connection:
        return {key: int(count) for key, count in connection.execute(query)}


def list_ratings(db: Database, participant_id: str) -> list[OwnRating]:
    """Return a participant's current ratings of current guidelines, ordered by guideline id.

    Nobody by that id has none.

    Raises:
        StoreError: The database failed.
    """
    current = (
        select(participants.c.participant_key)
        .join(participant_versions)
        .outerjoin(sources, sources.c.source_key == participants.c.source_key)
        .where(
            participants.c.participant_id == participant_id,
            participant_versions.c.ended_change.is_(None),
            or_(participants.c.source_key.is_(None), sources.c.ended_change.is_(None)),
        )
    )
    query = (
        select(
            guidelines.c.guideline_id,
            guideline_versions.c.text,
            ratings.c.helpful,
            ratings.c.rated_at,
            rating_tags.c.tags,
        )
        .select_from(
            ratings.join(guidelines, guidelines.c.guideline_key == ratings.c.guideline_key)
            .join(
                guideline_versions, guideline_versions.c.guideline_key == guidelines.c.guideline_key
            )
            .outerjoin(rating_tags, same_rating())
        )
        .where(
            ratings.c.participant_key.in_(current),
            ratings.c.ended_change.is_(None),
            guideline_versions.c.ended_change.is_(None),
        )
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return sorted(
        (OwnRating(*row[:4], tags=tuple(row.tags or ())) for row in rows),
        key=lambda row: row.guideline_id,
    )
