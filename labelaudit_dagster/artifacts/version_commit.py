"""Writes new versions and makes them current: the only place that changes what is current."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from labelaudit_dagster.artifacts.errors import ArtifactCorruptError, ArtifactStorageError
from labelaudit_dagster.artifacts.json_documents import encode_json
from labelaudit_dagster.artifacts.lineage import Inputs, inputs_by_key
from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE, Manifest
from labelaudit_dagster.artifacts.path_encoding import KEY_FILE, encode_key, is_shortened
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE, CurrentPointer, pointer_in
from labelaudit_dagster.artifacts.references import ArtifactRef, artifact_key
from labelaudit_dagster.artifacts.schema_registry import SchemaRegistry
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.value_encoding import encode_value
from labelaudit_dagster.artifacts.version_ids import VersionIssuer


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
        """Write a new version of each partition, then make them current one by one.

        Args and errors are those of `ArtifactStore.write_partitions`; the partition `None` stands
        for an artifact without partitions.
        """
        version = self._issuer.issue(after=self._versions_before(asset, values))
        written: dict[str | None, ArtifactRef] = {}
        try:
            for partition, value in values.items():
                ref = ArtifactRef(asset, partition, version)
                kind, files, entries = encode_value(value, f"The value of {ref.key}")
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
                written[partition] = ref
            for ref in written.values():
                self._remember_long_keys(ref)
        except BaseException:
            self._withdraw(written.values())
            raise
        for ref in written.values():
            pointer = CurrentPointer(ref, run_id, self._issuer.now())
            self._storage.replace(f"{ref.key}/{CURRENT_FILE}", pointer.to_json(), version)
        return written

    def _versions_before(self, asset: str, partitions: Iterable[str | None]) -> list[str]:
        versions = []
        for partition in partitions:
            try:
                pointer = pointer_in(self._storage, artifact_key(asset, partition))
            except ArtifactCorruptError:
                continue  # a new version replaces the damaged pointer
            if pointer is not None:
                versions.append(pointer.ref.version)
        return versions

    def _remember_long_keys(self, ref: ArtifactRef) -> None:
        """Write what a shortened folder name stands for."""
        names = [(encode_key(ref.asset), ref.asset)]
        if ref.partition is not None:
            names.append((ref.key, ref.partition))
        for folder, key in names:
            path = f"{folder}/{KEY_FILE}"
            if is_shortened(folder.rsplit("/", 1)[-1]) and not self._storage.exists(path):
                self._storage.replace(path, encode_json({"key": key}), ref.version)

    def _withdraw(self, refs: Iterable[ArtifactRef]) -> None:
        """Remove versions that will never become current; pruning gets what resists."""
        for ref in refs:
            try:
                for name in sorted(self._storage.names(ref.path), key=MANIFEST_FILE.__ne__):
                    self._storage.delete(f"{ref.path}/{name}")
                self._storage.delete_empty_folders(ref.path)
            except ArtifactStorageError:
                return
