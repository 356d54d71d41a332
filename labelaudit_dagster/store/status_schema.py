"""The tables of the status log: which constitutions it has, and what each changed."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from labelaudit_dagster.store.columns import JsonText, UtcMicroseconds, VerbatimText
from labelaudit_dagster.store.schema_base import key_column, metadata, recorded_column

logged_constitutions = Table(
    "logged_constitutions",
    metadata,
    key_column("position"),
    Column("version", Text, nullable=False, unique=True),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("rule", JsonText, nullable=False),
    Column("counts", JsonText, nullable=False),
    recorded_column(),
)

status_log = Table(
    "status_log",
    metadata,
    key_column("sequence"),
    Column("position", Integer, ForeignKey("logged_constitutions.position"), nullable=False),
    Column("guideline_id", VerbatimText, nullable=False),
    Column("text", VerbatimText, nullable=False),
    Column("status_before", Text),
    Column("status", Text, nullable=False),
    Column("decided_by", Text),
    Column("margin", Float(53)),
    Column("sentence", VerbatimText, nullable=False),
    Column("before", JsonText),
    Column("after", JsonText),
    CheckConstraint(
        "status IN ('accepted', 'undecided', 'rejected', 'too_few_ratings', 'removed')",
        name="status",
    ),
)
Index("ix_status_log_guideline", status_log.c.guideline_id, status_log.c.sequence)
Index("ix_status_log_position", status_log.c.position)
