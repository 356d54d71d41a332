"""`ArtifactRef`: the name of one immutable version of one artifact."""

from __future__ import annotations

from dataclasses import dataclass

from labelaudit_dagster.artifacts.errors import ArtifactKeyError
from labelaudit_dagster.artifacts.path_encoding import encode_key
from labelaudit_dagster.artifacts.version_ids import is_version


def artifact_key(asset: str, partition: str | None = None) -> str:
    """Return the folder of an artifact below the store's root: `asset` or `asset/partition`.

    Both parts are encoded (see `path_encoding`); manifests name their inputs by this key.
    """
    folder = encode_key(asset)
    return folder if partition is None else f"{folder}/{encode_key(partition)}"


@dataclass(frozen=True, order=True)
class ArtifactRef:
    """One version of one artifact.

    Attributes:
        asset: asset name as in Dagster (`guideline_ratings`, `prefix/name`).
        partition: partition key, any text; `None` for an artifact without partitions.
        version: version identifier.
    """

    asset: str
    partition: str | None
    version: str

    def __post_init__(self) -> None:
        if not is_version(self.version):
            raise ArtifactKeyError(
                f"{self.version!r} is no version of {self.asset!r}; take it from a manifest."
            )

    @property
    def key(self) -> str:
        """Folder of the artifact below the root."""
        return artifact_key(self.asset, self.partition)

    @property
    def path(self) -> str:
        """Folder of this version below the root."""
        return f"{self.key}/{self.version}"

    def __str__(self) -> str:
        partition = "" if self.partition is None else f"[{self.partition!r}]"
        return f"{self.asset}{partition} version {self.version}"
