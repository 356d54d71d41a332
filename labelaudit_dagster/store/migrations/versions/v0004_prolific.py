"""What was sent of demographics, and what failed; rows from before are reduced to what is needed.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from labelaudit_dagster.importers import reduced_rows
from labelaudit_dagster.store.columns import JsonText

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables, and reduce received rows as those are that come from now on.

    Hashes stay, as where a person is removed.
    """
    op.create_table(
        "demographics_sendings",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("study_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('begun', 'sent')", name=op.f("ck_demographics_sendings_state")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_demographics_sendings")),
        sa.UniqueConstraint(
            "idempotency_key", name=op.f("uq_demographics_sendings_idempotency_key")
        ),
    )
    op.create_index(
        "ix_demographics_sendings_study",
        "demographics_sendings",
        ["study_id", "sequence"],
        unique=False,
    )
    op.create_table(
        "demographics_failures",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("study_id", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target", "study_id", name=op.f("pk_demographics_failures")),
    )
    _reduce_received()


def _reduce_received() -> None:
    received = sa.table(
        "received_demographics",
        sa.column("sequence", sa.Integer),
        sa.column("rows", JsonText),
        sa.column("row_count", sa.Integer),
    )
    connection = op.get_bind()
    for sequence, rows in connection.execute(sa.select(received.c.sequence, received.c.rows)).all():
        kept = [dict(row) for row in reduced_rows(rows).rows]
        if kept != rows:
            connection.execute(
                received.update()
                .where(received.c.sequence == sequence)
                .values(rows=kept, row_count=len(kept))
            )
