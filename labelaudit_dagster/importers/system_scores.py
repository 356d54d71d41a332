"""The audited system's own scores: from a column of a ratings table or from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.corpus_tables import SYSTEM_RATINGS
from labelaudit_dagster.importers.csv_columns import numbers_of_texts
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.table_reading import TableFile, TableFormat
from labelaudit_dagster.importers.text_columns import blank
from labelaudit_dagster.importers.times import NO_TIME

DEFAULT_SCORE_COLUMN: Final = SYSTEM_RATINGS.columns[1].name

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SystemScores:
    """The system's scores, with what was left out and why.

    Attributes:
        system_ratings: As `corpus_tables.SYSTEM_RATINGS`.
        quarantine: As `tables.QUARANTINE`.
        counts: What became of the rows.
    """

    system_ratings: pd.DataFrame
    quarantine: pd.DataFrame
    counts: TableCounts


@dataclass(frozen=True, eq=False)
class ScoreEntries:
    """What a source says about scores: one entry for each row of a file, or for each comment.

    Attributes:
        items: Distinct source ids of comments.
        item_codes: int64 (n,), positions in `items`.
        scores: Distinct scores, as written.
        score_codes: int64 (n,), positions in `scores`.
        row_numbers: int64 (n,), positions in the source.
        columns: Names of the two columns.
        malformed: Quarantine rows of malformed lines; None where there cannot be any.
    """

    items: list[str]
    item_codes: Codes
    scores: list[str]
    score_codes: Codes
    row_numbers: Codes
    columns: tuple[str, str]
    malformed: pd.DataFrame | None = None

    def raw(self, positions: Codes) -> list[str]:
        """Return entries as JSON text."""
        item_column, score_column = self.columns
        return [
            orjson.dumps(
                {
                    item_column: self.items[self.item_codes[position]],
                    score_column: self.scores[self.score_codes[position]],
                },
                option=orjson.OPT_SORT_KEYS,
            ).decode()
            for position in positions.tolist()
        ]


def read_system_scores(
    source: BinaryIO | bytes,
    *,
    scale: RatingScale,
    comments: pd.DataFrame,
    name: str,
    item: str = "item_id",
    score: str | None = None,
    file_format: TableFormat | None = None,
    score_range: tuple[float, float] | None = None,
) -> SystemScores:
    """Read a file of scores, one row for each comment.

    Args:
        source: The file's bytes, or a file opened for reading in binary mode; CSV or Parquet.
        scale: The corpus' scale.
        comments: The corpus' table `comments`.
        name: The file's name, for messages.
        item: Its column with the comment's id, the source's or ours.
        score: Its column with the score; by default `system_rating`, or the only other column.
        file_format: `csv` or `parquet`; None to tell by the first bytes.
        score_range: Lowest and highest score that the system can give, mapped linearly to the
            ends of the scale; None where the scores are on the scale already.

    Raises:
        ImportFailure: The file cannot be read or lacks a column.
    """
    expected = (item, score or DEFAULT_SCORE_COLUMN)
    file = TableFile(source, name, file_format=file_format, expected=expected)
    file.require(item, "the comment's id", "--system-columns ITEM,SCORE")
    column = score or _score_column(file, item)
    file.require(column, "the system's scores", "--system-columns ITEM,SCORE")
    if column == item:
        raise ImportFailure(f"{name}: the id and the score cannot both be in '{item}'.")
    table = file.read((item, column))
    items, item_codes = table.encoded(item)
    scores, score_codes = table.encoded(column)
    entries = ScoreEntries(
        items=items,
        item_codes=item_codes,
        scores=scores,
        score_codes=score_codes,
        row_numbers=table.row_numbers,
        columns=(item, column),
        malformed=table.malformed_quarantine(SYSTEM_RATINGS.name),
    )
    return sift_scores(entries, scale=scale, comments=comments, score_range=score_range)


def sift_scores(
    entries: ScoreEntries,
    *,
    scale: RatingScale,
    comments: pd.DataFrame,
    score_range: tuple[float, float] | None = None,
) -> SystemScores:
    """Keep one score for each comment, and quarantine what cannot be used.

    Entries of one comment with the same score are one, the others `superseded`; entries that
    differ are all `conflicting`.

    Args:
        entries: What the source says.
        scale: The corpus' scale.
        comments: The corpus' table `comments`.
        score_range: As in `read_system_scores`.
    """
    sieve = Sieve(SYSTEM_RATINGS.name, len(entries.item_codes), entries.raw, entries.row_numbers)
    known = _positions_of(entries.items, comments)[entries.item_codes]
    values = numbers_of_texts(entries.scores)
    low, high = scale.values[0], scale.values[-1]
    if score_range is not None:
        first, last = score_range
        values = (values - first) / (last - first) * (high - low) + low
        inside = (values >= low - 1e-9) & (values <= high + 1e-9)
        values = np.where(inside, np.clip(values, low, high), values)
    values = values[entries.score_codes] + 0.0  # no negative zero
    sieve.reject(blank(entries.items)[entries.item_codes], "invalid_id")
    sieve.reject(known < 0, "unknown_comment")
    sieve.reject(~np.isfinite(values), "not_a_number")
    sieve.reject((values < low) | (values > high), "out_of_scale")
    sieve.resolve(known, values.view(np.int64), np.full(len(values), NO_TIME))
    kept = sieve.kept[np.argsort(known[sieve.kept])]
    malformed = [] if entries.malformed is None else [entries.malformed]
    return SystemScores(
        system_ratings=pd.DataFrame(
            {
                "item_id": comments["item_id"].to_numpy()[known[kept]],
                "system_rating": values[kept],
            }
        ),
        quarantine=sieve.quarantine(malformed),
        counts=sieve.counts(sum(len(part) for part in malformed)),
    )


def _positions_of(ids: list[str], comments: pd.DataFrame) -> Codes:
    """Return the positions of the comments of these ids, the source's or ours; -1 for none."""
    theirs = pd.Index(comments["source_item_id"])
    positions: Codes = theirs.get_indexer(pd.Index(ids, dtype="str")).astype(np.int64)
    absent = np.flatnonzero(positions < 0)
    if len(absent):
        ours = pd.Index(comments["item_id"].astype("str"))
        positions[absent] = ours.get_indexer(pd.Index([ids[p] for p in absent], dtype="str"))
    return positions


def _score_column(file: TableFile, item: str) -> str:
    others = [column for column in file.header if column != item]
    if DEFAULT_SCORE_COLUMN in others or len(others) != 1:
        return DEFAULT_SCORE_COLUMN
    return others[0]
