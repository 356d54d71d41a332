"""The comments of a Polis export to guidelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.csv_columns import (
    numbers_of_texts,
    read_csv,
    times_of_texts,
)
from labelaudit_dagster.importers.json_columns import raw_of, string_series
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.times import NO_TIME, time_series
from labelaudit_dagster.importers.warning_counts import WarningCounts

_MODERATED_OUT = -1


@dataclass(frozen=True, eq=False)
class PolisComments:
    """What `comments.csv` says.

    Attributes:
        guidelines: The canonical table.
        quarantine: Comments that were not kept.
        counts: Counts of rows.
        moderated_ids: Ids of the comments that moderators left out.
        declared: Columns `agrees` and `disagrees` (float64, NaN where not declared) over the
            ids of all comments that have an unambiguous row.
    """

    guidelines: pd.DataFrame
    quarantine: pd.DataFrame
    counts: TableCounts
    moderated_ids: pd.Index
    declared: pd.DataFrame


def read_comments(
    source: BinaryIO | bytes,
    *,
    topic_id: str | None,
    include_moderated: bool,
    latest: int,
    warnings: WarningCounts,
) -> PolisComments:
    """Read `comments.csv`.

    Args:
        source: The file.
        topic_id: Topic of all the comments, if there is one.
        include_moderated: Whether to keep comments that moderators left out.
        latest: Latest credible time, in microseconds since 1970.
        warnings: Counts what is dropped.

    Raises:
        ImportFailure: The file cannot be read.
    """
    file = read_csv(
        source,
        "comments.csv",
        required=("comment-id", "comment-body"),
        plain=("comment-id", "comment-body", "timestamp"),
        newlines_in_values=True,
    )
    entries = file.table.to_pylist()
    raw = raw_of(entries)
    sieve = Sieve("guidelines", len(entries), raw, file.row_numbers)
    ids, texts = file.plain("comment-id"), file.plain("comment-body")
    sieve.reject(pc.equal(ids, "").to_numpy(), "invalid_id")
    sieve.reject(pc.match_substring(ids, "\0").to_numpy(), "unstorable_id")
    blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)
    sieve.reject(blank.to_numpy(), "missing_text")
    sieve.reject(pc.match_substring(texts, "\0").to_numpy(), "unstorable_text")

    created, unreadable = times_of_texts(file.plain("timestamp"))
    future = created > latest
    warnings.add("invalid_time", unreadable + int(future.sum()))
    created = np.where(future, NO_TIME, created)

    authors = file.plain("author-id")
    no_author = pc.or_(pc.equal(authors, ""), pc.match_substring(authors, "\0"))
    numbers = {
        column: numbers_of_texts(file.plain(column).to_pylist())
        for column in ("moderated", "agrees", "disagrees")
    }
    moderated_out = numbers["moderated"] == _MODERATED_OUT
    content = pd.DataFrame(
        {
            "guideline_id": string_series(ids),
            "topic_id": pd.Series([topic_id] * len(entries), dtype="str"),
            "text": string_series(texts),
            "author_id": string_series(pc.if_else(no_author, None, authors)),
            "created_at": time_series(created),
        }
    )
    said = content.assign(moderated_out=moderated_out)
    id_codes = pd.factorize(content["guideline_id"])[0].astype(np.int64)
    said_codes = said.groupby(list(said.columns), dropna=False, sort=False).ngroup()
    sieve.resolve(id_codes, said_codes.to_numpy().astype(np.int64), created)

    unambiguous = sieve.kept
    declared = pd.DataFrame(
        {column: numbers[column][unambiguous] for column in ("agrees", "disagrees")},
        index=pd.Index(content["guideline_id"].iloc[unambiguous]),
    )
    left_out = moderated_out & sieve.open
    if not include_moderated:
        sieve.reject(moderated_out, "moderated")
    malformed = file.malformed_quarantine("guidelines")
    return PolisComments(
        guidelines=content.iloc[sieve.kept].sort_values("guideline_id", ignore_index=True),
        quarantine=sieve.quarantine([malformed]),
        counts=sieve.counts(n_extra=len(malformed)),
        moderated_ids=_ids_at(content, left_out) if not include_moderated else pd.Index([]),
        declared=declared,
    )


def _ids_at(content: pd.DataFrame, mask: npt.NDArray[np.bool_]) -> pd.Index:
    ids: pd.Index = pd.Index(content.loc[mask, "guideline_id"])
    return ids
