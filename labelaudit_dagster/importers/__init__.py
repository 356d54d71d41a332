"""Readers and writers of communities: foreign formats to canonical tables and back.

Pure: file-like objects in, frames out. Importing this package is cheap; pandas, pyarrow and
pandera load with the first use of what needs them.
"""

from __future__ import annotations

from labelaudit_dagster.importers.community import (
    Community,
    ConservationError,
    PublishedParameters,
    TableCounts,
)
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.identity import (
    SourceIdentity,
    guideline_fingerprint,
    same_source,
)
from labelaudit_dagster.importers.quarantine import EXPECTED_REASONS, REASONS, WARNINGS
from labelaudit_dagster.importers.tables import (
    DATA_TABLES,
    GUIDELINE_RATINGS,
    GUIDELINES,
    PARTICIPANTS,
    QUARANTINE,
    TABLES,
    TABLES_SCHEMA_VERSION,
    TOPICS,
    ColumnSpec,
    TableSpec,
    empty_table,
    pandera_schema,
    validate_table,
)

__all__ = [
    "DATA_TABLES",
    "EXPECTED_REASONS",
    "GUIDELINES",
    "GUIDELINE_RATINGS",
    "PARTICIPANTS",
    "QUARANTINE",
    "REASONS",
    "TABLES",
    "TABLES_SCHEMA_VERSION",
    "TOPICS",
    "WARNINGS",
    "ColumnSpec",
    "Community",
    "ConservationError",
    "ImportFailure",
    "PublishedParameters",
    "SourceIdentity",
    "TableCounts",
    "TableSpec",
    "empty_table",
    "guideline_fingerprint",
    "pandera_schema",
    "same_source",
    "validate_table",
]
