"""Versioned Parquet and JSON artifacts with lineage, in a local folder or an object store.

Knows nothing of Dagster: `labelaudit_dagster.resources.artifact_io_manager` brings the two
together. Importing this package loads neither pandas, pyarrow nor fsspec.

    store = ArtifactStore("artifacts")
    ref = store.write("numbers", frame)
    store.load(store.current("numbers"))
"""

from __future__ import annotations

from labelaudit_dagster.artifacts.artifact_store import ArtifactStore
from labelaudit_dagster.artifacts.erasing import ErasedCounts
from labelaudit_dagster.artifacts.errors import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactKeyError,
    ArtifactLineageError,
    ArtifactNotFoundError,
    ArtifactSchemaError,
    ArtifactStorageError,
    ArtifactValueError,
)
from labelaudit_dagster.artifacts.manifest import Manifest, StoredFile
from labelaudit_dagster.artifacts.path_encoding import decode_key, encode_key
from labelaudit_dagster.artifacts.pointers import CurrentPointer, Pin
from labelaudit_dagster.artifacts.pruning import PruneReport
from labelaudit_dagster.artifacts.references import ArtifactRef, artifact_key
from labelaudit_dagster.artifacts.schema_registry import SCHEMAS, SchemaRegistry
from labelaudit_dagster.artifacts.values import Blob, Bundle

__all__ = [
    "SCHEMAS",
    "ArtifactCorruptError",
    "ArtifactError",
    "ArtifactKeyError",
    "ArtifactLineageError",
    "ArtifactNotFoundError",
    "ArtifactRef",
    "ArtifactSchemaError",
    "ArtifactStorageError",
    "ArtifactStore",
    "ArtifactValueError",
    "Blob",
    "Bundle",
    "CurrentPointer",
    "ErasedCounts",
    "Manifest",
    "Pin",
    "PruneReport",
    "SchemaRegistry",
    "StoredFile",
    "artifact_key",
    "decode_key",
    "encode_key",
]
