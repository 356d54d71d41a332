"""Publications that somebody declined, with the reason.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add who declined what the gate held back, when, and why; nobody has yet."""
    op.add_column("publications", sa.Column("declined_by", sa.Text(), nullable=True))
    op.add_column("publications", sa.Column("declined_at", sa.BigInteger(), nullable=True))
    op.add_column("publications", sa.Column("declined_why", sa.Text(), nullable=True))
