"""The audited system's scores, when they come apart from the corpus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.comment_lookup import count_comments, known_items
from labelaudit_dagster.store.corpora import read_corpora
from labelaudit_dagster.store.corpus_rows import check_system_ratings, score_numbers
from labelaudit_dagster.store.corpus_schema import corpora, system_ratings
from labelaudit_dagster.store.corpus_snapshot import current_scores
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import NoCorpusError
from labelaudit_dagster.store.numeric_versions import store_numbers
from labelaudit_dagster.store.versioned_rows import RowChanges

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SystemRatingsReport:
    """What an import of scores did.

    Attributes:
        rows: What changed among the scores.
        unknown: Item ids that are no comments of the corpus, ascending; their scores were not
            stored.
        unscored: Comments that have no score now.
        change: Number of the change.
    """

    rows: RowChanges
    unknown: tuple[int, ...]
    unscored: int
    change: int


def import_system_ratings(
    db: Database, scores: pd.DataFrame, *, now: datetime, name: str | None = None
) -> SystemRatingsReport:
    """Put scores in the place of all that are there, and leave the rest of the corpus alone.

    Args:
        db: The database.
        scores: item_id (int64) and system_rating (float64, within the scale), one for each
            comment.
        now: The time, with a zone.
        name: Where they come from, for the log.

    Raises:
        NoCorpusError: There are no comments yet.
        InvalidTableError: A score is repeated, absent, or beyond the ends of the scale.
        StoreError: The database failed; nothing was stored.
    """
    with db.write() as connection:
        sources = read_corpora(connection)
        if not sources:
            raise NoCorpusError("There are no comments to score yet; import ratings first.")
        check_system_ratings(scores, sources[0].scale)
        items = scores["item_id"].tolist()
        known = known_items(connection, items)
        unknown = tuple(sorted(item for item in items if item not in known))
        change = add_change(connection, "system_ratings_imported", now=now, subject=name)
        wanted = scores[scores["item_id"].isin(list(known))]
        rows = store_numbers(
            connection,
            system_ratings,
            keys=("item_id",),
            value="system_rating",
            current=current_scores(connection),
            wanted=score_numbers(wanted),
            change=change,
        )
        if rows.any:
            connection.execute(
                corpora.update()
                .where(corpora.c.ended_change.is_(None))
                .values(altered_change=change)
            )
        unscored = count_comments(connection) - len(wanted)
    return SystemRatingsReport(rows, unknown, unscored, change)
