"""Proposed guidelines, consent, and what stands beside a rating: tags and withdrawals.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables of how people take part."""
    op.create_table(
        "proposals",
        sa.Column("proposal_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("proposer_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_proposals_recorded_change")
        ),
        sa.PrimaryKeyConstraint("proposal_key", name=op.f("pk_proposals")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_proposals_proposal_id")),
    )
    op.create_index(
        "ix_proposals_proposer", "proposals", ["proposer_id", "proposal_key"], unique=False
    )
    op.create_table(
        "proposal_decisions",
        sa.Column("proposal_key", sa.Integer(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.Column("ended_change", sa.Integer(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("guideline_key", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('accepted', 'declined')", name=op.f("ck_proposal_decisions_decision")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_key"],
            ["proposals.proposal_key"],
            name=op.f("fk_proposal_decisions_proposal_key"),
        ),
        sa.ForeignKeyConstraint(
            ["guideline_key"],
            ["guidelines.guideline_key"],
            name=op.f("fk_proposal_decisions_guideline_key"),
        ),
        *_changes("proposal_decisions"),
        sa.PrimaryKeyConstraint(
            "proposal_key", "recorded_change", name=op.f("pk_proposal_decisions")
        ),
    )
    _one_current("proposal_decisions", "proposal_key")
    op.create_table(
        "consents",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payload_hash"], ["payloads.payload_hash"], name=op.f("fk_consents_payload_hash")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_change"], ["changes.sequence"], name=op.f("fk_consents_recorded_change")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_consents")),
    )
    op.create_index(
        "ix_consents_participant", "consents", ["participant_id", "text_version"], unique=True
    )
    for name, content in (
        ("rating_tags", sa.Column("tags", sa.Text(), nullable=False)),
        ("rating_withdrawals", sa.Column("withdrawn_at", sa.BigInteger(), nullable=False)),
    ):
        op.create_table(
            name,
            sa.Column("participant_key", sa.Integer(), nullable=False),
            sa.Column("guideline_key", sa.Integer(), nullable=False),
            sa.Column("recorded_change", sa.Integer(), nullable=False),
            sa.Column("ended_change", sa.Integer(), nullable=True),
            content,
            *_changes(name),
            sa.PrimaryKeyConstraint(
                "participant_key", "guideline_key", "recorded_change", name=op.f(f"pk_{name}")
            ),
        )
        _one_current(name, "participant_key", "guideline_key")


def _changes(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], ["changes.sequence"], name=op.f(f"fk_{table}_{column}"))
        for column in ("recorded_change", "ended_change")
    ]


def _one_current(table: str, *columns: str) -> None:
    op.create_index(
        f"uq_{table}_current",
        table,
        list(columns),
        unique=True,
        sqlite_where=sa.text("ended_change IS NULL"),
        postgresql_where=sa.text("ended_change IS NULL"),
    )
