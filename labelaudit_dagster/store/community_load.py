"""The current community as canonical frames."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, cast, func, literal_column, select, type_coerce
from sqlalchemy.engine import Connection
from sqlalchemy.types import BigInteger

from labelaudit_dagster.importers import (
    DATA_TABLES,
    QUARANTINE,
    TABLES,
    Community,
    PublishedParameters,
    SourceIdentity,
    TableCounts,
    empty_table,
    guideline_fingerprint,
)
from labelaudit_dagster.store.bulk import NULL_SQL, read_numbers
from labelaudit_dagster.store.changes import Fingerprint, read_fingerprint
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.demographics import attributes_by_participant
from labelaudit_dagster.store.payloads import read_payload
from labelaudit_dagster.store.published_parameters import parameters_of
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
    quarantine,
    ratings,
    received_constitutions,
    sources,
    topics,
)
from labelaudit_dagster.store.sources import Source, read_sources

if TYPE_CHECKING:
    import pandas as pd

EMBEDDED_KIND = "embedded"
"""Kind of the identity of a community that comes from this database."""


@dataclass(frozen=True, eq=False)
class StoredCommunity:
    """The community as one snapshot of the database holds it.

    Attributes:
        community: Canonical tables, each ordered by its key; demographic columns in
            alphabetical order; the quarantine of the current sources' last imports. Kept rows
            are the current ones, so that ratings given here count too.
        sources: The current sources.
        fingerprint: Of the same snapshot.
    """

    community: Community
    sources: tuple[Source, ...]
    fingerprint: Fingerprint


def load_community(db: Database) -> StoredCommunity:
    """Return the current community; empty tables where nothing was imported.

    The published parameters are those of the constitution received last, or of the source
    imported last where that is newer; parameters from before a source was replaced are left
    out, since ids of different sources are never matched.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        current_sources = read_sources(connection)
        people_keys, people = _participants(connection)
        subjects = _topics(connection)
        item_keys, items = _guidelines(connection, frozenset(subjects["topic_id"]))
        frames = {
            "participants": people,
            "topics": subjects,
            "guidelines": items,
            "guideline_ratings": _ratings(connection, people_keys, people, item_keys, items),
            "quarantine": _quarantine(connection),
        }
        published = _published(
            connection,
            current_sources,
            people["participant_id"].tolist(),
            items["guideline_id"].tolist(),
        )
        mark = read_fingerprint(connection)
    community = Community(
        participants=frames["participants"],
        topics=frames["topics"],
        guidelines=frames["guidelines"],
        guideline_ratings=frames["guideline_ratings"],
        quarantine=frames["quarantine"],
        counts=_counts(frames, current_sources),
        identity=_identity(current_sources, mark, items),
        published=published,
        warnings=sum((Counter(source.warnings) for source in current_sources), Counter()),
    )
    return StoredCommunity(community, tuple(current_sources), mark)


def _identity(current: list[Source], mark: Fingerprint, items: pd.DataFrame) -> SourceIdentity:
    name = current[0].identity.name if len(current) == 1 else f"labelaudit:{mark.database_id}"
    pairs = zip(items["guideline_id"].tolist(), items["text"].tolist(), strict=True)
    return SourceIdentity(EMBEDDED_KIND, name, guideline_fingerprint(pairs))


def _counts(frames: dict[str, pd.DataFrame], current: list[Source]) -> dict[str, TableCounts]:
    quarantined = frames["quarantine"]["table"].value_counts()
    counts = {}
    for spec in DATA_TABLES:
        kept, out = len(frames[spec.name]), int(quarantined.get(spec.name, 0))
        passed = sum(
            source.counts[spec.name].rows_passed for source in current if spec.name in source.counts
        )
        counts[spec.name] = TableCounts(kept + out, kept, out, passed)
    return counts


def _participants(connection: Connection) -> tuple[list[int], pd.DataFrame]:
    import pandas as pd

    from labelaudit_dagster.importers import with_attributes

    query = (
        select(
            participants.c.participant_key,
            participants.c.participant_id,
            participant_versions.c.demographics,
        )
        .select_from(participant_versions.join(participants))
        .where(participant_versions.c.ended_change.is_(None))
    )
    rows = sorted(connection.execute(query).all(), key=lambda row: row[1])
    names = sorted({name for row in rows for name in row[2]})
    columns = {"participant_id": pd.Series([row[1] for row in rows], dtype="str")}
    for name in names:
        columns[name] = pd.Series([row[2].get(name) for row in rows], dtype="str")
    people = with_attributes(pd.DataFrame(columns), attributes_by_participant(connection))
    return [row[0] for row in rows], people


def _guidelines(
    connection: Connection, known_topics: frozenset[str]
) -> tuple[list[int], pd.DataFrame]:
    versions = guideline_versions.c
    query = (
        select(
            guidelines.c.guideline_key,
            guidelines.c.guideline_id,
            versions.topic_id,
            versions.text,
            versions.author_id,
            versions.created_at,
        )
        .select_from(guideline_versions.join(guidelines))
        .where(versions.ended_change.is_(None))
    )
    # What was proposed for a topic outlives the topic, which its source may drop.
    rows = [
        (key, name, topic if topic in known_topics else None, *rest)
        for key, name, topic, *rest in connection.execute(query)
    ]
    rows.sort(key=lambda row: row[1])
    return [row[0] for row in rows], _frame("guidelines", [row[1:] for row in rows])


def _topics(connection: Connection) -> pd.DataFrame:
    query = select(topics.c.topic_id, topics.c.title, topics.c.parent_id)
    rows = connection.execute(query.where(topics.c.ended_change.is_(None))).all()
    return _frame("topics", sorted(rows, key=lambda row: row[0]))


def _quarantine(connection: Connection) -> pd.DataFrame:
    query = (
        select(
            quarantine.c.table_name,
            quarantine.c.row_number,
            quarantine.c.reason,
            quarantine.c.raw,
        )
        .join(sources)
        .where(sources.c.ended_change.is_(None))
        .order_by(quarantine.c.source_key, quarantine.c.position)
    )
    return _frame(QUARANTINE.name, list(connection.execute(query).all()))


def _frame(table: str, rows: list[Any]) -> pd.DataFrame:
    import pandas as pd

    if not rows:
        return empty_table(table)
    columns = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            spec.name: pd.Series(list(values), dtype=spec.dtype)
            for spec, values in zip(TABLES[table].columns, columns, strict=True)
        }
    )


def _ratings(
    connection: Connection,
    people_keys: list[int],
    people: pd.DataFrame,
    item_keys: list[int],
    items: pd.DataFrame,
) -> pd.DataFrame:
    """Return current ratings of current guidelines by current participants."""
    import numpy as np
    import pandas as pd

    absent = literal_column(NULL_SQL, BigInteger)
    numbers = read_numbers(
        connection,
        select(
            ratings.c.participant_key,
            ratings.c.guideline_key,
            cast(ratings.c.helpful, Integer),
            func.coalesce(type_coerce(ratings.c.rated_at, BigInteger), absent),
        ).where(ratings.c.ended_change.is_(None)),
        ("participant", "guideline", "helpful", "rated_at"),
    )
    rater = _ranks(people_keys, numbers["participant"])
    item = _ranks(item_keys, numbers["guideline"])
    order: Any = np.flatnonzero((rater >= 0) & (item >= 0))
    pairs = rater[order] * len(items) + item[order]
    if np.any(pairs[1:] < pairs[:-1]):
        order = order[np.argsort(pairs, kind="stable")]
    moments = numbers["rated_at"][order].view("datetime64[us]")
    return pd.DataFrame(
        {
            "participant_id": people["participant_id"].take(rater[order]).array,
            "guideline_id": items["guideline_id"].take(item[order]).array,
            "helpful": numbers["helpful"][order].astype(np.bool_),
            "rated_at": pd.Series(moments).dt.tz_localize("UTC"),
        }
    )


def _ranks(keys: list[int], wanted: Any) -> Any:
    """Return the position of each wanted key among `keys`, -1 where it is not among them."""
    import numpy as np

    largest = max(max(keys, default=0), int(wanted.max()) if len(wanted) else 0)
    ranks = np.full(largest + 1, -1, dtype=np.int64)
    ranks[np.array(keys, dtype=np.int64)] = np.arange(len(keys))
    return ranks[wanted]


def _published(
    connection: Connection,
    current: list[Source],
    participant_ids: list[str],
    guideline_ids: list[str],
) -> PublishedParameters | None:
    replaced_at = connection.scalar(select(func.max(sources.c.ended_change))) or 0
    candidates: list[tuple[int, str]] = []
    received = connection.execute(
        select(received_constitutions.c.recorded_change, received_constitutions.c.payload_hash)
        .order_by(received_constitutions.c.sequence.desc())
        .limit(1)
    ).first()
    if received is not None and received.recorded_change > replaced_at:
        candidates.append((received.recorded_change, received.payload_hash))
    if len(current) == 1 and current[0].published_hash is not None:
        candidates.append((current[0].recorded_change, current[0].published_hash))
    if not candidates:
        return None
    _, digest = max(candidates)
    payload = read_payload(connection, digest)
    return parameters_of(payload, participant_ids=participant_ids, guideline_ids=guideline_ids)
