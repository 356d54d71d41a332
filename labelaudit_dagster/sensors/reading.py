"""The home's database for sensors, which must not make one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

_PATIENCE_SECONDS = 10.0


@contextmanager
def database_at_hand(settings: Settings) -> Iterator[Database | None]:
    """Open the database for reading; None where nothing was ever written.

    Raises:
        StoreError: if it cannot be opened.
    """
    from labelaudit_dagster.store import Database, DatabaseMissingError

    url = settings.resolved_database_url
    try:
        database = Database.open(url, read_only=True, busy_timeout=_PATIENCE_SECONDS)
    except DatabaseMissingError:
        yield None
        return
    with database:
        yield database
