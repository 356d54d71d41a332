"""What all modules of the schema share: the metadata, the log of changes, common columns.

Facts are never overwritten: a row that stops being true gets the number of the change
that ended it (`ended_change`), and a new row is added. The current state is what has no
`ended_change`. Every writing transaction has one row in `changes`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from labelaudit_dagster.store.columns import UtcMicroseconds, VerbatimText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key_column(name: str) -> Column[int]:
    """Return an integer primary key that the writer assigns (writers are one at a time)."""
    return Column(name, Integer, primary_key=True, autoincrement=False)


def recorded_column() -> Column[int]:
    """Return the column of the change that brought a row."""
    return Column("recorded_change", Integer, ForeignKey("changes.sequence"), nullable=False)


def ended_column() -> Column[int | None]:
    """Return the column of the change that ended a row."""
    return Column("ended_change", Integer, ForeignKey("changes.sequence"), nullable=True)


def one_current(table: Table, *columns: str) -> None:
    """Allow one row without `ended_change` per value of the columns."""
    current_index(f"uq_{table.name}_current", table, *columns, unique=True)


def current_index(name: str, table: Table, *columns: str, unique: bool = False) -> None:
    """Index the rows without `ended_change` by the columns."""
    current = table.c.ended_change.is_(None)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=current,
        postgresql_where=current,
    )


installation = Table(
    "installation",
    metadata,
    Column("database_id", Text, primary_key=True),
    Column("created_at", UtcMicroseconds, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    key_column("sequence"),
    Column("at", UtcMicroseconds, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", VerbatimText),
    Column("alters_community", Boolean, nullable=False),
    Column("ratings_added", BigInteger, nullable=False),
    Column("ratings_ended", BigInteger, nullable=False),
)
