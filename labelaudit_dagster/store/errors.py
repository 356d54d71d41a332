"""What can go wrong with the application database, as one family of exceptions."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class StoreError(ExpectedFailure):
    """An expected failure of the application database; its message says what to do."""


class DatabaseMissingError(StoreError):
    """There is no database yet where a reading command looked for one."""


class DatabaseUnreachableError(StoreError):
    """The database server did not answer, refused us, or the file could not be opened."""


class DatabaseReadOnlyError(StoreError):
    """Something is to be written, but the file, its folder or the server is read-only."""


class DatabaseBusyError(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""


class DatabaseFullError(StoreError):
    """The disk is full; the transaction was rolled back as a whole."""


class DatabaseDamagedError(StoreError):
    """The file is not a database, or its pages are damaged."""


class SchemaVersionError(StoreError):
    """The schema is newer than this program, or older and may not be upgraded here."""


class SecondSourceError(StoreError):
    """The home already holds another source, and neither replacing nor merging was chosen."""


class TakenIdError(StoreError):
    """Ids of an import are already used by another source of the same home."""


class InvalidTableError(StoreError):
    """A table handed in for storing is not in canonical form."""


class UnknownGuidelineError(StoreError):
    """A rating names a guideline that the home does not hold at present."""


class IdempotencyConflictError(StoreError):
    """One idempotency key came with two different contents."""


class PublicationStateError(StoreError):
    """A publication is not in the state that the step asked of it needs."""


class TokenError(StoreError):
    """A token is unknown, revoked or expired, or was asked for with an impossible setting."""
