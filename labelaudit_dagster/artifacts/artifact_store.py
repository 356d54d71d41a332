"""`ArtifactStore`: immutable versions, one of them current, each knowing what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.artifacts.erasing import ErasedCounts, erase
from labelaudit_dagster.artifacts.errors import (
    ArtifactNotFoundError,
    ArtifactValueError,
)
from labelaudit_dagster.artifacts.lineage import Inputs, inputs_by_key, upstream_version
from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE, Manifest, read_manifest
from labelaudit_dagster.artifacts.path_encoding import (
    decode_key,
    encode_key,
    is_shortened,
)
from labelaudit_dagster.artifacts.pointers import (
    CURRENT_FILE,
    CurrentPointer,
    Pin,
    pinned_version,
    pointer_in,
    read_pin,
)
from labelaudit_dagster.artifacts.pruning import PruneReport, prune
from labelaudit_dagster.artifacts.references import ArtifactRef, artifact_key
from labelaudit_dagster.artifacts.schema_registry import SCHEMAS, SchemaRegistry
from labelaudit_dagster.artifacts.storage import open_storage
from labelaudit_dagster.artifacts.version_commit import VersionCommitter
from labelaudit_dagster.artifacts.version_ids import VersionIssuer, is_version
from labelaudit_dagster.artifacts.version_reader import VersionReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from upath import UPath

    from labelaudit_dagster.artifacts.tables import Filters

_CACHED_MANIFESTS = 1024


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ArtifactStore:
    """Versioned tables, JSON documents, bytes and bundles below one root.

    Opening a store touches nothing; reading needs no permission to write. A store may be used from
    several threads.
    """

    def __init__(
        self,
        root: str | Path | UPath,
        *,
        clock: Callable[[], datetime] = _utc_now,
        schemas: SchemaRegistry = SCHEMAS,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Open a store.

        Args:
            root: a local folder (made by the first write) or a URL such as `s3://bucket/prefix`.
            clock: returns the time, with a time zone.
            schemas: schema versions and upgraders.
            storage_options: for the file system of a URL (`endpoint_url`, `key`, `secret`, …).
        """
        self._storage = open_storage(root, **(storage_options or {}))
        self._issuer = VersionIssuer(clock)
        self._manifest_at = lru_cache(maxsize=_CACHED_MANIFESTS)(self._read_manifest_at)
        self._reader = VersionReader(self._storage, schemas)
        self._committer = VersionCommitter(self._storage, self._issuer, schemas)

    # ---- writing -------------------------------------------------------------------------------

    def write(
        self,
        asset: str,
        value: Any,
        *,
        partition: str | None = None,
        run_id: str | None = None,
        code_version: str | None = None,
        schema_version: int | None = None,
        inputs: Inputs = (),
        extra: Mapping[str, Any] | None = None,
    ) -> ArtifactRef:
        """Write a new version and make it current.

        Args:
            asset: asset name, any text.
            value: a data frame, a JSON document, bytes, a `Blob` or a `Bundle`.
            partition: partition key, any text.
            run_id: Dagster run that made the value.
            code_version: code version of the asset.
            schema_version: schema version of the value; default: the current one of the asset.
            inputs: versions of the artifacts that the value was made from.
            extra: free metadata, a JSON object.

        Returns:
            The new version.

        Raises:
            ArtifactValueError: if the value cannot be held without loss; nothing is written.
            ArtifactStorageError: if the storage refuses; the previous version stays current.
        """
        written = self._committer.commit(
            asset,
            {partition: value},
            run_id=run_id,
            code_version=code_version,
            schema_version=schema_version,
            inputs=lambda _: inputs,
            extra=extra,
        )
        return written[partition]

    def write_partitions(
        self,
        asset: str,
        values: Mapping[str, Any],
        *,
        run_id: str | None = None,
        code_version: str | None = None,
        schema_version: int | None = None,
        inputs: Inputs | Callable[[str], Inputs] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> dict[str, ArtifactRef]:
        """Write a new version of several partitions, all under the same version identifier.

        All versions are written before the first becomes current: a value or storage that fails
        on the way leaves every partition as it was. What ends the process (or takes the storage
        away) while they become current leaves some partitions with the new version and the others
        with the previous one; each is whole.

        Args:
            asset: asset name.
            values: value by partition key.
            run_id: as in `write`.
            code_version: as in `write`.
            schema_version: as in `write`.
            inputs: as in `write`, the same for all, or a function of the partition key.
            extra: as in `write`.

        Returns:
            The new version by partition key, in the order of `values`.

        Raises:
            ArtifactValueError: as `write`.
            ArtifactStorageError: as `write`.
        """
        if not callable(inputs):
            # Taken once, since it may be an iterator.
            shared = inputs_by_key(inputs)
            inputs = lambda _: shared  # noqa: E731 (a def here would need a second name)
        per_partition = inputs
        written = self._committer.commit(
            asset,
            dict(values),
            run_id=run_id,
            code_version=code_version,
            schema_version=schema_version,
            inputs=lambda partition: per_partition(partition or ""),
            extra=extra,
        )
        return {partition: written[partition] for partition in values}

    # ---- finding -------------------------------------------------------------------------------

    def current_pointer(self, asset: str, partition: str | None = None) -> CurrentPointer | None:
        """Return what is current, with the run that wrote it, or `None` if there is nothing.

        Raises:
            ArtifactCorruptError: if `current.json` is damaged.
        """
        return pointer_in(self._storage, artifact_key(asset, partition))

    def current(self, asset: str, partition: str | None = None) -> ArtifactRef | None:
        """Return the current version, or `None` if the artifact was never written."""
        pointer = self.current_pointer(asset, partition)
        return None if pointer is None else pointer.ref

    def versions(self, asset: str, partition: str | None = None) -> list[ArtifactRef]:
        """All whole versions, oldest first."""
        found = self._storage.folders_holding(artifact_key(asset, partition), MANIFEST_FILE)
        return [ArtifactRef(asset, partition, name) for name in found if is_version(name)]

    def assets(self) -> list[str]:
        """Names of all assets in the store, sorted."""
        return self._keys_of("", self._storage.names(""))

    def partitions(self, asset: str) -> list[str]:
        """Keys of all partitions of an asset that have a current version, sorted."""
        folder = encode_key(asset)
        return self._keys_of(f"{folder}/", self._storage.folders_holding(folder, CURRENT_FILE))

    def _keys_of(self, prefix: str, parts: Iterable[str]) -> list[str]:
        keys = []
        for part in parts:
            key = decode_key(part)
            if is_shortened(part):
                key = self._reader.original_key(f"{prefix}{part}")
            if key is not None:
                keys.append(key)
        return sorted(keys)

    # ---- reading -------------------------------------------------------------------------------

    def _read_manifest_at(self, key: str, version: str) -> Manifest:
        what = f"{key} version {version}"
        try:
            data = self._storage.read(f"{key}/{version}/{MANIFEST_FILE}")
        except FileNotFoundError:
            raise ArtifactNotFoundError(
                f"{what} is not in the store {self._storage.location('')}; it was pruned or never "
                "written. Use the current version or materialise the asset again."
            ) from None
        return read_manifest(data, what)

    def manifest(self, ref: ArtifactRef) -> Manifest:
        """Return the manifest of a version.

        Raises:
            ArtifactNotFoundError: if the version is not in the store.
            ArtifactCorruptError: if the manifest is damaged.
            ArtifactSchemaError: if a newer release wrote it.
        """
        return self._manifest_at(ref.key, ref.version)

    def load(self, ref: ArtifactRef) -> Any:
        """Return the value of a version, in the current schema, after checking its hash.

        Returns:
            A data frame, a JSON document, bytes, or a `Bundle` of these.

        Raises:
            ArtifactNotFoundError: if the version is not in the store.
            ArtifactCorruptError: if a file is missing or differs from its hash.
            ArtifactSchemaError: if no upgraders lead to the current schema.
        """
        return self._reader.load(self.manifest(ref))

    def load_table(
        self,
        ref: ArtifactRef,
        name: str = "data",
        columns: Sequence[str] | None = None,
        filters: Filters | None = None,
    ) -> pd.DataFrame:
        """Return a table, or some columns and rows of it.

        With `columns` or `filters` only the needed parts of the file are read, and its hash is
        not checked (`verify` does that).

        Args:
            ref: the version.
            name: member of a bundle.
            columns: column names, in the wanted order.
            filters: row filters as pyarrow takes them.

        Raises:
            ArtifactNotFoundError: if the version, table or a column is not there.
            ArtifactCorruptError: as `load`.
            ArtifactSchemaError: as `load`.
        """
        return self._reader.load_table(self.manifest(ref), name, columns, filters)

    def load_json(self, ref: ArtifactRef, name: str = "data") -> Any:
        """Return a JSON document; errors as `load`."""
        return self._reader.load_member(self.manifest(ref), name, "json")

    def load_bytes(self, ref: ArtifactRef, name: str = "data") -> bytes:
        """Return bytes that were stored verbatim; errors as `load`."""
        data: bytes = self._reader.load_member(self.manifest(ref), name, "bytes")
        return data

    def verify(self, ref: ArtifactRef) -> Manifest:
        """Check every file of a version against size and hash in the manifest.

        Returns:
            The manifest.

        Raises:
            ArtifactNotFoundError: if the version is not in the store.
            ArtifactCorruptError: if a file is missing or damaged; the message names it.
        """
        manifest = self._read_manifest_at(ref.key, ref.version)
        self._reader.verify(manifest)
        return manifest

    def resolve_upstream(
        self, ref: ArtifactRef, asset: str, partition: str | None = None
    ) -> ArtifactRef:
        """Return the version of an upstream artifact that a version was made from.

        Follows the recorded inputs, the nearest generation first.

        Raises:
            ArtifactLineageError: if the inputs do not lead there, or to two versions equally near.
            ArtifactNotFoundError: if the path leads through a version that has been pruned.
        """
        return upstream_version(ref, asset, partition, self._manifest_at)

    def location(self, ref: ArtifactRef) -> str:
        """Folder or URL of a version, for people."""
        return self._storage.location(ref.path)

    # ---- keeping and pruning -------------------------------------------------------------------

    def pin(self, ref: ArtifactRef, reason: str) -> Pin:
        """Keep a version, and all that it was made from, until `unpin`.

        Pinning again for the same reason changes nothing but the time.

        Raises:
            ArtifactNotFoundError: if the version is not in the store.
        """
        self._read_manifest_at(ref.key, ref.version)
        pin = Pin(ref, reason, self._issuer.now())
        self._storage.replace(f"{ref.key}/{pin.file_name}", pin.to_json(), self._issuer.issue())
        return pin

    def unpin(self, ref: ArtifactRef, reason: str | None = None) -> int:
        """Remove the pin for a reason, or all pins of a version; returns how many there were."""
        doomed = [p for p in self.pins(ref.asset, ref.partition) if p.ref == ref]
        doomed = [p for p in doomed if reason in (None, p.reason)]
        for pin in doomed:
            self._storage.delete(f"{ref.key}/{pin.file_name}")
        return len(doomed)

    def pins(self, asset: str, partition: str | None = None) -> list[Pin]:
        """All pins of an artifact, ordered by version and reason."""
        key = artifact_key(asset, partition)
        names = [name for name in self._storage.names(key) if pinned_version(name)]
        found = [read_pin(self._storage.read(f"{key}/{name}"), key) for name in names]
        return sorted(found, key=lambda pin: (pin.ref.version, pin.reason))

    def prune(self, *, retention: int, grace: timedelta, dry_run: bool = False) -> PruneReport:
        """Remove versions that nobody can need, and what killed writers left.

        Kept are the newest `retention` versions of each artifact, every current or pinned version,
        every version younger than the grace period or superseded within it, and everything that
        any of these was made from, however far upstream. Leftovers younger than the grace period
        stay: their writer may live.

        Args:
            retention: versions to keep of each artifact, 1 or more.
            grace: no version or leftover younger than this is touched; longer than any run.
            dry_run: only report.

        Raises:
            ArtifactValueError: if `retention` is below 1 or `grace` is negative.
            ArtifactCorruptError: if a pointer or manifest is damaged, since then nobody knows what
                is still needed; nothing is removed.
        """
        if retention < 1 or grace < timedelta(0):
            raise ArtifactValueError(
                f"Cannot prune with retention {retention} and grace {grace}; "
                "keep at least one version and give a grace period of 0 or more."
            )
        self._manifest_at.cache_clear()
        report = prune(
            self._storage,
            self._manifest_at,
            now=self._issuer.now(),
            retention=retention,
            grace=grace,
            dry_run=dry_run,
        )
        if not dry_run:
            self._manifest_at.cache_clear()
        return report

    def erase(self, asset: str, partition: str) -> ErasedCounts:
        """Remove a partition with every version of it, the current and pinned ones too.

        For what must not be kept, whoever refers to it. Nobody may write the partition meanwhile.
        Doing it again finds nothing.

        Raises:
            ArtifactStorageError: if the storage refuses; begin again, it goes on where it ended.
        """
        erased = erase(self._storage, artifact_key(asset, partition))
        self._manifest_at.cache_clear()
        return erased
