"""The tables of how people come in without a token: invitations and sessions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from labelaudit_dagster.store.columns import UtcMicroseconds, VerbatimText
from labelaudit_dagster.store.schema_base import metadata

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("subject", VerbatimText),
    Column("label", VerbatimText),
    Column("uses_allowed", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("expires_at", UtcMicroseconds),
    Column("revoked_at", UtcMicroseconds),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("subject", VerbatimText),
    Column("invitation_id", Text, ForeignKey("invitations.invitation_id"), nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("expires_at", UtcMicroseconds, nullable=False),
    Column("revoked_at", UtcMicroseconds),
)
Index("ix_sessions_invitation", sessions.c.invitation_id)
