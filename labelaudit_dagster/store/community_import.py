"""Storing what an importer read, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, or_, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.importers import Community, TableCounts
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.community_rows import (
    check_tables,
    guideline_rows,
    keyed,
    participant_rows,
    topic_rows,
)
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import TakenIdError
from labelaudit_dagster.store.import_plan import ImportMode, SourcePlan, plan_import
from labelaudit_dagster.store.keyed_ids import current_contents, ensure_keys
from labelaudit_dagster.store.payloads import store_payload
from labelaudit_dagster.store.published_parameters import parameters_payload
from labelaudit_dagster.store.quarantine import store_quarantine
from labelaudit_dagster.store.rating_import import (
    RatingChanges,
    add_first_ratings,
    rating_columns,
    update_ratings,
)
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
    quarantine,
    ratings,
    sources,
    topics,
)
from labelaudit_dagster.store.schema_base import changes
from labelaudit_dagster.store.sources import Source, read_sources, source_row
from labelaudit_dagster.store.versioned_rows import Key, RowChanges, store_versions


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        source: Name of the source, for people.
        prefix: What its ids begin with here; empty for the first source.
        is_new: Whether the source was not known before.
        replaced: Names of the sources that it replaced.
        counts: Rows in, kept and quarantined for each table, as the importer counted.
        participants: What changed among participants.
        topics: What changed among topics.
        guidelines: What changed among guidelines.
        ratings: What changed among ratings.
        ratings_kept_here: Ratings not taken over, since the person rated later, here, or took
            theirs back.
        change: Number of the change.
    """

    source: str
    prefix: str
    is_new: bool
    replaced: tuple[str, ...]
    counts: Mapping[str, TableCounts]
    participants: RowChanges
    topics: RowChanges
    guidelines: RowChanges
    ratings: RowChanges
    ratings_kept_here: int
    change: int

    @property
    def altered(self) -> bool:
        """Whether the community is another one than before."""
        tables = (self.participants, self.topics, self.guidelines, self.ratings)
        return bool(self.replaced) or any(table.any for table in tables)


def import_community(
    db: Database, community: Community, *, mode: ImportMode = "refuse", now: datetime
) -> ImportReport:
    """Store a community: all of it, or after any failure nothing.

    A known source is updated: unchanged rows are left alone, changed ones superseded, and
    those that are gone from it ended. Ratings given here stay, unless the source brings a
    later one of the same person and guideline.

    Args:
        db: The database.
        community: Canonical tables as the importers make them.
        mode: What to do when the home already holds another source.
        now: The time, with a zone.

    Raises:
        SecondSourceError: The home holds another source and `mode` is `refuse`.
        TakenIdError: Ids of the import are used by another source of the home.
        InvalidTableError: A table is not canonical.
        StoreError: The database failed; nothing was stored.
    """
    check_tables(community)
    with db.write() as connection:
        plan = plan_import(read_sources(connection), community.identity, mode)
        if plan.prefix:
            from labelaudit_dagster.importers import merge_prefix

            community = merge_prefix(community, plan.prefix)
            check_tables(community)
        return _store(connection, community, plan, now)


def _store(
    connection: Connection, community: Community, plan: SourcePlan[Source], now: datetime
) -> ImportReport:
    identity = community.identity
    change = add_change(connection, "community_imported", now=now)
    ratings_ended = sum(_end_source(connection, source, change) for source in plan.ended)
    source_key = _store_source(connection, community, plan, change, now)
    people = participant_rows(community.participants)
    items = guideline_rows(community.guidelines)
    subjects = topic_rows(community.topics)
    _refuse_taken_ids(connection, source_key, people, items, subjects)
    people_keys = ensure_keys(connection, participants, owner=source_key, wanted=people)
    item_keys = ensure_keys(connection, guidelines, owner=source_key, wanted=items)
    participant_changes = store_versions(
        connection,
        participant_versions,
        keys=("participant_key",),
        contents=("demographics",),
        current=current_contents(connection, participant_versions, participants, owner=source_key),
        wanted=keyed(people, people_keys),
        change=change,
    )
    topic_changes = store_versions(
        connection,
        topics,
        keys=("source_key", "topic_id"),
        contents=("title", "parent_id"),
        current=_current_topics(connection, source_key),
        wanted={(source_key, topic): content for topic, content in subjects.items()},
        change=change,
    )
    guideline_changes = store_versions(
        connection,
        guideline_versions,
        keys=("guideline_key",),
        contents=("topic_id", "text", "author_id", "created_at"),
        current=current_contents(connection, guideline_versions, guidelines, owner=source_key),
        wanted=keyed(items, item_keys),
        change=change,
    )
    columns = rating_columns(community.guideline_ratings, people_keys, item_keys)
    store_ratings = update_ratings if plan.known else add_first_ratings
    rating_changes: RatingChanges = store_ratings(
        connection, columns, source_key=source_key, change=change
    )
    report = ImportReport(
        source=identity.name or f"an unnamed {identity.kind} source",
        prefix=plan.prefix,
        is_new=plan.known is None,
        replaced=tuple(source.shown_name for source in plan.ended),
        counts=community.counts,
        participants=participant_changes,
        topics=topic_changes,
        guidelines=guideline_changes,
        ratings=rating_changes.rows,
        ratings_kept_here=rating_changes.kept_here,
        change=change,
    )
    rows = rating_changes.rows
    connection.execute(
        changes.update()
        .where(changes.c.sequence == change)
        .values(
            subject=report.source,
            alters_community=report.altered,
            ratings_added=rows.added + rows.changed,
            ratings_ended=rows.changed + rows.ended + ratings_ended,
        )
    )
    return report


def _store_source(
    connection: Connection,
    community: Community,
    plan: SourcePlan[Source],
    change: int,
    now: datetime,
) -> int:
    """Write the source's row and quarantine, and return its key."""
    row = source_row(
        community.identity,
        prefix=plan.prefix,
        counts=community.counts,
        warnings=community.warnings,
        now=now,
    )
    row["published_hash"] = (
        None
        if community.published is None
        else store_payload(connection, parameters_payload(community.published))
    )
    if plan.known is None:
        key = 1 + (connection.scalar(select(func.max(sources.c.source_key))) or 0)
        connection.execute(sources.insert().values(source_key=key, recorded_change=change, **row))
    else:
        key = plan.known.source_key
        # A snapshot that does not name itself is still the source that did.
        row["name"] = row["name"] or plan.known.identity.name
        connection.execute(
            sources.update()
            .where(sources.c.source_key == key)
            .values(recorded_change=change, **row)
        )
        connection.execute(quarantine.delete().where(quarantine.c.source_key == key))
    store_quarantine(connection, quarantine, "source_key", key, community.quarantine)
    return key


def _end_source(connection: Connection, source: Source, change: int) -> int:
    """End everything of a replaced source; return how many ratings ended."""
    key = source.source_key
    people = select(participants.c.participant_key).where(participants.c.source_key == key)
    items = select(guidelines.c.guideline_key).where(guidelines.c.source_key == key)
    belonging: list[tuple[Table, ColumnElement[bool]]] = [
        (sources, sources.c.source_key == key),
        (topics, topics.c.source_key == key),
        (participant_versions, participant_versions.c.participant_key.in_(people)),
        (guideline_versions, guideline_versions.c.guideline_key.in_(items)),
        (ratings, ratings.c.guideline_key.in_(items)),
    ]
    ended = 0
    for table, belongs in belonging:
        ended = connection.execute(
            table.update()
            .where(belongs, table.c.ended_change.is_(None))
            .values(ended_change=change)
        ).rowcount
    return ended


def _refuse_taken_ids(
    connection: Connection,
    source_key: int,
    people: Mapping[str, Any],
    items: Mapping[str, Any],
    subjects: Mapping[str, Any],
) -> None:
    """Refuse ids that another current source, or somebody registered here, has.

    Raises:
        TakenIdError: There is such an id.
    """
    current = sources.c.ended_change.is_(None)
    for table, column, wanted in (
        (participants, participants.c.participant_id, people),
        (guidelines, guidelines.c.guideline_id, items),
        (topics, topics.c.topic_id, subjects),
    ):
        query = (
            select(column)
            .select_from(table.outerjoin(sources, sources.c.source_key == table.c.source_key))
            .where(or_(table.c.source_key.is_(None), (table.c.source_key != source_key) & current))
        )
        taken = sorted({name for name in connection.scalars(query) if name in wanted})
        if taken:
            raise TakenIdError(
                f"{len(taken)} of the {table.name} of this import have ids that others in this "
                f"home have, such as {taken[0]!r}; import it into another LABELAUDIT_HOME."
            )


def _current_topics(connection: Connection, source_key: int) -> dict[Key, tuple[Any, ...]]:
    query = select(topics.c.source_key, topics.c.topic_id, topics.c.title, topics.c.parent_id)
    query = query.where(topics.c.source_key == source_key, topics.c.ended_change.is_(None))
    return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}
