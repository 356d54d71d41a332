"""SQLAlchemy engines for the two supported databases, with their connection settings."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import QueuePool

from labelaudit_dagster.store.errors import (
    DatabaseMissingError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    StoreError,
)
from labelaudit_dagster.store.failures import translate_driver_error, translated

WRITING = "labelaudit_writing"
"""Execution option of connections whose transaction writes."""

_POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 35}

# The values of a failed statement may be personal data, and its message goes to the log.
_SILENT: dict[str, Any] = {"hide_parameters": True}


def make_engine(url: URL, shown: str, *, read_only: bool, busy_timeout: float) -> Engine:
    """Return an engine for a normalised URL; see `Database.open` for what it promises."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(
            Path(str(url.database)), shown, read_only=read_only, busy_timeout=busy_timeout
        )
    return _postgresql_engine(url, busy_timeout=busy_timeout)


def _postgresql_engine(url: URL, *, busy_timeout: float) -> Engine:
    try:
        return create_engine(
            url,
            connect_args={
                "connect_timeout": 10,
                "application_name": "labelaudit",
                "options": f"-c lock_timeout={int(busy_timeout * 1000)} -c timezone=UTC",
            },
            executemany_mode="values_plus_batch",
            pool_pre_ping=True,
            **_POOL,
            **_SILENT,
        )
    except ImportError:
        raise StoreError(
            "PostgreSQL needs the package psycopg2; install labelaudit with the extra 'postgres'."
        ) from None


def _sqlite_engine(path: Path, shown: str, *, read_only: bool, busy_timeout: float) -> Engine:
    if read_only:
        if not path.is_file():
            raise DatabaseMissingError(f"There is no database at {path} yet; import something.")
        mode = _reading_mode(path, shown)
    else:
        _prepare_writing(path)
        mode = "mode=rwc"
    uri = f"file:{quote(str(path.absolute()))}?{mode}"

    def connect() -> sqlite3.Connection:
        # Without an isolation level the driver leaves BEGIN and COMMIT to us.
        return sqlite3.connect(
            uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
        )

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **_POOL, **_SILENT)

    @event.listens_for(engine, "connect")
    def configure(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute("PRAGMA foreign_keys = ON")
        driver.execute("PRAGMA cache_size = -65536")
        driver.execute("PRAGMA temp_store = MEMORY")
        if not read_only:
            driver.execute("PRAGMA journal_mode = WAL")
            # In WAL mode, NORMAL would lose the last acknowledged writes in a power failure.
            driver.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: a reader that turns writer can fail without waiting.
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _prepare_writing(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachableError(
            f"The folder {path.parent} for the database cannot be made: {error.strerror}."
        ) from error
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise DatabaseReadOnlyError(
                f"The database {path} cannot be written because {place} is read-only; "
                "check its permissions, or choose another LABELAUDIT_HOME."
            )


def reading_uri(path: Path) -> str:
    """Return the URI with which an SQLite file can be read where it lies.

    Raises:
        StoreError: It cannot.
    """
    return f"file:{quote(str(path.absolute()))}?{_reading_mode(path, str(path))}"


def _reading_mode(path: Path, shown: str) -> str:
    """Return the URI parameters with which an SQLite file can be read where it lies.

    Reading a WAL database makes small files beside it. Where the folder is read-only that
    fails, and `immutable=1` reads the file alone. That is right only when no write-ahead log
    is left beside it, since the log may hold acknowledged writes.
    """
    try:
        _probe(path, "mode=ro")
    except sqlite3.OperationalError as error:
        log = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) or not os.access(path, os.R_OK):
            raise translate_driver_error(error, shown) from error
        if log.exists() and log.stat().st_size > 0:
            raise DatabaseReadOnlyError(
                f"The database {path} was not closed: rows are left in {log.name}, which cannot "
                "be read in a read-only folder; open it once with permission to write."
            ) from error
        with translated(shown):
            _probe(path, "immutable=1")
        return "immutable=1"
    except sqlite3.DatabaseError as error:
        raise translate_driver_error(error, shown) from error
    return "mode=ro"


def _probe(path: Path, mode: str) -> None:
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        connection.close()
