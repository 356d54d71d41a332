"""A platform's export document to a community."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO, Final

import numpy as np
import pandas as pd

from labelaudit_dagster.importers.community import Community
from labelaudit_dagster.importers.document import read_document
from labelaudit_dagster.importers.export_entities import (
    EntityTable,
    read_guidelines,
    read_topics,
    read_users,
)
from labelaudit_dagster.importers.export_parameters import ParameterFields, read_parameters
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.identity import SourceIdentity, guideline_fingerprint
from labelaudit_dagster.importers.json_columns import (
    column_of,
    objects_of,
    raw_of,
    read_ids,
    read_times,
)
from labelaudit_dagster.importers.quarantine import combine_quarantine
from labelaudit_dagster.importers.rating_table import rating_table
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.times import NO_TIME, latest_credible_time
from labelaudit_dagster.importers.warning_counts import WarningCounts

REQUIRED_LISTS: Final = ("topics", "guidelines", "ratings", "users")
"""Lists that an export must hold, if only empty ones."""

RATING_VALUES: Final = {"helpful": 1, "not_helpful": 0}
"""The two values of a rating in an export."""


def read_export(
    source: BinaryIO | bytes,
    *,
    now: datetime,
    name: str | None = None,
    max_bytes: int | None = None,
) -> Community:
    """Read a platform's export, plain JSON or gzip.

    Args:
        source: The document's bytes, or a file opened for reading in binary mode.
        now: The current time, with its zone; ratings from the future are quarantined.
        name: Identity of the platform, if it is known (its address).
        max_bytes: Largest size of the document after decompression; None for any.

    Raises:
        ImportFailure: The document is empty, cut off, not JSON, or lacks one of the lists
            `topics`, `guidelines`, `ratings`, `users`.
        ValueError: `now` names no time zone.
    """
    document = read_document(source, max_bytes)
    latest = latest_credible_time(now)
    lists = {key: _required_list(document, key) for key in REQUIRED_LISTS}
    warnings = WarningCounts()
    topics = read_topics(lists["topics"], warnings)
    guidelines = read_guidelines(lists["guidelines"], topics.frame["topic_id"], latest, warnings)
    users = read_users(lists["users"], warnings)
    sieve, ratings = _read_ratings(lists["ratings"], users, guidelines, latest, warnings)
    published = read_parameters(
        document.get("mu"),
        _parameter_fields(lists["users"], users),
        _parameter_fields(lists["guidelines"], guidelines),
        warnings,
    )
    pairs = zip(guidelines.frame["guideline_id"], guidelines.frame["text"], strict=True)
    return Community(
        participants=users.frame,
        topics=topics.frame,
        guidelines=guidelines.frame,
        guideline_ratings=ratings,
        quarantine=combine_quarantine(
            [users.quarantine, topics.quarantine, guidelines.quarantine, sieve.quarantine()]
        ),
        counts={
            "participants": users.counts,
            "topics": topics.counts,
            "guidelines": guidelines.counts,
            "guideline_ratings": sieve.counts(),
        },
        identity=SourceIdentity("export", name, guideline_fingerprint(pairs)),
        published=published,
        warnings=warnings.as_dict(),
    )


def _required_list(document: dict[str, Any], key: str) -> list[Any]:
    if key not in document:
        raise ImportFailure(
            f"The export has no list '{key}'; request it with {key}=True, or check that this is "
            "a platform export."
        )
    value = document[key]
    if not isinstance(value, list):
        raise ImportFailure(f"The export's '{key}' is not a list; this is not a platform export.")
    return value


def _parameter_fields(entries: list[Any], table: EntityTable) -> ParameterFields:
    objects, _ = objects_of(entries)
    return ParameterFields(
        table.entry_ids, column_of(objects, "intercept"), column_of(objects, "embeddings")
    )


def _read_ratings(
    entries: list[Any],
    users: EntityTable,
    guidelines: EntityTable,
    latest: int,
    warnings: WarningCounts,
) -> tuple[Sieve, pd.DataFrame]:
    objects, not_objects = objects_of(entries)
    sieve = Sieve("guideline_ratings", len(entries), raw_of(entries))
    sieve.reject(not_objects, "not_an_object")

    raters = read_ids(column_of(objects, "authorId"))
    items = read_ids(column_of(objects, "guidelineId"))
    for ids, table in ((raters, users), (items, guidelines)):
        sieve.reject(ids.invalid, "invalid_id")
        sieve.reject(ids.unstorable, "unstorable_id")
        if len(table.ambiguous_ids):
            sieve.reject(ids.text.isin(table.ambiguous_ids).to_numpy(), "ambiguous_id")

    values = np.fromiter(
        (
            RATING_VALUES.get(value, -1) if type(value) is str else -1
            for value in column_of(objects, "rating")
        ),
        np.int64,
        len(objects),
    )
    sieve.reject(values < 0, "invalid_rating")

    participant_ids = users.frame["participant_id"]
    guideline_ids = guidelines.frame["guideline_id"]
    rater_codes = pd.Index(participant_ids).get_indexer(raters.text).astype(np.int64)
    item_codes = pd.Index(guideline_ids).get_indexer(items.text).astype(np.int64)
    sieve.reject(rater_codes < 0, "unknown_participant")
    sieve.reject(item_codes < 0, "unknown_guideline")

    created, created_unreadable = read_times(column_of(objects, "createdAt"))
    updated, updated_unreadable = read_times(column_of(objects, "updatedAt"))
    warnings.add("invalid_time", created_unreadable + updated_unreadable)
    times = np.where(updated != NO_TIME, updated, created)
    sieve.reject(times > latest, "future_time")

    sieve.resolve(rater_codes * len(guideline_ids) + item_codes, values, times)
    ratings = rating_table(
        sieve.kept, participant_ids, rater_codes, guideline_ids, item_codes, values > 0, times
    )
    return sieve, ratings
