"""The community, received and sent constitutions, received demographics, and tokens.

Revision: 0001
"""

from __future__ import annotations

import time
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of the first version."""
    op.create_table(
        "changes",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("alters_community", sa.Boolean(), nullable=False),
        sa.Column("ratings_added", sa.BigInteger(), nullable=False),
        sa.Column("ratings_ended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_changes")),
    )
    op.create_table(
        "installation",
        sa.Column("database_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("database_id", name=op.f("pk_installation")),
    )
    op.create_table(
        "payloads",
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("payload_hash", name=op.f("pk_payloads")),
    )
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_tokens")),
    )
    op.create_table(
        "publications",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("held_because", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_why", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'begun', 'sent', 'withdrawn')", name=op.f("ck_publications_state")
        ),
        sa.ForeignKeyConstraint(
            ["payload_hash"], ["payloads.payload_hash"], name=op.f("fk_publications_payload_hash")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_publications")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_publications_idempotency_key")),
    )
    op.create_index("ix_publications_target", "publications", ["target", "sequence"], unique=False)
    op.create_table(
        "received_constitutions",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payload_hash"],
            ["payloads.payload_hash"],
            name=op.f("fk_received_constitutions_payload_hash"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_received_constitutions_recorded_change"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_received_constitutions")),
        sa.UniqueConstraint(
            "idempotency_key", name=op.f("uq_received_constitutions_idempotency_key")
        ),
    )
    op.create_table(
        "received_demographics",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("study_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_received_demographics_recorded_change"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_received_demographics")),
    )
    op.create_index(
        "ix_received_demographics_study", "received_demographics", ["study_id", "sequence"]
    )
    op.create_table(
        "demographics_keys",
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_demographics_keys_recorded_change"),
        ),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_demographics_keys")),
    )
    op.create_table(
        "sources",
        sa.Column("source_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("published_hash", sa.Text(), nullable=True),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_sources_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["published_hash"], ["payloads.payload_hash"], name=op.f("fk_sources_published_hash")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_sources_recorded_change")
        ),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_sources")),
    )
    op.create_table(
        "guidelines",
        sa.Column("guideline_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_key", sa.Integer(), nullable=False),
        sa.Column("guideline_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.source_key"], name=op.f("fk_guidelines_source_key")
        ),
        sa.PrimaryKeyConstraint("guideline_key", name=op.f("pk_guidelines")),
    )
    op.create_index(
        "uq_guidelines_source", "guidelines", ["guideline_id", "source_key"], unique=True
    )
    op.create_table(
        "participants",
        sa.Column("participant_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_key", sa.Integer(), nullable=True),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.source_key"], name=op.f("fk_participants_source_key")
        ),
        sa.PrimaryKeyConstraint("participant_key", name=op.f("pk_participants")),
    )
    op.create_index(
        "uq_participants_here",
        "participants",
        ["participant_id"],
        unique=True,
        sqlite_where=sa.text("source_key IS NULL"),
        postgresql_where=sa.text("source_key IS NULL"),
    )
    op.create_index(
        "uq_participants_source", "participants", ["participant_id", "source_key"], unique=True
    )
    op.create_table(
        "quarantine",
        sa.Column("source_key", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.source_key"], name=op.f("fk_quarantine_source_key")
        ),
        sa.PrimaryKeyConstraint("source_key", "position", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "topics",
        sa.Column("source_key", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_topics_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_topics_recorded_change")
        ),
        sa.ForeignKeyConstraint(
            ["source_key"], ["sources.source_key"], name=op.f("fk_topics_source_key")
        ),
        sa.PrimaryKeyConstraint(
            "source_key", "topic_id", "recorded_change", name=op.f("pk_topics")
        ),
    )
    op.create_index(
        "uq_topics_current",
        "topics",
        ["source_key", "topic_id"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "guideline_versions",
        sa.Column("guideline_key", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_guideline_versions_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["guideline_key"],
            ["guidelines.guideline_key"],
            name=op.f("fk_guideline_versions_guideline_key"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_guideline_versions_recorded_change"),
        ),
        sa.PrimaryKeyConstraint(
            "guideline_key", "recorded_change", name=op.f("pk_guideline_versions")
        ),
    )
    op.create_index(
        "uq_guideline_versions_current",
        "guideline_versions",
        ["guideline_key"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "participant_versions",
        sa.Column("participant_key", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("demographics", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ended_change"],
            ["changes.sequence"],
            name=op.f("fk_participant_versions_ended_change"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_key"],
            ["participants.participant_key"],
            name=op.f("fk_participant_versions_participant_key"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_participant_versions_recorded_change"),
        ),
        sa.PrimaryKeyConstraint(
            "participant_key", "recorded_change", name=op.f("pk_participant_versions")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_participant_versions_current",
        "participant_versions",
        ["participant_key"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "ratings",
        sa.Column("participant_key", sa.Integer(), nullable=False),
        sa.Column("guideline_key", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("rated_at", sa.BigInteger(), nullable=True),
        sa.Column("source_key", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(
            "participant_key", "guideline_key", "recorded_change", name=op.f("pk_ratings")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_ratings_current",
        "ratings",
        ["participant_key", "guideline_key"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.bulk_insert(
        sa.table(
            "installation",
            sa.column("database_id", sa.Text()),
            sa.column("created_at", sa.BigInteger()),
        ),
        [{"database_id": uuid.uuid4().hex, "created_at": time.time_ns() // 1000}],
    )
