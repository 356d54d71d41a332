"""The tables of what people do when they audit: labels, models, trainings, reports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
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
    ended_column,
    key_column,
    metadata,
    recorded_column,
)


def _user() -> Column[int]:
    return Column("user_key", Integer, ForeignKey("users.user_key"), nullable=False)


def _model() -> Column[int]:
    return Column("model_key", Integer, ForeignKey("models.model_key"), nullable=False)


users = Table(
    "users",
    metadata,
    key_column("user_key"),
    Column("user_id", VerbatimText, nullable=False, unique=True),
    Column("created_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)

models = Table(
    "models",
    metadata,
    key_column("model_key"),
    _user(),
    Column("name", VerbatimText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("base", VerbatimText),
    Column("topic", VerbatimText),
    Column("rater_group", JsonText),
    Column("created_at", UtcMicroseconds, nullable=False),
    recorded_column(),
    CheckConstraint("kind IN ('base', 'topic', 'group')", name="kind"),
)
Index("uq_models_user", models.c.user_key, models.c.name, unique=True)

labels = Table(
    "labels",
    metadata,
    key_column("sequence"),
    _model(),
    Column("corpus_key", Integer, ForeignKey("corpora.corpus_key"), nullable=False),
    Column("item_id", BigInteger, nullable=False),
    Column("rating", Float(53)),
    Column("labelled_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index(
    "ix_labels_model", labels.c.model_key, labels.c.corpus_key, labels.c.item_id, labels.c.sequence
)

trainings = Table(
    "trainings",
    metadata,
    _model(),
    Column("version", Integer, nullable=False),
    Column("label_sequence", Integer, nullable=False),
    Column("n_labels", Integer, nullable=False),
    Column("label_hash", Text, nullable=False),
    Column("trained_at", UtcMicroseconds, nullable=False),
    recorded_column(),
    PrimaryKeyConstraint("model_key", "version"),
)

reports = Table(
    "reports",
    metadata,
    key_column("report_key"),
    Column("report_id", Text, nullable=False, unique=True),
    _user(),
    Column("model", VerbatimText, nullable=False),
    Column("position", Integer, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index("ix_reports_user", reports.c.user_key, reports.c.model)

report_versions = Table(
    "report_versions",
    metadata,
    Column("report_key", Integer, ForeignKey("reports.report_key"), nullable=False),
    Column("version", Integer, nullable=False),
    recorded_column(),
    ended_column(),
    Column("document", JsonText, nullable=False),
    Column("saved_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("report_key", "version"),
)

submissions = Table(
    "submissions",
    metadata,
    key_column("sequence"),
    _user(),
    Column("target", VerbatimText, nullable=False),
    Column("report_ids", JsonText, nullable=False),
    Column("document", JsonText, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("receipt", JsonText),
    Column("submitted_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index("ix_submissions_user", submissions.c.user_key, submissions.c.sequence)

erasures = Table(
    "erasures",
    metadata,
    key_column("sequence"),
    Column("counts", JsonText, nullable=False),
    Column("last_label", Integer, nullable=False),
    Column("forgotten_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
