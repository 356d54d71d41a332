"""The corpus, what people do when they audit, invitations and sessions.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables of the audit."""
    op.create_table(
        "comment_ratings",
        sa.Column("rater_key", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("rating", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint(
            "rater_key", "item_id", "recorded_change", name=op.f("pk_comment_ratings")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_comment_ratings_current",
        "comment_ratings",
        ["rater_key", "item_id"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "invitations",
        sa.Column("invitation_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("uses_allowed", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitations")),
    )
    op.create_table(
        "system_ratings",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("system_rating", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "recorded_change", name=op.f("pk_system_ratings")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_system_ratings_current",
        "system_ratings",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "corpora",
        sa.Column("corpus_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("scale", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("altered_change", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["altered_change"], ["changes.sequence"], name=op.f("fk_corpora_altered_change")
        ),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_corpora_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_corpora_recorded_change")
        ),
        sa.PrimaryKeyConstraint("corpus_key", name=op.f("pk_corpora")),
    )
    op.create_table(
        "erasures",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("last_label", sa.Integer(), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_erasures_recorded_change")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_erasures")),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("invitation_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.invitation_id"], name=op.f("fk_sessions_invitation_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_invitation", "sessions", ["invitation_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("user_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_users_recorded_change")
        ),
        sa.PrimaryKeyConstraint("user_key", name=op.f("pk_users")),
        sa.UniqueConstraint("user_id", name=op.f("uq_users_user_id")),
    )
    op.create_table(
        "comments",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("corpus_key", sa.Integer(), nullable=False),
        sa.Column("source_item_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.BigInteger(), nullable=False),
        sa.Column("is_profane_frac", sa.Float(precision=53), nullable=True),
        sa.Column("is_threat_frac", sa.Float(precision=53), nullable=True),
        sa.Column("is_identity_attack_frac", sa.Float(precision=53), nullable=True),
        sa.Column("is_insult_frac", sa.Float(precision=53), nullable=True),
        sa.Column("is_sexual_harassment_frac", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ["corpus_key"], ["corpora.corpus_key"], name=op.f("fk_comments_corpus_key")
        ),
        sa.PrimaryKeyConstraint("item_id", "recorded_change", name=op.f("pk_comments")),
    )
    op.create_index(
        "ix_comments_source",
        "comments",
        ["source_item_id"],
        unique=False,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_index(
        "ix_comments_text",
        "comments",
        ["text_hash", "item_id"],
        unique=False,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_index(
        "uq_comments_current",
        "comments",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "corpus_quarantine",
        sa.Column("corpus_key", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus_key"], ["corpora.corpus_key"], name=op.f("fk_corpus_quarantine_corpus_key")
        ),
        sa.PrimaryKeyConstraint("corpus_key", "position", name=op.f("pk_corpus_quarantine")),
    )
    op.create_table(
        "models",
        sa.Column("model_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_key", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("rater_group", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('base', 'topic', 'group')", name=op.f("ck_models_kind")),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_models_recorded_change")
        ),
        sa.ForeignKeyConstraint(["user_key"], ["users.user_key"], name=op.f("fk_models_user_key")),
        sa.PrimaryKeyConstraint("model_key", name=op.f("pk_models")),
    )
    op.create_index("uq_models_user", "models", ["user_key", "name"], unique=True)
    op.create_table(
        "raters",
        sa.Column("rater_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("corpus_key", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus_key"], ["corpora.corpus_key"], name=op.f("fk_raters_corpus_key")
        ),
        sa.PrimaryKeyConstraint("rater_key", name=op.f("pk_raters")),
    )
    op.create_index("uq_raters_corpus", "raters", ["rater_id", "corpus_key"], unique=True)
    op.create_table(
        "reports",
        sa.Column("report_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("user_key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_reports_recorded_change")
        ),
        sa.ForeignKeyConstraint(["user_key"], ["users.user_key"], name=op.f("fk_reports_user_key")),
        sa.PrimaryKeyConstraint("report_key", name=op.f("pk_reports")),
        sa.UniqueConstraint("report_id", name=op.f("uq_reports_report_id")),
    )
    op.create_index("ix_reports_user", "reports", ["user_key", "model"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_key", sa.Integer(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("report_ids", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_submissions_recorded_change")
        ),
        sa.ForeignKeyConstraint(
            ["user_key"], ["users.user_key"], name=op.f("fk_submissions_user_key")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_submissions")),
    )
    op.create_index("ix_submissions_user", "submissions", ["user_key", "sequence"], unique=False)
    op.create_table(
        "labels",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model_key", sa.Integer(), nullable=False),
        sa.Column("corpus_key", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("rating", sa.Float(precision=53), nullable=True),
        sa.Column("labelled_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus_key"], ["corpora.corpus_key"], name=op.f("fk_labels_corpus_key")
        ),
        sa.ForeignKeyConstraint(
            ["model_key"], ["models.model_key"], name=op.f("fk_labels_model_key")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_labels_recorded_change")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_labels")),
    )
    op.create_index(
        "ix_labels_model",
        "labels",
        ["model_key", "corpus_key", "item_id", "sequence"],
        unique=False,
    )
    op.create_table(
        "rater_versions",
        sa.Column("rater_key", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("demographics", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_rater_versions_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["rater_key"], ["raters.rater_key"], name=op.f("fk_rater_versions_rater_key")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_rater_versions_recorded_change"),
        ),
        sa.PrimaryKeyConstraint("rater_key", "recorded_change", name=op.f("pk_rater_versions")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_rater_versions_current",
        "rater_versions",
        ["rater_key"],
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
    op.create_table(
        "report_versions",
        sa.Column("report_key", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ended_change"], ["changes.sequence"], name=op.f("fk_report_versions_ended_change")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_report_versions_recorded_change"),
        ),
        sa.ForeignKeyConstraint(
            ["report_key"], ["reports.report_key"], name=op.f("fk_report_versions_report_key")
        ),
        sa.PrimaryKeyConstraint("report_key", "version", name=op.f("pk_report_versions")),
    )
    op.create_table(
        "trainings",
        sa.Column("model_key", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("n_labels", sa.Integer(), nullable=False),
        sa.Column("label_hash", sa.Text(), nullable=False),
        sa.Column("trained_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_key"], ["models.model_key"], name=op.f("fk_trainings_model_key")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_trainings_recorded_change")
        ),
        sa.PrimaryKeyConstraint("model_key", "version", name=op.f("pk_trainings")),
    )
