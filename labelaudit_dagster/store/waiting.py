"""What has been written and not yet used: ratings, labels, publications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from labelaudit_dagster.store.audit_schema import labels, trainings
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.publications import Publication, list_publications
from labelaudit_dagster.store.schema_base import changes
from labelaudit_dagster.store.trainings import untrained_models


@dataclass(frozen=True)
class WaitingLabels:
    """Labels that no version of their model has seen.

    Attributes:
        labels: How many.
        models: Of how many models.
        users: Of how many people.
        since: When the oldest of them was given, in UTC; None without any.
    """

    labels: int
    models: int
    users: int
    since: datetime | None


def waiting_labels(db: Database) -> WaitingLabels:
    """Return the labels that wait for a training.

    Somebody who labelled and took it back waits for nothing: the labels are those of the last
    version again.

    Raises:
        StoreError: The database failed.
    """
    newest = (
        select(trainings.c.model_key, func.max(trainings.c.label_sequence).label("seen"))
        .group_by(trainings.c.model_key)
        .subquery()
    )
    unseen = (
        select(
            labels.c.model_key,
            func.count().label("labels"),
            func.min(labels.c.sequence).label("first"),
        )
        .select_from(labels.outerjoin(newest, newest.c.model_key == labels.c.model_key))
        .where(or_(newest.c.seen.is_(None), labels.c.sequence > newest.c.seen))
        .group_by(labels.c.model_key)
    )
    with db.read() as connection:
        found = {row.model_key: row for row in connection.execute(unseen)}
        due = untrained_models(connection, list(found))
        rows = [found[key] for key in due]
        since = None
        if rows:
            first = min(row.first for row in rows)
            since = connection.scalar(
                select(labels.c.labelled_at).where(labels.c.sequence == first)
            )
    return WaitingLabels(
        labels=sum(row.labels for row in rows),
        models=len(rows),
        users=len(set(due.values())),
        since=since,
    )


def ratings_wait_since(db: Database, sequence: int) -> datetime | None:
    """Return when the first rating after a change was added or ended; None without any.

    Args:
        db: The database.
        sequence: As for `ratings_since`.

    Raises:
        StoreError: The database failed.
    """
    query = select(func.min(changes.c.sequence)).where(
        and_(changes.c.sequence > sequence, changes.c.ratings_added + changes.c.ratings_ended > 0)
    )
    with db.read() as connection:
        first = connection.scalar(query)
        if first is None:
            return None
        return connection.scalar(select(changes.c.at).where(changes.c.sequence == first))


def unfinished_publications(db: Database) -> list[Publication]:
    """Return what each target still waits for, by number: held, or begun and never confirmed.

    What was begun and overtaken by a later publication is history, not unfinished.

    Raises:
        StoreError: The database failed.
    """
    attempted: dict[str, Publication] = {}
    waiting: dict[str, Publication] = {}
    for publication in list_publications(db, limit=1_000):  # newest first
        if publication.state == "held":
            waiting.setdefault(publication.target, publication)
        elif publication.state in ("begun", "sent"):
            attempted.setdefault(publication.target, publication)
    begun = [one for one in attempted.values() if one.state == "begun"]
    return sorted([*waiting.values(), *begun], key=lambda one: one.sequence)
