"""Which schema a database has, and bringing it to the one that this code works with.

Alembic takes a quarter of a second to import, so that it is imported only when there is
something to migrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.errors import DatabaseMissingError, SchemaVersionError
from labelaudit_dagster.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from labelaudit_dagster.store.database import Database

VERSION_TABLE = "labelaudit_schema"
"""Alembic's version table; it has our name, so that databases may be shared with others."""

# Any constant will do, as long as nobody else takes it: the ASCII codes of "labelaud".
_MIGRATION_LOCK = int.from_bytes(b"labelaud")


def check_schema(database: Database) -> str | None:
    """Return the schema's version that this code can work with or upgrade.

    Returns:
        The version, or None where there is none yet.

    Raises:
        DatabaseMissingError: There is no schema, and the database is for reading only.
        SchemaVersionError: The schema is newer than this code.
    """
    with database.read() as connection:
        found = found_version(connection)
    _refuse_newer(database, found)
    if found is None and database.read_only:
        raise DatabaseMissingError(
            f"The database {database.shown_url} is empty; import something first."
        )
    return found


def has_current_schema(database: Database) -> bool:
    """Tell whether the database has, at this moment, the schema that this code works with.

    Raises:
        StoreError: The database failed.
    """
    with database.read() as connection:
        return found_version(connection) == SCHEMA_VERSION


def upgrade_schema(database: Database) -> None:
    """Bring the schema up to date in one transaction; others that do the same wait.

    Raises:
        SchemaVersionError: Somebody upgraded it past this code meanwhile.
        StoreError: The database failed; the schema is as it was.
    """
    with database.exclusive() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        # Somebody else may have upgraded it while we waited for the lock.
        found = found_version(connection)
        _refuse_newer(database, found)
        if found != SCHEMA_VERSION:
            migrate(connection, SCHEMA_VERSION)


def found_version(connection: Connection) -> str | None:
    """Return the schema's version, or None where there is none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def migrate(connection: Connection, version: str) -> None:
    """Run the migrations up to a version inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, version)


def _refuse_newer(database: Database, found: str | None) -> None:
    if found is not None and found > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"The database {database.shown_url} has the schema {found}; this version of "
            f"labelaudit knows none newer than {SCHEMA_VERSION}, so upgrade labelaudit."
        )
