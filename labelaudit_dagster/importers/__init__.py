"""Readers and writers of communities: foreign formats to canonical tables and back.

Pure: file-like objects in, frames out. Importing this package is cheap; pandas, pyarrow and
pandera load with the first use of what needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.importers.community import (
    Community,
    ConservationError,
    PublishedParameters,
    TableCounts,
)
from labelaudit_dagster.importers.corpus import Corpus
from labelaudit_dagster.importers.corpus_tables import (
    CATEGORY_SHARES,
    COMMENT_RATINGS,
    COMMENTS,
    CORPUS_DATA_TABLES,
    CORPUS_TABLES,
    CORPUS_TABLES_SCHEMA_VERSION,
    RATERS,
    SYSTEM_RATINGS,
    corpus_schema,
    empty_corpus_table,
    validate_corpus_table,
)
from labelaudit_dagster.importers.demographics import (
    PARTICIPANT_COLUMN,
    DemographicColumns,
    ReducedRows,
    RowReducer,
    reduced_rows,
)
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.identity import (
    SourceIdentity,
    guideline_fingerprint,
    same_source,
)
from labelaudit_dagster.importers.item_ids import assign_item_ids, item_id_of
from labelaudit_dagster.importers.polis_folder import PolisFiles, polis_files
from labelaudit_dagster.importers.quarantine import EXPECTED_REASONS, REASONS, WARNINGS
from labelaudit_dagster.importers.rating_columns import RatingColumns, parse_named_columns
from labelaudit_dagster.importers.scale_reading import parse_range, parse_scale_values
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

if TYPE_CHECKING:
    from labelaudit_dagster.importers.export_reading import read_export
    from labelaudit_dagster.importers.export_writing import ExportFlags, write_export
    from labelaudit_dagster.importers.merging import merge_prefix
    from labelaudit_dagster.importers.participant_attributes import with_attributes
    from labelaudit_dagster.importers.polis import read_polis
    from labelaudit_dagster.importers.ratings_reading import read_ratings, with_system_scores
    from labelaudit_dagster.importers.system_scores import SystemScores, read_system_scores
    from labelaudit_dagster.importers.table_reading import TableFile

__all__ = [
    "CATEGORY_SHARES",
    "COMMENTS",
    "COMMENT_RATINGS",
    "CORPUS_DATA_TABLES",
    "CORPUS_TABLES",
    "CORPUS_TABLES_SCHEMA_VERSION",
    "DATA_TABLES",
    "EXPECTED_REASONS",
    "GUIDELINES",
    "GUIDELINE_RATINGS",
    "PARTICIPANTS",
    "PARTICIPANT_COLUMN",
    "QUARANTINE",
    "RATERS",
    "REASONS",
    "SYSTEM_RATINGS",
    "TABLES",
    "TABLES_SCHEMA_VERSION",
    "TOPICS",
    "WARNINGS",
    "ColumnSpec",
    "Community",
    "ConservationError",
    "Corpus",
    "DemographicColumns",
    "ExportFlags",
    "ImportFailure",
    "PolisFiles",
    "PublishedParameters",
    "RatingColumns",
    "ReducedRows",
    "RowReducer",
    "SourceIdentity",
    "SystemScores",
    "TableCounts",
    "TableFile",
    "TableSpec",
    "assign_item_ids",
    "corpus_schema",
    "empty_corpus_table",
    "empty_table",
    "guideline_fingerprint",
    "item_id_of",
    "merge_prefix",
    "pandera_schema",
    "parse_named_columns",
    "parse_range",
    "parse_scale_values",
    "polis_files",
    "read_export",
    "read_polis",
    "read_ratings",
    "read_system_scores",
    "reduced_rows",
    "same_source",
    "validate_corpus_table",
    "validate_table",
    "with_attributes",
    "with_system_scores",
    "write_export",
]

_LOADED_ON_USE = {
    "ExportFlags": "export_writing",
    "SystemScores": "system_scores",
    "TableFile": "table_reading",
    "merge_prefix": "merging",
    "read_export": "export_reading",
    "read_polis": "polis",
    "read_ratings": "ratings_reading",
    "read_system_scores": "system_scores",
    "with_attributes": "participant_attributes",
    "with_system_scores": "ratings_reading",
    "write_export": "export_writing",
}


def __getattr__(name: str) -> Any:
    if name in _LOADED_ON_USE:
        return getattr(import_module(f"{__name__}.{_LOADED_ON_USE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
