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
from labelaudit_dagster.store.constitutions import (
    ReceivedConstitution,
    latest_constitution,
    list_received,
    receive_constitution,
    was_received,
)
from labelaudit_dagster.store.current_ids import CurrentIds, current_ids
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.demographics import (
    LONGEST_STUDY_ID,
    PARTICIPANT_COLUMNS,
    ReceivedDemographics,
    ReceivedStudy,
    latest_demographics,
    list_demographics,
    receive_demographics,
    remove_demographics,
)
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
from labelaudit_dagster.store.publications import (
    EMBEDDED_TARGET,
    Publication,
    approve_publication,
    begin_publication,
    find_publication,
    finish_publication,
    held_publication,
    hold_publication,
    last_published,
    list_publications,
    publication_payload,
)
from labelaudit_dagster.store.quarantine import quarantine_counts
from labelaudit_dagster.store.ratings import StoredRating, add_rating
from labelaudit_dagster.store.schema_version import has_current_schema
from labelaudit_dagster.store.sources import ImportMode, Source, list_sources
from labelaudit_dagster.store.tokens import (
    PERSONAL_ROLES,
    ROLES,
    Role,
    Token,
    create_token,
    list_tokens,
    revoke_token,
    verify_token,
)
from labelaudit_dagster.store.url import sqlite_url
from labelaudit_dagster.store.versioned_rows import RowChanges

__all__ = [
    "EMBEDDED_TARGET",
    "LONGEST_STUDY_ID",
    "PARTICIPANT_COLUMNS",
    "PERSONAL_ROLES",
    "ROLES",
    "Change",
    "CurrentIds",
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
    "Publication",
    "PublicationStateError",
    "ReceivedConstitution",
    "ReceivedDemographics",
    "ReceivedStudy",
    "Role",
    "RowChanges",
    "SchemaVersionError",
    "SecondSourceError",
    "Source",
    "StoreError",
    "StoredCommunity",
    "StoredRating",
    "TakenIdError",
    "Token",
    "TokenError",
    "UnknownGuidelineError",
    "add_rating",
    "approve_publication",
    "begin_publication",
    "create_token",
    "current_ids",
    "find_publication",
    "fingerprint",
    "finish_publication",
    "has_current_schema",
    "held_publication",
    "hold_publication",
    "import_community",
    "last_published",
    "latest_constitution",
    "latest_demographics",
    "list_changes",
    "list_demographics",
    "list_publications",
    "list_received",
    "list_sources",
    "list_tokens",
    "load_community",
    "payload_hash",
    "publication_payload",
    "quarantine_counts",
    "ratings_since",
    "receive_constitution",
    "receive_demographics",
    "remove_demographics",
    "revoke_token",
    "sqlite_url",
    "verify_token",
    "was_received",
]
