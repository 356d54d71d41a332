"""The manifest: what a version holds, where it comes from, and how to know it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from labelaudit_dagster.artifacts.errors import ArtifactCorruptError, ArtifactSchemaError
from labelaudit_dagster.artifacts.json_documents import decode_json, encode_json
from labelaudit_dagster.artifacts.references import ArtifactRef

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1
"""Version of the manifest's own layout; it rises only when old readers could misread a new one."""

FileKind = Literal["table", "json", "bytes"]
ArtifactKind = Literal["table", "json", "bytes", "bundle"]


@dataclass(frozen=True)
class StoredFile:
    """One data file of a version.

    Attributes:
        name: member name (`data` unless the artifact is a bundle).
        kind: `table`, `json` or `bytes`.
        sha256: hash of the file, 64 hexadecimal digits.
        size: bytes.
        row_count: rows of a table, else `None`.
        columns: column name and Arrow type of a table, in order, else `None`.
    """

    name: str
    kind: FileKind
    sha256: str
    size: int
    row_count: int | None = None
    columns: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Manifest:
    """Description of one version, written once beside its files.

    Attributes:
        asset: asset name.
        partition: partition key or `None`.
        version: version identifier.
        created_at: when it was written (UTC, the writer's clock).
        kind: `table`, `json`, `bytes` or `bundle`.
        schema_version: version of the content's schema; see `SchemaRegistry`.
        files: data files by file name.
        run_id: Dagster run that wrote it, if one did.
        code_version: code version of the asset, if it declares one.
        inputs: version of each upstream artifact it was made from, by `artifact_key`.
        extra: free metadata of the writer, a JSON object.
        manifest_version: version of this layout.
    """

    asset: str
    partition: str | None
    version: str
    created_at: datetime
    kind: ArtifactKind
    schema_version: int
    files: Mapping[str, StoredFile]
    run_id: str | None = None
    code_version: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    manifest_version: int = MANIFEST_VERSION

    @property
    def ref(self) -> ArtifactRef:
        """The version that this manifest describes."""
        return ArtifactRef(self.asset, self.partition, self.version)

    @property
    def size(self) -> int:
        """Bytes of all data files."""
        return sum(entry.size for entry in self.files.values())

    @property
    def content_hash(self) -> str:
        """One SHA-256 for the whole content: equal content, equal hash.

        The file's own hash where there is one file; of a bundle, that of the sorted lines
        `<sha256>  <file name>` (what `sha256sum` prints).
        """
        if len(self.files) == 1:
            return next(iter(self.files.values())).sha256
        lines = [f"{entry.sha256}  {name}\n" for name, entry in sorted(self.files.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def row_count(self) -> int | None:
        """Rows of the one table of a `table` artifact, else `None`."""
        return next(iter(self.files.values())).row_count if self.kind == "table" else None

    @property
    def columns(self) -> tuple[tuple[str, str], ...] | None:
        """Columns of the one table of a `table` artifact, else `None`."""
        return next(iter(self.files.values())).columns if self.kind == "table" else None

    def to_json(self) -> bytes:
        """Return the bytes of `manifest.json` (sorted keys, indented for people)."""
        document: dict[str, Any] = {
            "manifest_version": self.manifest_version,
            "asset": self.asset,
            "partition": self.partition,
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "kind": self.kind,
            "schema_version": self.schema_version,
            "run_id": self.run_id,
            "code_version": self.code_version,
            "inputs": dict(self.inputs),
            "extra": dict(self.extra),
            "files": {
                file_name: {
                    "name": entry.name,
                    "kind": entry.kind,
                    "sha256": entry.sha256,
                    "size": entry.size,
                    "row_count": entry.row_count,
                    "columns": None
                    if entry.columns is None
                    else [{"name": name, "type": kind} for name, kind in entry.columns],
                }
                for file_name, entry in self.files.items()
            },
        }
        return encode_json(document, indent=True)


def read_manifest(data: bytes, what: str) -> Manifest:
    """Parse a `manifest.json`.

    Args:
        data: its bytes.
        what: the artifact and version, for error messages.

    Raises:
        ArtifactSchemaError: if a newer release wrote it.
        ArtifactCorruptError: if it is cut short or lacks a field.
    """
    try:
        document = decode_json(data)
        written_as = int(document["manifest_version"])
        if written_as > MANIFEST_VERSION:
            raise ArtifactSchemaError(
                f"{what} has manifest version {written_as}, and this release reads up to "
                f"{MANIFEST_VERSION}; use the newer release that wrote it."
            )
        return Manifest(
            asset=document["asset"],
            partition=document["partition"],
            version=document["version"],
            created_at=datetime.fromisoformat(document["created_at"]),
            kind=document["kind"],
            schema_version=int(document["schema_version"]),
            run_id=document["run_id"],
            code_version=document["code_version"],
            inputs=dict(document["inputs"]),
            extra=dict(document["extra"]),
            manifest_version=written_as,
            files={
                file_name: StoredFile(
                    name=entry["name"],
                    kind=entry["kind"],
                    sha256=entry["sha256"],
                    size=int(entry["size"]),
                    row_count=entry["row_count"],
                    columns=None
                    if entry["columns"] is None
                    else tuple((column["name"], column["type"]) for column in entry["columns"]),
                )
                for file_name, entry in document["files"].items()
            },
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactCorruptError(
            f"The manifest of {what} is damaged ({type(error).__name__}: {error}); "
            "restore the file from a backup or materialise the asset again."
        ) from error
