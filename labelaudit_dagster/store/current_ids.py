"""Which guidelines and participants the community has at present."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
)


@dataclass(frozen=True)
class CurrentIds:
    """Ids of the community.

    Attributes:
        guidelines: Ids of current guidelines.
        participants: Ids of current participants.
    """

    guidelines: frozenset[str]
    participants: frozenset[str]


def current_ids(db: Database) -> CurrentIds:
    """Return the ids in one snapshot, without reading any rating.

    Raises:
        StoreError: The database failed.
    """
    items = (
        select(guidelines.c.guideline_id)
        .join(guideline_versions)
        .where(guideline_versions.c.ended_change.is_(None))
    )
    people = (
        select(participants.c.participant_id)
        .join(participant_versions)
        .where(participant_versions.c.ended_change.is_(None))
    )
    with db.read() as connection:
        return CurrentIds(
            frozenset(connection.scalars(items)), frozenset(connection.scalars(people))
        )
