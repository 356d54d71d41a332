"""Copies of a database as it was at one moment, made while others write to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import text
from sqlalchemy.engine import URL

from labelaudit_dagster.store.engine import make_engine, reading_uri
from labelaudit_dagster.store.errors import DatabaseDamagedError, DatabaseMissingError, StoreError
from labelaudit_dagster.store.failures import translate_driver_error, translated
from labelaudit_dagster.store.url import parse_url, shown_url


def back_up_database(url: str, target: Path) -> tuple[Literal["sqlite", "postgresql"], datetime]:
    """Copy a database into a file: an SQLite file, or an archive of `pg_dump`.

    Args:
        url: As for `Database.open`.
        target: The file; it must not exist.

    Returns:
        Which of the two, and the moment (UTC) whose state it is. What was written before the
        moment is in the copy; what began after it is not.

    Raises:
        DatabaseMissingError: There is no such file.
        StoreError: It cannot be read, or is damaged; the copy is useless then.
    """
    parsed = parse_url(url)
    shown = shown_url(parsed)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        if not path.is_file():
            raise DatabaseMissingError(f"There is no database at {path} yet; import something.")
        try:
            moment = copy_sqlite(path, target)
        except sqlite3.Error as error:
            raise translate_driver_error(error, shown) from error
        with closing(sqlite3.connect(target)) as copy:
            [*faults] = copy.execute("PRAGMA integrity_check(3)").fetchall()
        if faults != [("ok",)]:
            raise DatabaseDamagedError(
                f"The database {shown} is damaged ({faults[0][0]}), and so would be its copy. "
                "Restore the last backup that was made before."
            )
        return "sqlite", moment
    return "postgresql", _dump(parsed, shown, target)


def copy_sqlite(path: Path, target: Path) -> datetime:
    """Copy an SQLite file that others may be writing to, as it is at one moment.

    Returns:
        The moment (UTC).

    Raises:
        FileNotFoundError: There is no such file.
        sqlite3.Error: It cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    with (
        closing(sqlite3.connect(reading_uri(path), uri=True, timeout=60)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.isolation_level = None
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the snapshot
        moment = datetime.now(UTC)
        source.backup(copy)
        source.execute("ROLLBACK")
    return moment


def _dump(url: URL, shown: str, target: Path) -> datetime:
    """Have `pg_dump` copy the snapshot of a transaction that is held open meanwhile."""
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError(
            "A copy of a PostgreSQL database needs the program pg_dump (Debian: apt-get install "
            "postgresql-client)."
        )
    engine = make_engine(url, shown, read_only=True, busy_timeout=60)
    try:
        with (
            translated(shown),
            engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        ):
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar()
            moment = datetime.now(UTC)
            options = ["--format=custom", "--no-owner", "--no-privileges"]
            _run([program, *options, f"--snapshot={snapshot}", f"--file={target}"], url)
            return moment
    finally:
        engine.dispose()


def restore_dump(url: str, dump: Path) -> None:
    """Load an archive of `pg_dump` into an empty PostgreSQL database, whole or not at all.

    Raises:
        StoreError: The database is not empty, or something failed.
    """
    parsed = parse_url(url)
    shown = shown_url(parsed)
    program = shutil.which("pg_restore")
    if parsed.get_backend_name() != "postgresql" or program is None:
        raise StoreError(
            "The backup is of a PostgreSQL database: set LABELAUDIT_DATABASE_URL to an empty one, "
            "and have the program pg_restore (Debian: apt-get install postgresql-client)."
        )
    engine = make_engine(parsed, shown, read_only=True, busy_timeout=60)
    try:
        with translated(shown), engine.connect() as connection:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            if connection.execute(text(query)).scalar():
                raise StoreError(
                    f"The database {shown} is not empty and stays as it is; name an empty one."
                )
    finally:
        engine.dispose()
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    _run([program, *options, f"--dbname={parsed.database}", str(dump)], parsed)


def _run(command: list[str], url: URL) -> None:
    """Run a program of PostgreSQL; the address goes by the environment, which nobody else sees."""
    given = {
        "PGHOST": url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{name: value for name, value in given.items() if value}}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        raise StoreError(f"{Path(command[0]).name} failed: {said}")
