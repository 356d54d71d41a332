"""The application database: opening it, reading from it, writing to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Connection, Engine

from labelaudit_dagster.store.engine import WRITING, make_engine
from labelaudit_dagster.store.errors import (
    DatabaseBusyError,
    DatabaseReadOnlyError,
    SchemaVersionError,
)
from labelaudit_dagster.store.failures import translated
from labelaudit_dagster.store.schema import SCHEMA_VERSION
from labelaudit_dagster.store.schema_version import check_schema, upgrade_schema
from labelaudit_dagster.store.url import parse_url, shown_url

BUSY_TIMEOUT_SECONDS = 60.0
"""How long a transaction waits for another one that writes (a large import takes seconds)."""


class Database:
    """An open application database; close it, or use it in a `with` statement.

    Instances may be shared between threads, not between processes.
    """

    def __init__(self, engine: Engine, shown: str, *, read_only: bool, busy_timeout: float) -> None:
        self._engine = engine
        self._shown = shown
        self._read_only = read_only
        self._busy_timeout = busy_timeout
        # SQLite lets its waiting writers poll, and forgets who came first.
        self._turn = threading.Lock()

    @classmethod
    def open(
        cls, url: str, *, read_only: bool = False, busy_timeout: float = BUSY_TIMEOUT_SECONDS
    ) -> Self:
        """Open a database, creating or upgrading its schema where that is needed.

        SQLite files are in WAL mode with foreign keys on and synchronous=FULL, so that what
        was acknowledged survives a power failure. With `read_only` nothing is created, and an
        SQLite file is read even where its folder may not be written; an older schema is
        upgraded even so where that is allowed, since nothing could be read otherwise.

        Args:
            url: `sqlite:///file` or `postgresql://user:password@host/database`.
            read_only: Whether only reading is wanted.
            busy_timeout: Seconds to wait for another writer.

        Raises:
            DatabaseMissingError: `read_only`, and there is no such file or no schema in it.
            DatabaseUnreachableError: The server or file cannot be opened.
            DatabaseReadOnlyError: It is to be written, and cannot be.
            SchemaVersionError: The schema is newer than this program; or older, and the
                database may not be written.
            StoreError: The URL is not supported. No message holds the URL's password.
        """
        parsed = parse_url(url)
        shown = shown_url(parsed)
        engine = make_engine(parsed, shown, read_only=read_only, busy_timeout=busy_timeout)
        database = cls(engine, shown, read_only=read_only, busy_timeout=busy_timeout)
        try:
            found = check_schema(database)
            if found != SCHEMA_VERSION and not read_only:
                upgrade_schema(database)
        except BaseException:
            database.close()
            raise
        if found is not None and found != SCHEMA_VERSION and read_only:
            database.close()
            cls._upgrade_for_reading(url, shown, found)
            return cls.open(url, read_only=True, busy_timeout=busy_timeout)
        return database

    @classmethod
    def _upgrade_for_reading(cls, url: str, shown: str, found: str) -> None:
        try:
            cls.open(url).close()
        except DatabaseReadOnlyError as error:
            raise SchemaVersionError(
                f"The database {shown} has the older schema {found} and may not be upgraded "
                "from here; open it once with permission to write, for instance with "
                "`labelaudit status`."
            ) from error

    @property
    def shown_url(self) -> str:
        """The URL for messages, without its password."""
        return self._shown

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._read_only

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection on which every statement sees the same snapshot.

        Raises:
            StoreError: The database failed in an expected way.
        """
        with translated(self._shown), self._engine.connect() as connection:
            if self.dialect == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that excludes every other writer.

        It is committed, durably, when the block ends, and rolled back as a whole when the
        block raises. Readers are never held up. Writers of `changes` are one at a time on
        PostgreSQL too, so that change numbers become visible in their order.

        Raises:
            StoreError: The database failed in an expected way; nothing was stored.
        """
        with self.exclusive() as connection:
            if self.dialect == "postgresql":
                connection.exec_driver_sql("LOCK TABLE changes IN EXCLUSIVE MODE")
            yield connection

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """Give a connection in a writing transaction, before the tables need to exist.

        Raises:
            DatabaseBusyError: Another writer kept the database for longer than the timeout.
            DatabaseReadOnlyError: It was opened for reading only.
            StoreError: The database failed in an expected way; nothing was stored.
        """
        if self._read_only:
            raise DatabaseReadOnlyError(
                f"The database {self._shown} was opened for reading only; nothing was stored."
            )
        if not self._turn.acquire(timeout=self._busy_timeout):
            raise DatabaseBusyError(
                f"The database {self._shown} is locked by another thread; try again later."
            )
        try:
            with translated(self._shown), self._engine.connect() as connection:
                writing = connection.execution_options(**{WRITING: True})
                with writing.begin():
                    yield writing
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close every connection; for SQLite this also folds the write-ahead log in."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self._shown!r}, read_only={self._read_only})"
