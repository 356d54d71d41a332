"""Writes new versions and makes them current: the only place that changes what is current."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from labelaudit_dagster.artifacts.errors import ArtifactCorruptError, ArtifactStorageError
from labelaudit_dagster.artifacts.json_documents import encode_json
from labelaudit_dagster.artifacts.lineage import Inputs, inputs_by_key
from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE, Manifest
from labelaudit_dagster.artifacts.parallel_work import for_each
from labelaudit_dagster.artifacts.path_encoding import KEY_FILE, is_shortened
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE, CurrentPointer, pointer_in
from labelaudit_dagster.artifacts.references import ArtifactRef, artifact_key
from labelaudit_dagster.artifacts.schema_registry import SchemaRegistry
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.value_encoding import encode_value
from labelaudit_dagster.artifacts.version_ids import VersionIssuer

_ENCODING: Final = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Encoding is work for the processor: more at once than it has cores get in each other's way."""


class VersionCommitter:
    """Writes versions whole, and only then points to them."""

    def __init__(self, storage: Storage, issuer: VersionIssuer, schemas: SchemaRegistry) -> None:
        self._storage = storage
        self._issuer = issuer
        self._schemas = schemas

    def commit(
        self,
        asset: str,
        values: Mapping[Any, Any],
        *,
        run_id: str | None,
        code_version: str | None,
        schema_version: int | None,
        inputs: Callable[[str | None], Inputs],
        extra: Mapping[str, Any] | None,
    ) -> dict[str | None, ArtifactRef]:
        """Write a new version of each partition, then make them current.

        Args and errors are those of `ArtifactStore.write_partitions`; the partition `None` stands
        for an artifact without partitions.
        """
        before = for_each(lambda partition: self._version_before(asset, partition), list(values))
        version = self._issuer.issue(after=[v for v in before if v is not None])
        written: list[ArtifactRef] = []

        def write(partition: str | None) -> None:
            ref = ArtifactRef(asset, partition, version)
            with _ENCODING:
                kind, files, entries = encode_value(values[partition], f"The value of {ref.key}")
            manifest = Manifest(
                asset=asset,
                partition=partition,
                version=version,
                created_at=self._issuer.now(),
                kind=kind,
                schema_version=schema_version or self._schemas.current_version(asset),
                files=entries,
                run_id=run_id,
                code_version=code_version,
                inputs=inputs_by_key(inputs(partition)),
                extra=extra or {},
            )
            files[MANIFEST_FILE] = manifest.to_json()  # last: it says that the rest is there
            self._storage.write_version(ref.path, files)
            written.append(ref)
            if partition is not None:
                self._remember_long_key(ref.key, partition, version)

        def make_current(ref: ArtifactRef) -> None:
            pointer = CurrentPointer(ref, run_id, self._issuer.now())
            self._storage.replace(f"{ref.key}/{CURRENT_FILE}", pointer.to_json(), version)

        try:
            for_each(write, list(values))
            self._remember_long_key(artifact_key(asset), asset, version)
        except BaseException:
            self._withdraw(written)
            raise
        for_each(make_current, written)
        return {ref.partition: ref for ref in written}

    def _version_before(self, asset: str, partition: str | None) -> str | None:
        try:
            pointer = pointer_in(self._storage, artifact_key(asset, partition))
        except ArtifactCorruptError:
            return None  # a new version replaces the damaged pointer
        return None if pointer is None else pointer.ref.version

    def _remember_long_key(self, folder: str, key: str, stamp: str) -> None:
        """Write what a shortened folder name stands for."""
        path = f"{folder}/{KEY_FILE}"
        if is_shortened(folder.rsplit("/", 1)[-1]) and not self._storage.exists(path):
            self._storage.replace(path, encode_json({"key": key}), stamp)

    def _withdraw(self, refs: Iterable[ArtifactRef]) -> None:
        """Remove versions that will never become current; pruning gets what resists."""
        for ref in refs:
            try:
                for name in sorted(self._storage.names(ref.path), key=MANIFEST_FILE.__ne__):
                    self._storage.delete(f"{ref.path}/{name}")
                self._storage.delete_empty_folders(ref.path)
            except ArtifactStorageError:
                return
