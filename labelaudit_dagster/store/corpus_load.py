"""The current corpus as canonical frames."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from labelaudit_dagster.importers import Corpus, SourceIdentity, TableCounts
from labelaudit_dagster.store.corpora import (
    CorpusSource,
    read_corpora,
    read_corpus_fingerprint,
)
from labelaudit_dagster.store.corpus_rows import SHARES
from labelaudit_dagster.store.corpus_schema import (
    comments,
    corpora,
    corpus_quarantine,
    rater_versions,
    raters,
)
from labelaudit_dagster.store.corpus_snapshot import current_ratings, current_scores
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.schema_base import installation

if TYPE_CHECKING:
    import pandas as pd

EMBEDDED_KIND = "embedded"
"""Kind of the identity of a corpus that was merged of several sources."""


@dataclass(frozen=True, eq=False)
class StoredCorpus:
    """The corpus as one snapshot of the database holds it.

    Attributes:
        corpus: Canonical tables, each ordered by its key; the quarantine of the current
            sources' last imports. `system_ratings` is None where there are none.
        sources: The current sources.
        change: Number of the change that last altered it.
        fingerprint: As `corpus_fingerprint`, of the same snapshot.
    """

    corpus: Corpus
    sources: tuple[CorpusSource, ...]
    change: int
    fingerprint: str


def load_corpus(db: Database) -> StoredCorpus | None:
    """Return the current corpus; None where nothing was imported.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        sources = read_corpora(connection)
        if not sources:
            return None
        rater_keys, rater_table = _raters(connection)
        scores = _scores(connection)
        frames = {
            "comments": _comments(connection),
            "raters": rater_table,
            "comment_ratings": _ratings(connection, rater_keys, rater_table),
        } | ({} if scores is None else {"system_ratings": scores})
        quarantine = _quarantine(connection)
        fingerprint = read_corpus_fingerprint(connection)
        identity = _identity(connection, sources)
    if scores is None:
        quarantine = quarantine[quarantine["table"] != "system_ratings"].reset_index(drop=True)
    corpus = Corpus(
        comments=frames["comments"],
        raters=frames["raters"],
        comment_ratings=frames["comment_ratings"],
        system_ratings=scores,
        scale=sources[0].scale,
        quarantine=quarantine,
        counts=_counts(frames, quarantine, sources),
        identity=identity,
        warnings=sum((Counter(source.warnings) for source in sources), Counter()),
    )
    change = max(source.altered_change for source in sources)
    return StoredCorpus(corpus, tuple(sources), change, fingerprint)


def _identity(connection: Connection, sources: list[CorpusSource]) -> SourceIdentity:
    if len(sources) == 1:
        return sources[0].identity
    prints = sorted({number for source in sources for number in source.identity.fingerprint})
    database_id = connection.scalar(select(installation.c.database_id))
    return SourceIdentity(EMBEDDED_KIND, f"labelaudit:{database_id}", tuple(prints))


def _counts(
    frames: dict[str, pd.DataFrame], quarantine: pd.DataFrame, sources: list[CorpusSource]
) -> dict[str, TableCounts]:
    quarantined = quarantine["table"].value_counts()
    counts = {}
    for name, frame in frames.items():
        kept, out = len(frame), int(quarantined.get(name, 0))
        passed = sum(source.counts[name].rows_passed for source in sources if name in source.counts)
        counts[name] = TableCounts(kept + out, kept, out, passed)
    return counts


def _comments(connection: Connection) -> pd.DataFrame:
    import pandas as pd

    names = ("item_id", "source_item_id", "text", *SHARES)
    query = (
        select(*(comments.c[name] for name in names))
        .where(comments.c.ended_change.is_(None))
        .order_by(comments.c.item_id)
    )
    rows = connection.execute(query).all()
    columns: Any = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    dtypes = ("int64", "str", "str", *["float64"] * len(SHARES))
    frame = pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=dtype)
            for name, values, dtype in zip(names, columns, dtypes, strict=True)
        }
    )
    return frame.drop(columns=[name for name in SHARES if frame[name].isna().all()])


def _raters(connection: Connection) -> tuple[list[int], pd.DataFrame]:
    import pandas as pd

    query = (
        select(raters.c.rater_key, raters.c.rater_id, rater_versions.c.demographics)
        .select_from(rater_versions.join(raters))
        .where(rater_versions.c.ended_change.is_(None))
    )
    rows = sorted(connection.execute(query).all(), key=lambda row: row[1])
    columns = {"rater_id": pd.Series([row[1] for row in rows], dtype="str")}
    for name in sorted({name for row in rows for name in row[2]}):
        columns[name] = pd.Series([row[2].get(name) for row in rows], dtype="str")
    return [row[0] for row in rows], pd.DataFrame(columns)


def _ratings(connection: Connection, rater_keys: list[int], people: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    numbers = current_ratings(connection)
    ranks = np.zeros(max(rater_keys, default=0) + 1, dtype=np.int64)
    ranks[np.array(rater_keys, dtype=np.int64)] = np.arange(len(rater_keys))
    rank = ranks[numbers["rater_key"]]
    order = np.lexsort((numbers["item_id"], rank))
    return pd.DataFrame(
        {
            "rater_id": people["rater_id"].take(rank[order]).array,
            "item_id": numbers["item_id"][order],
            "rating": numbers["rating"][order],
        }
    )


def _scores(connection: Connection) -> pd.DataFrame | None:
    import pandas as pd

    numbers = current_scores(connection)
    return pd.DataFrame(numbers) if len(numbers["item_id"]) else None


def _quarantine(connection: Connection) -> pd.DataFrame:
    import pandas as pd

    query = (
        select(
            corpus_quarantine.c.table_name,
            corpus_quarantine.c.row_number,
            corpus_quarantine.c.reason,
            corpus_quarantine.c.raw,
        )
        .join(corpora)
        .where(corpora.c.ended_change.is_(None))
        .order_by(corpus_quarantine.c.corpus_key, corpus_quarantine.c.position)
    )
    rows = connection.execute(query).all()
    columns: Any = list(zip(*rows, strict=True)) if rows else [()] * 4
    dtypes = {"table": "str", "row_number": "int64", "reason": "str", "raw": "str"}
    return pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=dtype)
            for (name, dtype), values in zip(dtypes.items(), columns, strict=True)
        }
    )
