"""Database URLs: what is supported, how they are normalised, and how they are shown."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from labelaudit_dagster.store.errors import StoreError

_POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg2"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_SECRET_QUERY_KEYS = {"password", "sslpassword"}

SUPPORTED = "sqlite:///path/to/file.db or postgresql://user:password@host/database"


def parse_url(text: str) -> URL:
    """Return the normalised URL of a supported database.

    Args:
        text: `sqlite:///file` or `postgresql://…`; `postgres://` and
            `postgresql+psycopg2://` mean the same driver.

    Raises:
        StoreError: The URL cannot be read, names another database, or an SQLite
            database that lives in memory. The message never holds the URL itself,
            which may contain a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise StoreError(f"LABELAUDIT_DATABASE_URL cannot be read; expected {SUPPORTED}.") from None
    if url.drivername in _POSTGRESQL:
        return url.set(drivername="postgresql+psycopg2")
    if url.drivername in _SQLITE:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise StoreError(
                "The application database needs a plain file: use sqlite:///path/to/file.db."
            )
        return URL.create("sqlite", database=url.database)
    raise StoreError(
        f"Databases of the kind {url.drivername!r} are not supported; expected {SUPPORTED}."
    )


def sqlite_url(path: Path) -> str:
    """Return the URL of an SQLite file (spaces, `?` and `#` in its path included)."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def shown_url(url: URL) -> str:
    """Return the URL for messages: without its password and without secret parameters."""
    secret = [key for key in url.query if key.lower() in _SECRET_QUERY_KEYS]
    return url.difference_update_query(secret).render_as_string(hide_password=True)
