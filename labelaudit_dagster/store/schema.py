"""The tables of the community and of the platform, as SQLAlchemy Core metadata.

`corpus_schema` and `audit_schema` hold those of the audit. The migrations create all of them;
a test holds that both say the same.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from labelaudit_dagster.store.columns import JsonText, UtcMicroseconds, VerbatimText
from labelaudit_dagster.store.schema_base import (
    ended_column,
    key_column,
    metadata,
    one_current,
    recorded_column,
)

SCHEMA_VERSION = "0006"
"""Revision of the newest migration, which this code works with."""

sources = Table(
    "sources",
    metadata,
    key_column("source_key"),
    Column("kind", Text, nullable=False),
    Column("name", VerbatimText),
    Column("prefix", VerbatimText, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("imported_at", UtcMicroseconds, nullable=False),
    Column("counts", JsonText, nullable=False),
    Column("warnings", JsonText, nullable=False),
    Column("published_hash", Text, ForeignKey("payloads.payload_hash")),
    recorded_column(),
    ended_column(),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("source_key", Integer, ForeignKey("sources.source_key"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", VerbatimText, nullable=False),
    PrimaryKeyConstraint("source_key", "position"),
)

participants = Table(
    "participants",
    metadata,
    key_column("participant_key"),
    Column("source_key", Integer, ForeignKey("sources.source_key")),
    Column("participant_id", VerbatimText, nullable=False),
)
Index(
    "uq_participants_source",
    participants.c.participant_id,
    participants.c.source_key,
    unique=True,
)
_given_here = participants.c.source_key.is_(None)
Index(
    "uq_participants_here",
    participants.c.participant_id,
    unique=True,
    sqlite_where=_given_here,
    postgresql_where=_given_here,
)

participant_versions = Table(
    "participant_versions",
    metadata,
    Column("participant_key", Integer, ForeignKey("participants.participant_key"), nullable=False),
    recorded_column(),
    ended_column(),
    Column("demographics", JsonText, nullable=False),
    PrimaryKeyConstraint("participant_key", "recorded_change"),
    sqlite_with_rowid=False,
)
one_current(participant_versions, "participant_key")

topics = Table(
    "topics",
    metadata,
    Column("source_key", Integer, ForeignKey("sources.source_key"), nullable=False),
    Column("topic_id", VerbatimText, nullable=False),
    recorded_column(),
    ended_column(),
    Column("title", VerbatimText, nullable=False),
    Column("parent_id", VerbatimText),
    PrimaryKeyConstraint("source_key", "topic_id", "recorded_change"),
)
one_current(topics, "source_key", "topic_id")

guidelines = Table(
    "guidelines",
    metadata,
    key_column("guideline_key"),
    Column("source_key", Integer, ForeignKey("sources.source_key"), nullable=False),
    Column("guideline_id", VerbatimText, nullable=False),
)
Index(
    "uq_guidelines_source",
    guidelines.c.guideline_id,
    guidelines.c.source_key,
    unique=True,
)

guideline_versions = Table(
    "guideline_versions",
    metadata,
    Column("guideline_key", Integer, ForeignKey("guidelines.guideline_key"), nullable=False),
    recorded_column(),
    ended_column(),
    Column("topic_id", VerbatimText),
    Column("text", VerbatimText, nullable=False),
    Column("author_id", VerbatimText),
    Column("created_at", UtcMicroseconds),
    PrimaryKeyConstraint("guideline_key", "recorded_change"),
)
one_current(guideline_versions, "guideline_key")

# The one table without foreign keys: millions of rows at once, and PostgreSQL checks them row
# by row (144 s against 15 for 5 million). What they refer to is never deleted, and an import
# takes the keys from rows that it has just read or written.
ratings = Table(
    "ratings",
    metadata,
    Column("participant_key", Integer, nullable=False),
    Column("guideline_key", Integer, nullable=False),
    Column("recorded_change", Integer, nullable=False),
    Column("ended_change", Integer),
    Column("helpful", Boolean, nullable=False),
    Column("rated_at", UtcMicroseconds),
    Column("source_key", Integer),
    PrimaryKeyConstraint("participant_key", "guideline_key", "recorded_change"),
    sqlite_with_rowid=False,
)
one_current(ratings, "participant_key", "guideline_key")

payloads = Table(
    "payloads",
    metadata,
    Column("payload_hash", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

received_constitutions = Table(
    "received_constitutions",
    metadata,
    key_column("sequence"),
    Column("idempotency_key", VerbatimText, unique=True),
    Column("payload_hash", Text, ForeignKey("payloads.payload_hash"), nullable=False),
    Column("received_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)

received_demographics = Table(
    "received_demographics",
    metadata,
    key_column("sequence"),
    Column("study_id", VerbatimText, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("rows", JsonText, nullable=False),
    Column("received_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index(
    "ix_received_demographics_study",
    received_demographics.c.study_id,
    received_demographics.c.sequence,
)

demographics_keys = Table(
    "demographics_keys",
    metadata,
    Column("idempotency_key", VerbatimText, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("received_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)

demographics_sendings = Table(
    "demographics_sendings",
    metadata,
    key_column("sequence"),
    Column("target", VerbatimText, nullable=False),
    Column("study_id", VerbatimText, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("begun_at", UtcMicroseconds, nullable=False),
    Column("finished_at", UtcMicroseconds),
    Column("receipt", JsonText),
    CheckConstraint("state IN ('begun', 'sent')", name="state"),
)
Index(
    "ix_demographics_sendings_study",
    demographics_sendings.c.study_id,
    demographics_sendings.c.sequence,
)

demographics_failures = Table(
    "demographics_failures",
    metadata,
    Column("target", VerbatimText, nullable=False),
    Column("study_id", VerbatimText, nullable=False),
    Column("failed_at", UtcMicroseconds, nullable=False),
    Column("problem", VerbatimText, nullable=False),
    PrimaryKeyConstraint("target", "study_id"),
)

publications = Table(
    "publications",
    metadata,
    key_column("sequence"),
    Column("target", VerbatimText, nullable=False),
    Column("payload_hash", Text, ForeignKey("payloads.payload_hash"), nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("held_because", JsonText),
    Column("approved_by", VerbatimText),
    Column("approved_at", UtcMicroseconds),
    Column("approved_why", VerbatimText),
    Column("declined_by", VerbatimText),
    Column("declined_at", UtcMicroseconds),
    Column("declined_why", VerbatimText),
    Column("begun_at", UtcMicroseconds),
    Column("finished_at", UtcMicroseconds),
    Column("receipt", JsonText),
    CheckConstraint("state IN ('held', 'begun', 'sent', 'withdrawn')", name="state"),
)
Index("ix_publications_target", publications.c.target, publications.c.sequence)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("subject", VerbatimText),
    Column("label", VerbatimText),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("expires_at", UtcMicroseconds),
    Column("revoked_at", UtcMicroseconds),
)
