"""Topics, guidelines and users of a platform export to canonical tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.json_columns import (
    IdColumn,
    column_of,
    objects_of,
    raw_of,
    read_ids,
    read_references,
    read_texts,
    read_times,
)
from labelaudit_dagster.importers.participant_attributes import (
    AttributeRecords,
    attribute_frame,
)
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.times import NO_TIME, time_series
from labelaudit_dagster.importers.warning_counts import WarningCounts

ATTRIBUTES_KEY = "demographics"
"""Field of a user that holds attributes; an extension of our own platform's exports."""


@dataclass(frozen=True, eq=False)
class EntityTable:
    """One table of things with ids, as read from a list of the export.

    Attributes:
        frame: The canonical table, ordered by id.
        quarantine: Rows that were not kept.
        counts: Counts of rows.
        ambiguous_ids: Ids that occur as number and as text, hence were not kept.
        entry_ids: str series over all entries: the id of the kept row that the entry is an
            equal or a repeat of, null for all other entries. For further fields of entries.
    """

    frame: pd.DataFrame
    quarantine: pd.DataFrame
    counts: TableCounts
    ambiguous_ids: pd.Index
    entry_ids: pd.Series[str]


def read_topics(entries: list[Any], warnings: WarningCounts) -> EntityTable:
    """Read the list `topics`."""
    objects, not_objects = objects_of(entries)
    ids = read_ids(column_of(objects, "id"))
    sieve = _sieve_of_ids("topics", entries, not_objects, ids)
    title, blank, unstorable = read_texts(column_of(objects, "title"))
    sieve.reject(blank, "missing_text")
    sieve.reject(unstorable, "unstorable_text")
    parent, bad_parents = read_references(column_of(objects, "parentId"))
    warnings.add("invalid_reference", bad_parents)
    content = pd.DataFrame({"topic_id": ids.text, "title": title, "parent_id": parent})
    table = _entity_table(sieve, ids, content, np.full(len(entries), NO_TIME, dtype=np.int64))
    drop_unknown_topics(table.frame, "parent_id", table.frame["topic_id"], warnings)
    return table


def read_guidelines(
    entries: list[Any], topic_ids: pd.Series[str], latest: int, warnings: WarningCounts
) -> EntityTable:
    """Read the list `guidelines`.

    Args:
        entries: The list.
        topic_ids: Ids of the topics that are known.
        latest: Latest credible time, in microseconds since 1970.
        warnings: Counts what is dropped.
    """
    objects, not_objects = objects_of(entries)
    ids = read_ids(column_of(objects, "id"))
    sieve = _sieve_of_ids("guidelines", entries, not_objects, ids)
    text, blank, unstorable = read_texts(column_of(objects, "value"))
    sieve.reject(blank, "missing_text")
    sieve.reject(unstorable, "unstorable_text")
    topic, bad_topics = read_references(column_of(objects, "topicId"))
    author, bad_authors = read_references(column_of(objects, "authorId"))
    warnings.add("invalid_reference", bad_topics + bad_authors)
    created = read_credible_times(objects, "createdAt", latest, warnings)
    updated = read_credible_times(objects, "updatedAt", latest, warnings)
    content = pd.DataFrame(
        {
            "guideline_id": ids.text,
            "topic_id": topic,
            "text": text,
            "author_id": author,
            "created_at": time_series(created),
        }
    )
    table = _entity_table(sieve, ids, content, np.where(updated != NO_TIME, updated, created))
    drop_unknown_topics(table.frame, "topic_id", topic_ids, warnings)
    return table


def read_users(entries: list[Any], warnings: WarningCounts) -> EntityTable:
    """Read the list `users` as participants.

    All entries with one id describe one participant; attributes in which they differ are
    dropped.
    """
    objects, not_objects = objects_of(entries)
    ids = read_ids(column_of(objects, "id"))
    sieve = _sieve_of_ids("participants", entries, not_objects, ids)
    content = pd.DataFrame({"participant_id": ids.text})
    table = _entity_table(sieve, ids, content, np.full(len(entries), NO_TIME, dtype=np.int64))
    records: AttributeRecords = {}
    for participant_id, attributes in zip(
        table.entry_ids, column_of(objects, ATTRIBUTES_KEY), strict=True
    ):
        if attributes is not None and isinstance(participant_id, str):
            records.setdefault(participant_id, []).append(attributes)
    attributes_found = attribute_frame(table.frame["participant_id"], records, warnings)
    return EntityTable(
        pd.concat([table.frame, attributes_found], axis="columns"),
        table.quarantine,
        table.counts,
        table.ambiguous_ids,
        table.entry_ids,
    )


def read_credible_times(
    objects: list[dict[str, Any]], key: str, latest: int, warnings: WarningCounts
) -> npt.NDArray[np.int64]:
    """Read a field of times and drop those after the latest credible one, with a warning."""
    times, unreadable = read_times(column_of(objects, key))
    future = times > latest
    warnings.add("invalid_time", unreadable + int(future.sum()))
    return np.where(future, NO_TIME, times)


def drop_unknown_topics(
    frame: pd.DataFrame, column: str, topic_ids: pd.Series[str], warnings: WarningCounts
) -> None:
    """Set references to topics that are not known to null, in place, with a warning."""
    unknown = frame[column].notna() & ~frame[column].isin(topic_ids)
    warnings.add("unknown_topic", int(unknown.sum()))
    frame[column] = frame[column].mask(unknown)


def _sieve_of_ids(
    table: str, entries: list[Any], not_objects: npt.NDArray[np.bool_], ids: IdColumn
) -> Sieve:
    raw: Callable[[npt.NDArray[np.int64]], Sequence[str]] = raw_of(entries)
    sieve = Sieve(table, len(entries), raw)
    sieve.reject(not_objects, "not_an_object")
    sieve.reject(ids.invalid, "invalid_id")
    sieve.reject(ids.unstorable, "unstorable_id")
    sieve.reject(ids.ambiguous(), "ambiguous_id")
    return sieve


def _entity_table(
    sieve: Sieve, ids: IdColumn, content: pd.DataFrame, modified: npt.NDArray[np.int64]
) -> EntityTable:
    """Resolve repeats among entries with the same id, by the whole content of the row."""
    id_column = content.columns[0]
    id_codes = pd.factorize(content[id_column])[0].astype(np.int64)
    said = content.groupby(list(content.columns), dropna=False, sort=False).ngroup()
    said_codes: npt.NDArray[np.int64] = said.to_numpy().astype(np.int64)
    before = sieve.open
    sieve.resolve(id_codes, said_codes, modified)
    kept = sieve.kept
    repeats_kept = before & np.isin(said_codes, said_codes[kept])
    return EntityTable(
        frame=content.iloc[kept].sort_values(id_column, kind="stable", ignore_index=True),
        quarantine=sieve.quarantine(),
        counts=sieve.counts(),
        ambiguous_ids=pd.Index(content.loc[ids.ambiguous(), id_column].unique()),
        entry_ids=content[id_column].where(repeats_kept),
    )
