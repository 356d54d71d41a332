"""Whether callers must say who they are."""

from __future__ import annotations

from labelaudit_dagster.store import Database, is_guarded


class Guard:
    """Remembers that the door is closed, which never changes back.

    Args:
        database: Where tokens and invitations are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closed = False

    def is_closed(self) -> bool:
        """Tell whether requests need a token or a session.

        Raises:
            StoreError: The database failed.
        """
        if not self._closed:
            self._closed = is_guarded(self._database)
        return self._closed
