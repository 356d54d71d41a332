"""Dagster's inputs and outputs in the artifact store, with the lineage that was really read.

Within a run, an input is the version that this run wrote; where it wrote none, the version that was
current when the run first asked. What a step loaded becomes the `inputs` of what it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    ConfigurableIOManager,
    DagsterEventType,
    DagsterInstance,
    InputContext,
    MetadataValue,
    OutputContext,
    TableColumn,
    TableSchema,
)
from pydantic import Field, PrivateAttr

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactRef,
    ArtifactStore,
    ArtifactValueError,
    artifact_key,
)
from labelaudit_dagster.resources.artifact_run_memory import RunMemory

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import Manifest

VERSION = "labelaudit/version"
PATH = "labelaudit/path"
INPUTS = "labelaudit/inputs"
"""Output metadata by which an asset names inputs that it did not load through the IO manager."""
EXTRA = "labelaudit/extra"
"""Output metadata, a JSON object, that goes into the manifest's `extra`."""
AS_MAPPING = "as_mapping"
"""Input metadata: hand over a mapping of partition key to value even for a single partition."""
ALLOW_MISSING = "allow_missing_partitions"
"""Input metadata, as in Dagster's own IO managers: leave out partitions that were never written."""

_EVENTS_PER_QUERY = 1000
_PARTITIONS_WITH_METADATA_OF_THEIR_OWN = 50
_NOT_A_STEP = "none"  # what Dagster calls the step of an input that the run does not produce


class Partitioned(dict[str, Any]):
    """Values by partition key: what a step returns for several partitions, or is given.

    A step over two or more partitions may return any mapping. Over one partition a plain mapping
    is that partition's JSON document, and only `Partitioned` says otherwise.
    """


def lineage_metadata(refs: Iterable[ArtifactRef]) -> dict[str, MetadataValue]:
    """Return output metadata that names inputs which were not loaded through the IO manager.

    Args:
        refs: the versions that the output was made from, one of each artifact.
    """
    return {INPUTS: MetadataValue.json({ref.key: ref.version for ref in refs})}


def materialisation_metadata(store: ArtifactStore, ref: ArtifactRef) -> dict[str, MetadataValue]:
    """Return what a materialisation event says about a version.

    For steps that write to the store themselves and log an `AssetMaterialization` for each
    partition; the IO manager attaches the same.
    """
    return _describe(store.manifest(ref), store.location(ref))


def _describe(manifest: Manifest, location: str) -> dict[str, MetadataValue]:
    found: dict[str, MetadataValue] = {
        VERSION: MetadataValue.text(manifest.version),
        PATH: MetadataValue.path(location),
        "labelaudit/sha256": MetadataValue.text(manifest.content_hash),
        "labelaudit/size_bytes": MetadataValue.int(manifest.size),
        "labelaudit/schema_version": MetadataValue.int(manifest.schema_version),
        INPUTS: MetadataValue.json(dict(manifest.inputs)),
    }
    if manifest.kind == "bundle":
        found["labelaudit/members"] = MetadataValue.json(
            {
                entry.name: {"kind": entry.kind, "rows": entry.row_count, "bytes": entry.size}
                for entry in manifest.files.values()
            }
        )
    if manifest.row_count is not None:
        rows = "row_count" if manifest.partition is None else "partition_row_count"
        found[f"dagster/{rows}"] = MetadataValue.int(manifest.row_count)
    if manifest.columns is not None:
        found["dagster/column_schema"] = MetadataValue.table_schema(
            TableSchema(columns=[TableColumn(name, kind) for name, kind in manifest.columns])
        )
    return found


def _versions_written_by(
    instance: DagsterInstance, run_id: str, asset_key: AssetKey
) -> dict[str | None, str]:
    """Return the version of each partition of an asset that a run wrote, from the event log."""
    versions: dict[str | None, str] = {}
    cursor: str | None = None
    more = True
    while more:
        page = instance.get_records_for_run(
            run_id,
            cursor,
            of_type=DagsterEventType.ASSET_MATERIALIZATION,
            limit=_EVENTS_PER_QUERY,
        )
        for record in page.records:
            event = record.asset_materialization
            if event is not None and event.asset_key == asset_key and VERSION in event.metadata:
                versions[event.partition] = str(event.metadata[VERSION].value)
        cursor, more = page.cursor, page.has_more
    return versions


def _json_metadata(metadata: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = metadata.get(name)
    if isinstance(value, MetadataValue):
        value = value.value
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ArtifactValueError(f"The output metadata {name!r} is no JSON object.")
    return dict(value)


def _inputs_of_partition(
    loaded: Sequence[ArtifactRef], partition: str | None, several: bool
) -> list[ArtifactRef]:
    """Choose, among all that a step loaded, what one output partition was made from.

    Of an upstream asset that was loaded for the same partition key, only that partition counts,
    provided that the step covers several; otherwise everything does.
    """
    same = {ref.asset for ref in loaded if several and ref.partition == partition}
    return [ref for ref in loaded if ref.asset not in same or ref.partition == partition]


class ArtifactIOManager(ConfigurableIOManager):
    """Stores outputs of assets as artifact versions and loads inputs from them.

    An output may be a data frame, a JSON document, bytes, a `Blob` or a `Bundle`; over several
    partitions a mapping of partition key to such values. A run over a range of partitions, and
    an input that maps to several partitions, work in one step.

    Input metadata: `as_mapping` (always hand over a `Partitioned`), `allow_missing_partitions`.
    Output metadata: `labelaudit/inputs` (see `lineage_metadata`) and `labelaudit/extra`.
    """

    root: str = Field(description="Root of the artifact store: a folder, s3://… or gs://….")
    storage_options: dict[str, Any] = Field(
        default={}, description="Options of the file system of a URL, such as endpoint_url."
    )

    _store: ArtifactStore | None = PrivateAttr(default=None)
    _memory: RunMemory = PrivateAttr(default_factory=RunMemory)

    def artifact_store(self) -> ArtifactStore:
        """Return the store, for reading more than the declared inputs.

        What is read this way is not recorded; use `read_in_step` or `lineage_metadata` for that.
        """
        if self._store is None:
            self._store = ArtifactStore(self.root, storage_options=self.storage_options)
        return self._store

    def read_in_step(
        self, context: AssetExecutionContext, asset: str, partition: str | None = None
    ) -> ArtifactRef | None:
        """Find an artifact as an input of the running step would, and record it as one.

        Args:
            context: context of the running asset.
            asset: asset name.
            partition: partition key.

        Returns:
            The version to load from `artifact_store()`, or `None` if it was never written.
        """
        step = context.get_step_execution_context()
        run_id = step.run_id
        asset_key = AssetKey.from_user_string(asset)
        in_plan = any(
            output.properties.asset_key == asset_key
            for planned in step.execution_plan.steps
            for output in planned.step_outputs
        )
        ref = self._resolve(
            asset_key,
            [partition],
            run_id=run_id,
            written_in=run_id if in_plan else None,
            instance=context.instance,
        )[partition]
        if ref is not None:
            self._memory.note_loaded(run_id, step.step.key, [ref])
        return ref

    # ---- outputs -------------------------------------------------------------------------------

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Write a new version of each partition (or of the whole asset) and make it current.

        Raises:
            ArtifactValueError: if the value cannot be stored, or the partitions of a mapping are
                not those of the run.
            ArtifactStorageError: if the storage refuses; what was current stays so.
        """
        if not context.has_asset_key:
            raise ArtifactValueError(
                f"The output {context.name!r} of step {context.step_key} belongs to no asset, and "
                "the artifact store holds assets only; give the op another io_manager_key."
            )
        asset = context.asset_key.to_user_string()
        values = self._values_by_partition(context, asset, obj)
        store = self.artifact_store()
        run_id = context.step_context.run_id
        metadata = context.output_metadata
        loaded = self._memory.loaded(run_id, context.step_key)
        declared = _json_metadata(metadata, INPUTS)

        def inputs(partition: str | None) -> dict[str, str]:
            chosen = _inputs_of_partition(loaded, partition, len(values) > 1)
            return {**{ref.key: ref.version for ref in chosen}, **declared}

        shared: dict[str, Any] = {
            "run_id": run_id,
            "code_version": context.asset_spec.code_version,
            "extra": _json_metadata(metadata, EXTRA),
        }
        refs: dict[Any, ArtifactRef]
        if None in values:
            refs = {None: store.write(asset, values[None], inputs=inputs(None), **shared)}
        else:
            refs = dict(store.write_partitions(asset, values, inputs=inputs, **shared))
        self._memory.note_written(run_id, refs.values())
        self._attach_metadata(context, store, list(refs.values()))

    def _values_by_partition(self, context: OutputContext, asset: str, obj: Any) -> dict[Any, Any]:
        """Return the values by partition key, `None` standing for an asset without partitions."""
        if not context.has_asset_partitions:
            if context.asset_spec.partitions_def is not None:
                raise ArtifactValueError(
                    f"{asset} has partitions, and the run names none; choose a partition."
                )
            if isinstance(obj, Partitioned):
                raise ArtifactValueError(
                    f"{asset} has no partitions, and the step returned a value for each of several."
                )
            return {None: obj}
        wanted = sorted(str(key) for key in context.asset_partition_keys)
        if not isinstance(obj, Partitioned) and len(wanted) == 1:
            return {wanted[0]: obj}
        if not isinstance(obj, Mapping):
            raise ArtifactValueError(
                f"The run covers {len(wanted)} partitions of {asset}, and the step returned one "
                f"{type(obj).__name__}; return a mapping of partition key to value."
            )
        missing = [key for key in wanted if key not in obj]
        surplus = sorted(str(key) for key in set(obj) - set(wanted))
        if missing or surplus:
            problem = f"has no value for {missing[0]!r}" if missing else f"names {surplus[0]!r}"
            raise ArtifactValueError(
                f"The mapping that the step returned for {asset} {problem}; return exactly the "
                f"{len(wanted)} partitions of the run."
            )
        return {key: obj[key] for key in wanted}

    def _attach_metadata(
        self, context: OutputContext, store: ArtifactStore, refs: Sequence[ArtifactRef]
    ) -> None:
        """Say on the materialisation events what was written.

        All partitions of one output have one version. Beyond a number of partitions their own
        figures are left out of the events, since Dagster checks each against the whole range.
        """
        if len(refs) == 1:
            context.add_output_metadata(materialisation_metadata(store, refs[0]))
            return
        manifests = [store.manifest(ref) for ref in refs]
        context.add_output_metadata(
            {
                VERSION: MetadataValue.text(refs[0].version),
                "labelaudit/partitions_in_output": MetadataValue.int(len(refs)),
                "labelaudit/size_bytes": MetadataValue.int(sum(m.size for m in manifests)),
            }
        )
        if len(refs) <= _PARTITIONS_WITH_METADATA_OF_THEIR_OWN:
            for ref, manifest in zip(refs, manifests, strict=True):
                context.step_context.add_asset_metadata(
                    _describe(manifest, store.location(ref)), context.asset_key, ref.partition
                )

    # ---- inputs --------------------------------------------------------------------------------

    def load_input(self, context: InputContext) -> Any:
        """Load what this run wrote, else what is current.

        Raises:
            ArtifactNotFoundError: if an upstream asset or partition was never written.
            ArtifactCorruptError: if what is stored is damaged.
        """
        if not context.has_asset_key:
            raise ArtifactValueError(
                f"The input {context.name!r} comes from no asset, and the artifact store holds "
                "assets only; give the op another io_manager_key."
            )
        asset_key = context.asset_key
        step = context.step_context
        upstream = context.upstream_output
        in_plan = upstream is not None and upstream.step_key != _NOT_A_STEP
        partitions: list[Any] = [None]
        if context.has_asset_partitions:
            partitions = sorted(str(key) for key in context.asset_partition_keys)
        refs = self._resolve(
            asset_key,
            partitions,
            run_id=step.run_id,
            written_in=upstream.run_id if upstream is not None and in_plan else None,
            instance=context.instance,
        )
        metadata = context.definition_metadata or {}
        missing = [partition for partition, ref in refs.items() if ref is None]
        if missing and not metadata.get(ALLOW_MISSING, False):
            raise ArtifactNotFoundError(
                f"{artifact_key(asset_key.to_user_string(), missing[0])} was never materialised; "
                f"materialise {asset_key.to_user_string()} first"
                + (f" ({len(missing)} partitions are missing)." if len(missing) > 1 else ".")
            )
        found = {partition: ref for partition, ref in refs.items() if ref is not None}
        self._memory.note_loaded(step.run_id, step.step.key, found.values())
        store = self.artifact_store()
        values = {partition: store.load(ref) for partition, ref in found.items()}
        if not context.has_asset_partitions:
            return values.get(None)
        by_partition = {str(partition): value for partition, value in values.items()}
        if step.assets_def is None or step.assets_def.partitions_def is None:
            return by_partition
        if len(partitions) == 1 and not metadata.get(AS_MAPPING, False):
            return values.get(partitions[0])
        return Partitioned(by_partition)

    def _resolve(
        self,
        asset_key: AssetKey,
        partitions: Sequence[str | None],
        *,
        run_id: str,
        written_in: str | None,
        instance: DagsterInstance,
    ) -> dict[str | None, ArtifactRef | None]:
        """Find the version of each partition that a run has to use.

        Args:
            asset_key: the upstream asset.
            partitions: its partitions.
            run_id: the run that reads.
            written_in: run whose plan holds the upstream step (another one when a run continues
                an earlier one), `None` if the run does not produce the asset.
            instance: where the event log is.
        """
        store = self.artifact_store()
        asset = asset_key.to_user_string()
        from_log: dict[str | None, str] | None = None
        refs: dict[str | None, ArtifactRef | None] = {}
        for partition in partitions:
            ref = self._memory.version_for(run_id, artifact_key(asset, partition))
            if ref is None:
                pointer = store.current_pointer(asset, partition)
                ref = None if pointer is None else pointer.ref
                if written_in is not None and (pointer is None or pointer.run_id != written_in):
                    # Another run has written since, or this one wrote no such partition.
                    if from_log is None:
                        from_log = _versions_written_by(instance, written_in, asset_key)
                    if partition in from_log:
                        ref = ArtifactRef(asset, partition, from_log[partition])
                if ref is not None:
                    self._memory.note_found(run_id, ref)
            refs[partition] = ref
        return refs
