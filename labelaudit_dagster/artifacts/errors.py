"""Everything that can go wrong with artifacts, as exceptions with a cause and a next step."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class ArtifactError(ExpectedFailure):
    """Base class of all expected failures of the artifact store."""


class ArtifactKeyError(ArtifactError):
    """An asset, partition or member name, or a version, that cannot be part of an address."""


class ArtifactValueError(ArtifactError):
    """A value that the store cannot hold without loss (NaN in JSON, a named index, …)."""


class ArtifactNotFoundError(ArtifactError):
    """The version, or a named part of it, is not in the store."""


class ArtifactCorruptError(ArtifactError):
    """Stored bytes are missing, cut short, or differ from the hash in the manifest."""


class ArtifactSchemaError(ArtifactError):
    """The stored schema version cannot be read: it is too new, or an upgrader is missing."""


class ArtifactLineageError(ArtifactError):
    """No single upstream version follows from the recorded inputs."""


class ArtifactStorageError(ArtifactError):
    """The storage refused: disk full, no permission, bucket missing, network down."""
