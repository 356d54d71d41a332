"""A long table of ratings, one row for each, to a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers.category_shares import category_share
from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.corpus import Corpus
from labelaudit_dagster.importers.corpus_tables import (
    CATEGORY_SHARES,
    COMMENT_RATINGS,
    COMMENTS,
    RATERS,
    SYSTEM_RATINGS,
)
from labelaudit_dagster.importers.csv_columns import numbers_of_texts
from labelaudit_dagster.importers.identity import SourceIdentity, guideline_fingerprint
from labelaudit_dagster.importers.item_ids import assign_item_ids
from labelaudit_dagster.importers.item_texts import NO_TEXT, ItemTexts, choose_item_texts
from labelaudit_dagster.importers.json_columns import strings_at
from labelaudit_dagster.importers.quarantine import combine_quarantine
from labelaudit_dagster.importers.rater_attributes import attribute_column
from labelaudit_dagster.importers.rating_columns import RatingColumns
from labelaudit_dagster.importers.rating_times import times_of_written
from labelaudit_dagster.importers.scale_reading import scale_of_ratings
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.system_scores import ScoreEntries, SystemScores, sift_scores
from labelaudit_dagster.importers.table_reading import TableFile, TableFormat
from labelaudit_dagster.importers.text_columns import TextColumns, blank, with_nul
from labelaudit_dagster.importers.times import NO_TIME, latest_credible_time
from labelaudit_dagster.importers.warning_counts import WarningCounts

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def read_ratings(
    source: BinaryIO | bytes | TableFile,
    *,
    columns: RatingColumns,
    now: datetime,
    name: str,
    scale: RatingScale | None = None,
    file_format: TableFormat | None = None,
    threshold: float | None = None,
    labels: Sequence[str] | None = None,
    score_range: tuple[float, float] | None = None,
) -> Corpus:
    """Read a ratings table in the long form: one row says who rated which comment how.

    `docs/data.md` states the rules by which rows are kept, changed or quarantined.

    Args:
        source: The file's bytes, a file opened for reading in binary mode, or one whose header
            was read already; CSV or Parquet.
        columns: Which column holds what.
        now: The current time; ratings of later times are quarantined.
        name: The file's name, for messages.
        scale: The scale of the ratings; None for one whose values are the distinct ratings.
        file_format: `csv` or `parquet`; None to tell by the first bytes.
        threshold: Of an inferred scale: the highest value that is not positive.
        labels: Of an inferred scale: what people read for each level.
        score_range: Lowest and highest score that the system can give, mapped linearly to the
            ends of the scale; None where the scores are on the scale already.

    Returns:
        The corpus: the same for any order of rows, but for the row numbers in its quarantine.

    Raises:
        ImportFailure: The file cannot be read, lacks a column, holds no rating, or its ratings
            show no scale.
        RatingScaleError: The inferred scale does not go with the threshold or the labels.
    """
    file = (
        source
        if isinstance(source, TableFile)
        else TableFile(source, name, file_format=file_format, expected=columns.all)
    )
    for column, role, option in columns.roles:
        file.require(column, role, option)
    table = file.read(columns.all)
    rows = _Rows(table, columns)
    if scale is None:
        scale = scale_of_ratings(rows.distinct_ratings, name, threshold=threshold, labels=labels)
    return _sifted(rows, scale, latest_credible_time(now), score_range)


def with_system_scores(corpus: Corpus, scores: SystemScores) -> Corpus:
    """Return the corpus with these scores of the audited system in the place of its own."""
    bare = corpus.without_system_ratings()
    warnings = {k: v for k, v in corpus.warnings.items() if k != "no_system_rating"}
    if missing := len(corpus.comments) - len(scores.system_ratings):
        warnings["no_system_rating"] = missing
    return replace(
        bare,
        system_ratings=scores.system_ratings,
        quarantine=combine_quarantine([bare.quarantine, scores.quarantine]),
        counts={**bare.counts, SYSTEM_RATINGS.name: scores.counts},
        warnings=dict(sorted(warnings.items())),
    )


class _Rows:
    """The rows of the table as codes, with what can be said of each value by itself.

    Attributes:
        raters, items, texts: Distinct values of the columns.
        rater, item, text: int64 (n,), positions in them.
        distinct_ratings: float64, NaN where a rating is no number.
        rating: int64 (n,), positions in them.
        ratings: float64 (n,), the ratings themselves.
    """

    def __init__(self, table: TextColumns, columns: RatingColumns) -> None:
        self.table = table
        self.columns = columns
        self.encoded = {column: table.encoded(column) for column in columns.all}
        self.raters, self.rater = self.encoded[columns.rater]
        self.items, self.item = self.encoded[columns.item]
        self.texts, self.text = self.encoded[columns.text]
        written, rating = self.encoded[columns.rating]
        self.distinct_ratings = numbers_of_texts(written)
        self.rating = rating
        self.ratings = self.distinct_ratings[rating]
        self.blank_rating = blank(written)[rating]
        self.blank_rater = blank(self.raters)[self.rater]
        self.blank_item = blank(self.items)[self.item]
        self.blank_text = blank(self.texts)[self.text]
        self.unstorable_rater = with_nul(self.raters)[self.rater]
        self.unstorable_item = with_nul(self.items)[self.item]
        self.unstorable_text = with_nul(self.texts)[self.text]

    def __len__(self) -> int:
        return len(self.rater)

    def raw(self, positions: Codes) -> list[str]:
        """Return rows as JSON text: the columns in use, as written."""
        picked = {
            column: [values[code] for code in codes[positions].tolist()]
            for column, (values, codes) in self.encoded.items()
        }
        return [
            orjson.dumps(
                {column: values[row] for column, values in picked.items()},
                option=orjson.OPT_SORT_KEYS,
            ).decode()
            for row in range(len(positions))
        ]

    def times(self, warnings: WarningCounts) -> Codes:
        if self.columns.time is None:
            return np.full(len(self), NO_TIME)
        written, codes = self.encoded[self.columns.time]
        times = times_of_written(written)[codes]
        warnings.add("invalid_time", int(((times == NO_TIME) & ~blank(written)[codes]).sum()))
        return times


@dataclass(frozen=True, eq=False)
class _Comments:
    """The comments that are kept.

    Attributes:
        table: As `corpus_tables.COMMENTS`, without the category shares.
        position: int64, of each distinct item of the rows its row in the table; -1 for none.
    """

    table: pd.DataFrame
    position: Codes


def _sifted(
    rows: _Rows, scale: RatingScale, latest: int, score_range: tuple[float, float] | None
) -> Corpus:
    warnings = WarningCounts()
    sieve = Sieve(COMMENT_RATINGS.name, len(rows), rows.raw, rows.table.row_numbers)
    known_item = ~rows.blank_item & ~rows.unstorable_item
    chosen = choose_item_texts(
        rows.item,
        len(rows.items),
        rows.text,
        rows.texts,
        known_item & ~rows.blank_text & ~rows.unstorable_text,
    )
    comment_sieve, comments = _comments(rows, known_item, chosen)
    has_text = (chosen.text_of_item != NO_TEXT)[rows.item]

    sieve.reject(rows.blank_item, "invalid_id")
    sieve.reject(rows.unstorable_item, "unstorable_id")
    sieve.reject(rows.unstorable_text, "unstorable_text")
    sieve.reject(~has_text, "missing_text")
    sieve.reject(chosen.differing, "differing_text")
    about_comment = sieve.open
    unrated = about_comment & rows.blank_rater & rows.blank_rating
    sieve.set_passed(unrated)
    warnings.add("text_variant", int((chosen.variant & about_comment).sum()))
    warnings.add("text_of_other_rows", int((rows.blank_text & about_comment).sum()))

    sieve.reject(rows.blank_rater & ~unrated, "invalid_id")
    sieve.reject(rows.unstorable_rater, "unstorable_id")
    sieve.reject(~np.isfinite(rows.ratings) & ~unrated, "not_a_number")
    levels = scale.levels_of(rows.distinct_ratings)[rows.rating]
    sieve.reject((levels < 0) & ~unrated, "out_of_scale")
    times = rows.times(warnings)
    sieve.reject(times > latest, "future_time")
    rated = sieve.open
    # Rows without a rater and a rating are one of a kind: they repeat nothing.
    key = np.where(
        unrated,
        -1 - np.arange(len(rows)),
        rows.rater * max(len(rows.items), 1) + rows.item,
    )
    sieve.resolve(key, levels.astype(np.int64), times)
    repeated = rated & ~sieve.open

    raters, rater_position = _raters(rows, warnings)
    ratings = _rating_table(sieve.kept, rows, levels, scale, comments, raters, rater_position)
    told = np.where(about_comment & ~repeated, comments.position[rows.item], -1)
    table = comments.table
    for spec in CATEGORY_SHARES:
        if column := rows.columns.categories.get(spec.name):
            table = table.assign(
                **{spec.name: category_share(rows.table, column, told, len(table), warnings)}
            )
    warnings.add("duplicate_text", int(table["text"].duplicated().sum()))

    counts = {
        COMMENTS.name: comment_sieve.counts(),
        RATERS.name: TableCounts(len(raters), len(raters), 0),
        COMMENT_RATINGS.name: sieve.counts(len(rows.table.malformed)),
    }
    quarantine = [
        comment_sieve.quarantine(),
        sieve.quarantine([rows.table.malformed_quarantine(COMMENT_RATINGS.name)]),
    ]
    corpus = Corpus(
        comments=table,
        raters=raters,
        comment_ratings=ratings,
        system_ratings=None,
        scale=scale,
        quarantine=combine_quarantine(quarantine),
        counts=counts,
        identity=SourceIdentity(
            kind="ratings",
            name=None,
            fingerprint=guideline_fingerprint(
                zip(table["source_item_id"].tolist(), table["text"].tolist(), strict=True)
            ),
        ),
        warnings=warnings.as_dict(),
    )
    if rows.columns.system_score is None:
        return corpus
    entries = _score_entries(rows, rows.columns.system_score, about_comment)
    return with_system_scores(
        corpus, sift_scores(entries, scale=scale, comments=table, score_range=score_range)
    )


def _comments(rows: _Rows, known: Mask, chosen: ItemTexts) -> tuple[Sieve, _Comments]:
    """Make the table of comments, one for each distinct id; those without a text are left out."""
    named = np.flatnonzero(known)
    items, first = np.unique(rows.item[named], return_index=True)
    texts = chosen.text_of_item[items]

    def raw(positions: Codes) -> list[str]:
        return [
            orjson.dumps({rows.columns.item: rows.items[item]}).decode()
            for item in items[positions].tolist()
        ]

    sieve = Sieve(COMMENTS.name, len(items), raw, rows.table.row_numbers[named[first]])
    unstorable = np.zeros(len(rows.items), dtype=np.bool_)
    unstorable[rows.item[rows.unstorable_text & known]] = True
    sieve.reject((texts == NO_TEXT) & unstorable[items], "unstorable_text")
    sieve.reject(texts == NO_TEXT, "missing_text")
    kept = sieve.kept
    source_ids = [rows.items[item] for item in items[kept].tolist()]
    assigned = assign_item_ids(source_ids)
    item_ids = np.array([assigned[source_id] for source_id in source_ids], np.int64)
    order = np.argsort(item_ids)
    kept_items = items[kept][order]
    position = np.full(len(rows.items), -1, dtype=np.int64)
    position[kept_items] = np.arange(len(kept_items))
    table = pd.DataFrame(
        {
            "item_id": item_ids[order],
            "source_item_id": strings_at(rows.items, kept_items),
            "text": strings_at(rows.texts, chosen.text_of_item[kept_items]),
        }
    )
    return sieve, _Comments(table, position)


def _raters(rows: _Rows, warnings: WarningCounts) -> tuple[pd.DataFrame, Codes]:
    """Make the table of raters: everybody with an id, whether or not a rating was kept."""
    usable = ~blank(rows.raters) & ~with_nul(rows.raters)
    codes = np.flatnonzero(usable)
    ids = pd.Series([rows.raters[code] for code in codes.tolist()], dtype="str")
    order = ids.argsort(kind="stable").to_numpy()
    position = np.full(len(rows.raters), -1, dtype=np.int64)
    position[codes[order]] = np.arange(len(codes))
    table = pd.DataFrame({"rater_id": ids.take(order).reset_index(drop=True)})
    owners = position[rows.rater]
    for name, column in sorted(rows.columns.demographics.items()):
        values = attribute_column(rows.table, column, owners, len(table), warnings)
        if values.notna().any():
            table[name] = values
    return table, position


def _rating_table(
    kept: Codes,
    rows: _Rows,
    levels: npt.NDArray[np.int8],
    scale: RatingScale,
    comments: _Comments,
    raters: pd.DataFrame,
    rater_position: Codes,
) -> pd.DataFrame:
    owner, item = rater_position[rows.rater[kept]], comments.position[rows.item[kept]]
    order = np.argsort(owner * max(len(comments.table), 1) + item, kind="stable")
    return pd.DataFrame(
        {
            "rater_id": strings_at(raters["rater_id"], owner[order]),
            "item_id": comments.table["item_id"].to_numpy()[item[order]],
            "rating": np.asarray(scale.values)[levels[kept][order]],
        }
    )


def _score_entries(rows: _Rows, column: str, about_comment: Mask) -> ScoreEntries:
    """Return each score that rows of a comment give it, once."""
    scores, codes = rows.encoded[column]
    given = np.flatnonzero(about_comment & ~blank(scores)[codes])
    n_scores = max(len(scores), 1)
    pairs, first = np.unique(rows.item[given] * n_scores + codes[given], return_index=True)
    return ScoreEntries(
        items=rows.items,
        item_codes=pairs // n_scores,
        scores=scores,
        score_codes=pairs % n_scores,
        row_numbers=rows.table.row_numbers[given[first]],
        columns=(rows.columns.item, column),
    )
