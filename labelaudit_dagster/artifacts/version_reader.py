"""Reads the files of a version: checks hashes, decodes, upgrades."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import orjson

from labelaudit_dagster.artifacts.errors import ArtifactCorruptError, ArtifactNotFoundError
from labelaudit_dagster.artifacts.json_documents import decode_json
from labelaudit_dagster.artifacts.manifest import FileKind, Manifest, StoredFile
from labelaudit_dagster.artifacts.path_encoding import KEY_FILE, encode_key
from labelaudit_dagster.artifacts.schema_registry import SchemaRegistry
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.tables import Filters, decode_table, is_frame, select
from labelaudit_dagster.artifacts.values import Bundle

if TYPE_CHECKING:
    import pandas as pd

_REPAIR = "restore the file from a backup or materialise the asset again"


class VersionReader:
    """Loads values by their manifests."""

    def __init__(self, storage: Storage, schemas: SchemaRegistry) -> None:
        self._storage = storage
        self._schemas = schemas

    def original_key(self, folder: str) -> str | None:
        """Return the key that a shortened folder name stands for, `None` without a sound file."""
        try:
            key = decode_json(self._storage.read(f"{folder}/{KEY_FILE}"))["key"]
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
            return None
        sound = isinstance(key, str) and encode_key(key) == folder.rsplit("/", 1)[-1]
        return key if sound else None

    def _content(self, manifest: Manifest, file_name: str) -> bytes:
        """Read one file and check its hash."""
        entry = manifest.files[file_name]
        try:
            data = self._storage.read(f"{manifest.ref.path}/{file_name}")
        except FileNotFoundError:
            raise ArtifactCorruptError(
                f"{manifest.ref}: the file {file_name} is missing; {_REPAIR}."
            ) from None
        if len(data) != entry.size:
            raise ArtifactCorruptError(
                f"{manifest.ref}: the file {file_name} has {len(data)} bytes where the manifest "
                f"says {entry.size}; {_REPAIR}."
            )
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise ArtifactCorruptError(
                f"{manifest.ref}: the file {file_name} differs from its hash in the manifest; "
                f"{_REPAIR}."
            )
        return data

    def verify(self, manifest: Manifest) -> None:
        """Check all files of a version."""
        for file_name in manifest.files:
            self._content(manifest, file_name)

    def _decode(self, manifest: Manifest, file_name: str) -> Any:
        data = self._content(manifest, file_name)
        kind = manifest.files[file_name].kind
        if kind == "table":
            return decode_table(data)
        return decode_json(data) if kind == "json" else data

    def load(self, manifest: Manifest) -> Any:
        """Return the whole value in the current schema."""
        stored: Any
        if manifest.kind == "bundle":
            stored = Bundle(
                {
                    entry.name: self._decode(manifest, file_name)
                    for file_name, entry in sorted(
                        manifest.files.items(), key=lambda item: item[1].name
                    )
                }
            )
        else:
            stored = self._decode(manifest, next(iter(manifest.files)))
        return self._schemas.upgrade(manifest.asset, manifest.schema_version, stored)

    def _find(self, manifest: Manifest, name: str, kind: FileKind) -> tuple[str, StoredFile]:
        for file_name, entry in manifest.files.items():
            if entry.name == name and entry.kind == kind:
                return file_name, entry
        held = ", ".join(f"{entry.name} ({entry.kind})" for entry in manifest.files.values())
        raise ArtifactNotFoundError(
            f"{manifest.ref} holds no {kind} named {name!r}; it holds {held}."
        )

    def _upgraded_member(self, manifest: Manifest, name: str, kind: FileKind) -> Any:
        value = self.load(manifest)
        if isinstance(value, Bundle):
            if name not in value:
                raise ArtifactNotFoundError(
                    f"{manifest.ref} holds no {kind} named {name!r} in the current schema; "
                    f"it holds {', '.join(value)}."
                )
            value = value[name]
        elif name != "data":
            raise ArtifactNotFoundError(f"{manifest.ref} holds one value, named 'data'.")
        found = "table" if is_frame(value) else "bytes" if isinstance(value, bytes) else "json"
        if found != kind:
            raise ArtifactNotFoundError(
                f"{manifest.ref} holds {name!r} as {found} and not as {kind}."
            )
        return value

    def load_member(self, manifest: Manifest, name: str, kind: FileKind) -> Any:
        """Return one whole member, checked, in the current schema."""
        if self._schemas.needs_upgrade(manifest.asset, manifest.schema_version):
            return self._upgraded_member(manifest, name, kind)
        return self._decode(manifest, self._find(manifest, name, kind)[0])

    def load_table(
        self,
        manifest: Manifest,
        name: str,
        columns: Sequence[str] | None,
        filters: Filters | None,
    ) -> pd.DataFrame:
        """Return a table or a part of it; only a whole one is checked against its hash."""
        import pyarrow as pa

        if columns is None and filters is None:
            return cast("pd.DataFrame", self.load_member(manifest, name, "table"))
        old = self._schemas.needs_upgrade(manifest.asset, manifest.schema_version)
        try:
            if old:
                return select(self._upgraded_member(manifest, name, "table"), columns, filters)
            file_name, entry = self._find(manifest, name, "table")
            known = {column for column, _ in entry.columns or ()}
            if absent := sorted(set(columns or ()) - known):
                raise ArtifactNotFoundError(
                    f"{manifest.ref} has no column {absent[0]!r}; it has {', '.join(known)}."
                )
            with self._storage.open(f"{manifest.ref.path}/{file_name}") as source:
                return decode_table(source, columns, filters)
        except FileNotFoundError:
            raise ArtifactCorruptError(
                f"{manifest.ref}: the file of {name!r} is missing; {_REPAIR}."
            ) from None
        except KeyError as error:
            raise ArtifactNotFoundError(f"{manifest.ref} has no column {error}.") from None
        except (pa.ArrowException, OSError) as error:
            raise ArtifactCorruptError(
                f"{manifest.ref}: the file of {name!r} cannot be read ({error}); {_REPAIR}."
            ) from error
