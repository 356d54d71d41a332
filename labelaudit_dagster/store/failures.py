"""Translation of database drivers' errors into this package's exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from labelaudit_dagster.store.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    StoreError,
)

# https://www.sqlite.org/rescode.html and the appendix "PostgreSQL Error Codes".
_SQLITE: tuple[tuple[str, type[StoreError]], ...] = (
    ("SQLITE_BUSY", DatabaseBusyError),
    ("SQLITE_LOCKED", DatabaseBusyError),
    ("SQLITE_FULL", DatabaseFullError),
    # A reader of a write-ahead log needs room for a small file beside it.
    ("SQLITE_IOERR_SHMSIZE", DatabaseFullError),
    ("SQLITE_READONLY", DatabaseReadOnlyError),
    ("SQLITE_CANTOPEN", DatabaseUnreachableError),
    ("SQLITE_PERM", DatabaseUnreachableError),
    ("SQLITE_NOTADB", DatabaseDamagedError),
    ("SQLITE_CORRUPT", DatabaseDamagedError),
)
_POSTGRESQL: tuple[tuple[str, type[StoreError]], ...] = (
    ("55P03", DatabaseBusyError),
    ("53100", DatabaseFullError),
    ("25006", DatabaseReadOnlyError),
    ("42501", DatabaseReadOnlyError),
    ("08", DatabaseUnreachableError),
    ("28", DatabaseUnreachableError),
    ("3D000", DatabaseUnreachableError),
    ("53300", DatabaseUnreachableError),
    ("57P", DatabaseUnreachableError),
)
_ADVICE: dict[type[StoreError], str] = {
    DatabaseBusyError: "is locked by another process; wait for it to finish and try again",
    DatabaseFullError: "cannot grow, the disk is full; make room and try again, nothing was stored",
    DatabaseReadOnlyError: "is read-only; nothing was stored, check who may write to it",
    DatabaseUnreachableError: "cannot be reached; check LABELAUDIT_DATABASE_URL and the server",
    DatabaseDamagedError: "is not a readable database; restore it from a backup",
}


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Raise this package's exceptions in place of the driver's expected ones.

    Args:
        shown: The database's URL without its password, for the message.
    """
    try:
        yield
    except (IntegrityError, ProgrammingError) as error:
        kind = _kind(error.orig)
        if kind is None:
            raise
        raise _failure(kind, shown, error.orig) from error
    except DBAPIError as error:
        raise _failure(_kind(error.orig), shown, error.orig) from error
    except PoolTimeoutError as error:
        raise DatabaseBusyError(
            f"The database {shown} has no free connection; try again later."
        ) from error
    except Exception as error:
        # Bulk reading and writing speak to the driver, past SQLAlchemy's wrapping.
        kind = _kind(error) if _is_of_driver(error) else None
        if kind is None:
            raise
        raise _failure(kind, shown, error) from error


def translate_driver_error(error: Exception, shown: str) -> StoreError:
    """Return this package's exception for an error of `sqlite3` or `psycopg2`."""
    return _failure(_kind(error), shown, error)


def _is_of_driver(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] in {"sqlite3", "psycopg2"}


def _kind(error: BaseException | None) -> type[StoreError] | None:
    name = getattr(error, "sqlite_errorname", None)
    if name is not None:
        return next((kind for prefix, kind in _SQLITE if name.startswith(prefix)), None)
    code = getattr(error, "pgcode", None)
    if code is not None:
        return next((kind for prefix, kind in _POSTGRESQL if code.startswith(prefix)), None)
    if type(error).__name__ == "OperationalError":
        # A connection that was refused or cut has no code of its own.
        return DatabaseUnreachableError
    return None


def _failure(kind: type[StoreError] | None, shown: str, error: BaseException | None) -> StoreError:
    cause = " ".join(str(error).split())
    if kind is None:
        return StoreError(f"The database {shown} failed: {cause}")
    return kind(f"The database {shown} {_ADVICE[kind]} ({cause}).")
