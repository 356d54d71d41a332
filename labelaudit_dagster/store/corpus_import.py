"""Storing a corpus that an importer read, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.importers import Corpus, TableCounts
from labelaudit_dagster.store.bulk import insert_columns
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.columns import escape_text
from labelaudit_dagster.store.community_rows import participant_rows
from labelaudit_dagster.store.corpora import CorpusSource, read_corpora
from labelaudit_dagster.store.corpus_merging import prefixed_corpus
from labelaudit_dagster.store.corpus_rows import (
    COMMENT_CONTENTS,
    check_corpus,
    comment_columns,
    comment_rows,
    rating_numbers,
    score_numbers,
)
from labelaudit_dagster.store.corpus_schema import (
    comment_ratings,
    comments,
    corpora,
    corpus_quarantine,
    rater_versions,
    raters,
    system_ratings,
)
from labelaudit_dagster.store.corpus_snapshot import current_ratings, current_scores
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import SecondSourceError, TakenIdError
from labelaudit_dagster.store.import_plan import ImportMode, SourcePlan, plan_import
from labelaudit_dagster.store.keyed_ids import current_contents, ensure_keys
from labelaudit_dagster.store.label_table import count_outside_corpus
from labelaudit_dagster.store.numeric_versions import store_numbers
from labelaudit_dagster.store.quarantine import store_quarantine
from labelaudit_dagster.store.schema_base import changes
from labelaudit_dagster.store.sources import counts_document
from labelaudit_dagster.store.versioned_rows import Content, Key, RowChanges, store_versions

_NOTHING = RowChanges(0, 0, 0, 0)


@dataclass(frozen=True)
class CorpusImportReport:
    """What an import of a corpus did.

    Attributes:
        source: Name of the source, for people.
        prefix: What its ids begin with here; empty for the first source.
        is_new: Whether the source was not known before.
        replaced: Names of the sources that it replaced.
        counts: Rows in, kept and quarantined for each table, as the importer counted.
        comments: What changed among comments.
        raters: What changed among raters.
        comment_ratings: What changed among ratings.
        system_ratings: What changed among the system's scores; nothing where the source brings
            none, since those that are there stay.
        labels_outside: Current labels, of everybody, whose comments the corpus does not hold.
        altered: Whether the corpus is another one than before.
        change: Number of the change.
    """

    source: str
    prefix: str
    is_new: bool
    replaced: tuple[str, ...]
    counts: Mapping[str, TableCounts]
    comments: RowChanges
    raters: RowChanges
    comment_ratings: RowChanges
    system_ratings: RowChanges
    labels_outside: int
    altered: bool
    change: int


def import_corpus(
    db: Database, corpus: Corpus, *, mode: ImportMode = "refuse", now: datetime
) -> CorpusImportReport:
    """Store a corpus: all of it, or after any failure nothing.

    A known source is updated: unchanged rows are left alone, changed ones superseded, and
    those that are gone from it ended. Labels are never touched.

    Args:
        db: The database.
        corpus: Canonical tables as the importers make them.
        mode: What to do when the home already holds another corpus.
        now: The time, with a zone.

    Raises:
        SecondSourceError: The home holds another corpus and `mode` is `refuse`; or the scale is
            another one than that of the corpus to be updated or joined.
        TakenIdError: Item ids of the import are used by another source of the corpus.
        InvalidTableError: A table is not canonical.
        StoreError: The database failed; nothing was stored.
    """
    check_corpus(corpus)
    with db.write() as connection:
        plan = _plan(read_corpora(connection), corpus, mode)
        if plan.prefix:
            known, taken = _item_ids(connection, plan.known)
            corpus = prefixed_corpus(corpus, plan.prefix, known=known, taken=taken)
            check_corpus(corpus)
        return _store(connection, corpus, plan, now)


def _plan(
    current: list[CorpusSource], corpus: Corpus, mode: ImportMode
) -> SourcePlan[CorpusSource]:
    plan = plan_import(current, corpus.identity, mode, what="corpus")
    staying = [source for source in current if source not in plan.ended]
    other = next((one for one in staying if one.scale.values != corpus.scale.values), None)
    if other is None:
        return plan
    if mode == "replace":
        # What people labelled on one scale means nothing on another: it is a new corpus.
        return SourcePlan(None, plan.prefix, (*plan.ended, *staying))
    held = ", ".join(f"{value:g}" for value in other.scale.values)
    brought = ", ".join(f"{value:g}" for value in corpus.scale.values)
    raise SecondSourceError(
        f"{other.shown_name} is here with the scale {held}, and this import has {brought}. "
        "Import it with the same scale; or use --replace to start anew, where labels given "
        "so far are kept and do not count; or use another LABELAUDIT_HOME."
    )


def _store(
    connection: Connection, corpus: Corpus, plan: SourcePlan[CorpusSource], now: datetime
) -> CorpusImportReport:
    change = add_change(connection, "corpus_imported", now=now)
    for source in plan.ended:
        _end_corpus(connection, source, change)
    key = _store_source(connection, corpus, plan, change, now)
    _refuse_taken_items(connection, corpus, key)
    comment_changes = _store_comments(connection, corpus, plan, key, change)
    people = participant_rows(corpus.raters.rename(columns={"rater_id": "participant_id"}))
    rater_keys = ensure_keys(connection, raters, owner=key, wanted=people)
    rater_changes = store_versions(
        connection,
        rater_versions,
        keys=("rater_key",),
        contents=("demographics",),
        current=current_contents(connection, rater_versions, raters, owner=key),
        wanted={(rater_keys[name],): content for name, content in people.items()},
        change=change,
    )
    rating_changes = store_numbers(
        connection,
        comment_ratings,
        keys=("rater_key", "item_id"),
        value="rating",
        current=current_ratings(connection, key),
        wanted=rating_numbers(corpus.comment_ratings, rater_keys),
        change=change,
    )
    score_changes = _NOTHING
    if corpus.system_ratings is not None:
        score_changes = store_numbers(
            connection,
            system_ratings,
            keys=("item_id",),
            value="system_rating",
            current=current_scores(connection, key),
            wanted=score_numbers(corpus.system_ratings),
            change=change,
        )
    tables = (comment_changes, rater_changes, rating_changes, score_changes)
    altered = (
        plan.known is None
        or bool(plan.ended)
        or plan.known.scale != corpus.scale
        or any(table.any for table in tables)
    )
    if altered:
        connection.execute(
            corpora.update().where(corpora.c.corpus_key == key).values(altered_change=change)
        )
    name = corpus.identity.name or f"an unnamed {corpus.identity.kind} source"
    connection.execute(changes.update().where(changes.c.sequence == change).values(subject=name))
    return CorpusImportReport(
        source=name,
        prefix=plan.prefix,
        is_new=plan.known is None,
        replaced=tuple(source.shown_name for source in plan.ended),
        counts=corpus.counts,
        comments=comment_changes,
        raters=rater_changes,
        comment_ratings=rating_changes,
        system_ratings=score_changes,
        labels_outside=count_outside_corpus(connection),
        altered=altered,
        change=change,
    )


def _store_source(
    connection: Connection,
    corpus: Corpus,
    plan: SourcePlan[CorpusSource],
    change: int,
    now: datetime,
) -> int:
    """Write the source's row and quarantine, and return its key."""
    row: dict[str, Any] = {
        **corpus.identity.to_json(),
        "prefix": plan.prefix,
        "imported_at": now,
        "scale": corpus.scale.to_document(),
        "counts": counts_document(corpus.counts),
        "warnings": dict(corpus.warnings),
        "recorded_change": change,
    }
    if plan.known is None:
        key = 1 + (connection.scalar(select(func.max(corpora.c.corpus_key))) or 0)
        connection.execute(corpora.insert().values(corpus_key=key, altered_change=change, **row))
    else:
        key = plan.known.corpus_key
        # A snapshot that does not name itself is still the source that did.
        row["name"] = row["name"] or plan.known.identity.name
        connection.execute(corpora.update().where(corpora.c.corpus_key == key).values(**row))
        connection.execute(corpus_quarantine.delete().where(corpus_quarantine.c.corpus_key == key))
    store_quarantine(connection, corpus_quarantine, "corpus_key", key, corpus.quarantine)
    return key


def _store_comments(
    connection: Connection,
    corpus: Corpus,
    plan: SourcePlan[CorpusSource],
    key: int,
    change: int,
) -> RowChanges:
    import numpy as np

    if plan.known is None:
        columns = comment_columns(corpus.comments)
        for name in ("source_item_id", "text"):
            columns[name] = [escape_text(value) for value in columns[name]]
        count = len(corpus.comments)
        constants = {"recorded_change": np.full(count, change), "corpus_key": np.full(count, key)}
        insert_columns(connection, comments, {**columns, **constants})
        return RowChanges(count, 0, 0, 0)
    query = select(comments.c.item_id, *(comments.c[name] for name in COMMENT_CONTENTS)).where(
        comments.c.corpus_key == key, comments.c.ended_change.is_(None)
    )
    current: dict[Key, Content] = {(row[0],): (*row[1:], key) for row in connection.execute(query)}
    wanted = {item: (*content, key) for item, content in comment_rows(corpus.comments).items()}
    return store_versions(
        connection,
        comments,
        keys=("item_id",),
        contents=(*COMMENT_CONTENTS, "corpus_key"),
        current=current,
        wanted=wanted,
        change=change,
    )


def _end_corpus(connection: Connection, source: CorpusSource, change: int) -> None:
    """End everything of a replaced source; labels stay, and do not count until it is back."""
    key = source.corpus_key
    items = select(comments.c.item_id).where(comments.c.corpus_key == key)
    people = select(raters.c.rater_key).where(raters.c.corpus_key == key)
    # The scores first: whose they are is told by the comments that are current.
    belonging: list[tuple[Table, ColumnElement[bool]]] = [
        (
            system_ratings,
            system_ratings.c.item_id.in_(items.where(comments.c.ended_change.is_(None))),
        ),
        (comments, comments.c.corpus_key == key),
        (rater_versions, rater_versions.c.rater_key.in_(people)),
        (comment_ratings, comment_ratings.c.rater_key.in_(people)),
        (corpora, corpora.c.corpus_key == key),
    ]
    for table, belongs in belonging:
        connection.execute(
            table.update()
            .where(belongs, table.c.ended_change.is_(None))
            .values(ended_change=change)
        )


def _item_ids(
    connection: Connection, known: CorpusSource | None
) -> tuple[dict[str, int], set[int]]:
    """Return the item ids that a source to be merged has already, and all that are taken."""
    query = select(comments.c.corpus_key, comments.c.source_item_id, comments.c.item_id).where(
        comments.c.ended_change.is_(None)
    )
    rows = connection.execute(query).all()
    own = None if known is None else known.corpus_key
    return {row[1]: row[2] for row in rows if row[0] == own}, {row[2] for row in rows}


def _refuse_taken_items(connection: Connection, corpus: Corpus, key: int) -> None:
    """Refuse ids that another current source of the corpus has.

    Raises:
        TakenIdError: There is such an id.
    """
    query = select(comments.c.item_id).where(
        comments.c.corpus_key != key, comments.c.ended_change.is_(None)
    )
    taken = sorted(set(connection.scalars(query)) & set(corpus.comments["item_id"].tolist()))
    others = (
        select(raters.c.rater_id)
        .join(rater_versions)
        .where(raters.c.corpus_key != key, rater_versions.c.ended_change.is_(None))
    )
    people = sorted(set(connection.scalars(others)) & set(corpus.raters["rater_id"]))
    for what, ids in (("comments", taken), ("raters", people)):
        if ids:
            raise TakenIdError(
                f"{len(ids)} of the {what} of this import have ids that others in this home "
                f"have, such as {ids[0]!r}; import it into another LABELAUDIT_HOME."
            )
