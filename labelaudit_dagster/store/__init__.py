"""The application database: what people write and what imports bring.

SQLite by default, PostgreSQL by URL; `docs/database.md` describes the tables. Importing this
package is cheap: pandas and Alembic load with the first use of what needs them.
"""

from __future__ import annotations

from labelaudit_dagster.store.changes import (
    Change,
    Fingerprint,
    fingerprint,
    list_changes,
    ratings_since,
)
from labelaudit_dagster.store.community_import import ImportReport, import_community
from labelaudit_dagster.store.community_load import StoredCommunity, load_community
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseFullError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    IdempotencyConflictError,
    InvalidTableError,
    PublicationStateError,
    SchemaVersionError,
    SecondSourceError,
    StoreError,
    TakenIdError,
    TokenError,
    UnknownGuidelineError,
)
from labelaudit_dagster.store.payloads import payload_hash
from labelaudit_dagster.store.ratings import StoredRating, add_rating
from labelaudit_dagster.store.sources import ImportMode, Source, list_sources
from labelaudit_dagster.store.url import sqlite_url
from labelaudit_dagster.store.versioned_rows import RowChanges

__all__ = [
    "Change",
    "Database",
    "DatabaseBusyError",
    "DatabaseDamagedError",
    "DatabaseFullError",
    "DatabaseMissingError",
    "DatabaseReadOnlyError",
    "DatabaseUnreachableError",
    "Fingerprint",
    "IdempotencyConflictError",
    "ImportMode",
    "ImportReport",
    "InvalidTableError",
    "PublicationStateError",
    "RowChanges",
    "SchemaVersionError",
    "SecondSourceError",
    "Source",
    "StoreError",
    "StoredCommunity",
    "StoredRating",
    "TakenIdError",
    "TokenError",
    "UnknownGuidelineError",
    "add_rating",
    "fingerprint",
    "import_community",
    "list_changes",
    "list_sources",
    "load_community",
    "payload_hash",
    "ratings_since",
    "sqlite_url",
]
