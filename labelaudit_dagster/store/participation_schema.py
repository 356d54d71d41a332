"""The tables of how people take part: proposals, consent, and what stands beside a rating."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
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
    one_current,
    recorded_column,
)

proposals = Table(
    "proposals",
    metadata,
    key_column("proposal_key"),
    Column("proposal_id", Text, nullable=False, unique=True),
    Column("proposer_id", VerbatimText),
    Column("text", VerbatimText, nullable=False),
    Column("topic_id", VerbatimText),
    Column("proposed_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index("ix_proposals_proposer", proposals.c.proposer_id, proposals.c.proposal_key)

proposal_decisions = Table(
    "proposal_decisions",
    metadata,
    Column("proposal_key", Integer, ForeignKey("proposals.proposal_key"), nullable=False),
    recorded_column(),
    ended_column(),
    Column("decision", Text, nullable=False),
    Column("reason", VerbatimText),
    Column("decided_by", VerbatimText),
    Column("decided_at", UtcMicroseconds, nullable=False),
    Column("guideline_key", Integer, ForeignKey("guidelines.guideline_key")),
    CheckConstraint("decision IN ('accepted', 'declined')", name="decision"),
    PrimaryKeyConstraint("proposal_key", "recorded_change"),
)
one_current(proposal_decisions, "proposal_key")

consents = Table(
    "consents",
    metadata,
    key_column("sequence"),
    Column("participant_id", VerbatimText, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("payload_hash", Text, ForeignKey("payloads.payload_hash"), nullable=False),
    Column("given_at", UtcMicroseconds, nullable=False),
    recorded_column(),
)
Index("ix_consents_participant", consents.c.participant_id, consents.c.text_version, unique=True)

# Like the ratings that they stand beside, the next two tables have no foreign keys to people and
# guidelines.
rating_tags = Table(
    "rating_tags",
    metadata,
    Column("participant_key", Integer, nullable=False),
    Column("guideline_key", Integer, nullable=False),
    recorded_column(),
    ended_column(),
    Column("tags", JsonText, nullable=False),
    PrimaryKeyConstraint("participant_key", "guideline_key", "recorded_change"),
)
one_current(rating_tags, "participant_key", "guideline_key")

rating_withdrawals = Table(
    "rating_withdrawals",
    metadata,
    Column("participant_key", Integer, nullable=False),
    Column("guideline_key", Integer, nullable=False),
    recorded_column(),
    ended_column(),
    Column("withdrawn_at", UtcMicroseconds, nullable=False),
    PrimaryKeyConstraint("participant_key", "guideline_key", "recorded_change"),
)
one_current(rating_withdrawals, "participant_key", "guideline_key")
