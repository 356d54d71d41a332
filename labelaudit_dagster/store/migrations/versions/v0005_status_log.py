"""The status log: every change of every guideline's status, kept for ever.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables of the log; constitutions that are kept are entered by the next run."""
    op.create_table(
        "logged_constitutions",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("recorded_change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_change"],
            ["changes.sequence"],
            name=op.f("fk_logged_constitutions_recorded_change"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_logged_constitutions")),
        sa.UniqueConstraint("version", name=op.f("uq_logged_constitutions_version")),
    )
    op.create_table(
        "status_log",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("guideline_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("margin", sa.Float(precision=53), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('accepted', 'undecided', 'rejected', 'too_few_ratings', 'removed')",
            name=op.f("ck_status_log_status"),
        ),
        sa.ForeignKeyConstraint(
            ["position"],
            ["logged_constitutions.position"],
            name=op.f("fk_status_log_position"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_status_log")),
    )
    op.create_index("ix_status_log_guideline", "status_log", ["guideline_id", "sequence"])
    op.create_index("ix_status_log_position", "status_log", ["position"])
