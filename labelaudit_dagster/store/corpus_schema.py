"""The tables of the corpus: comments, their raters and ratings, and the system's scores."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from labelaudit_dagster.store.columns import JsonText, UtcMicroseconds, VerbatimText
from labelaudit_dagster.store.schema_base import (
    current_index,
    ended_column,
    key_column,
    metadata,
    one_current,
    recorded_column,
)


def _corpus() -> Column[int]:
    return Column("corpus_key", Integer, ForeignKey("corpora.corpus_key"), nullable=False)


corpora = Table(
    "corpora",
    metadata,
    key_column("corpus_key"),
    Column("kind", Text, nullable=False),
    Column("name", VerbatimText),
    Column("prefix", VerbatimText, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("imported_at", UtcMicroseconds, nullable=False),
    Column("scale", JsonText, nullable=False),
    Column("counts", JsonText, nullable=False),
    Column("warnings", JsonText, nullable=False),
    Column("altered_change", Integer, ForeignKey("changes.sequence"), nullable=False),
    recorded_column(),
    ended_column(),
)

corpus_quarantine = Table(
    "corpus_quarantine",
    metadata,
    _corpus(),
    Column("position", Integer, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", VerbatimText, nullable=False),
    PrimaryKeyConstraint("corpus_key", "position"),
)

# The tables below have no foreign keys to the log: see `ratings` in `schema`.
comments = Table(
    "comments",
    metadata,
    Column("item_id", BigInteger, nullable=False),
    Column("recorded_change", Integer, nullable=False),
    Column("ended_change", Integer),
    _corpus(),
    Column("source_item_id", VerbatimText, nullable=False),
    Column("text", VerbatimText, nullable=False),
    Column("text_hash", BigInteger, nullable=False),
    Column("is_profane_frac", Float(53)),
    Column("is_threat_frac", Float(53)),
    Column("is_identity_attack_frac", Float(53)),
    Column("is_insult_frac", Float(53)),
    Column("is_sexual_harassment_frac", Float(53)),
    PrimaryKeyConstraint("item_id", "recorded_change"),
)
one_current(comments, "item_id")
current_index("ix_comments_source", comments, "source_item_id")
current_index("ix_comments_text", comments, "text_hash", "item_id")

raters = Table(
    "raters",
    metadata,
    key_column("rater_key"),
    _corpus(),
    Column("rater_id", VerbatimText, nullable=False),
)
Index("uq_raters_corpus", raters.c.rater_id, raters.c.corpus_key, unique=True)

rater_versions = Table(
    "rater_versions",
    metadata,
    Column("rater_key", Integer, ForeignKey("raters.rater_key"), nullable=False),
    recorded_column(),
    ended_column(),
    Column("demographics", JsonText, nullable=False),
    PrimaryKeyConstraint("rater_key", "recorded_change"),
    sqlite_with_rowid=False,
)
one_current(rater_versions, "rater_key")

comment_ratings = Table(
    "comment_ratings",
    metadata,
    Column("rater_key", Integer, nullable=False),
    Column("item_id", BigInteger, nullable=False),
    Column("recorded_change", Integer, nullable=False),
    Column("ended_change", Integer),
    Column("rating", Float(53), nullable=False),
    PrimaryKeyConstraint("rater_key", "item_id", "recorded_change"),
    sqlite_with_rowid=False,
)
one_current(comment_ratings, "rater_key", "item_id")

system_ratings = Table(
    "system_ratings",
    metadata,
    Column("item_id", BigInteger, nullable=False),
    Column("recorded_change", Integer, nullable=False),
    Column("ended_change", Integer),
    Column("system_rating", Float(53), nullable=False),
    PrimaryKeyConstraint("item_id", "recorded_change"),
    sqlite_with_rowid=False,
)
one_current(system_ratings, "item_id")
