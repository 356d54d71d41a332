"""Looking at a database without changing it, not even its schema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from labelaudit_dagster.store.engine import make_engine
from labelaudit_dagster.store.failures import translated
from labelaudit_dagster.store.schema import SCHEMA_VERSION
from labelaudit_dagster.store.schema_version import found_version
from labelaudit_dagster.store.url import parse_url, shown_url

_CHECKED_WHOLLY_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class DatabaseState:
    """What was found.

    Attributes:
        shown_url: The URL, without its password.
        engine: Name and version of what keeps it.
        schema: Version of its schema; None where there is none yet.
        expected: Version that this code works with.
        faults: What the database says of damages, empty where it finds none. A PostgreSQL server
            is not asked: it checks its pages as it reads them.
    """

    shown_url: str
    engine: str
    schema: str | None
    expected: str
    faults: tuple[str, ...]


def inspect_database(url: str, *, look_for_faults: bool = True) -> DatabaseState:
    """Look at a database.

    Args:
        url: As for `Database.open`.
        look_for_faults: Have an SQLite file check itself, which reads all of it.

    Raises:
        DatabaseMissingError: There is no such file.
        DatabaseUnreachableError: The server or file cannot be opened.
        StoreError: The URL is not supported, or the database failed.
    """
    parsed = parse_url(url)
    shown = shown_url(parsed)
    engine = make_engine(parsed, shown, read_only=True, busy_timeout=10)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    try:
        with translated(shown), engine.connect() as connection:
            query = "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"
            named = "SQLite" if is_sqlite else "PostgreSQL"
            version = connection.execute(text(query)).scalar()
            faults: list[str] = []
            if is_sqlite and look_for_faults:
                large = Path(str(parsed.database)).stat().st_size > _CHECKED_WHOLLY_BYTES
                check = "quick_check" if large else "integrity_check"
                said = connection.exec_driver_sql(f"PRAGMA {check}(5)").scalars().all()
                faults = [str(line) for line in said if line != "ok"]
            return DatabaseState(
                shown, f"{named} {version}", found_version(connection), SCHEMA_VERSION,
                tuple(faults),
            )  # fmt: skip
    finally:
        engine.dispose()
