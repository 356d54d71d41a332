"""Following the recorded inputs upstream, so that a view never mixes generations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from labelaudit_dagster.artifacts.errors import ArtifactLineageError, ArtifactNotFoundError
from labelaudit_dagster.artifacts.manifest import Manifest
from labelaudit_dagster.artifacts.references import ArtifactRef, artifact_key

Inputs = Mapping[str, str] | Iterable[ArtifactRef]
"""Upstream versions: references, or a mapping of `artifact_key` to version as in a manifest."""


def inputs_by_key(inputs: Inputs) -> dict[str, str]:
    """Return inputs in the form of the manifest, ordered by key.

    Raises:
        ArtifactLineageError: if two versions of one artifact are given.
    """
    if isinstance(inputs, Mapping):
        return {key: inputs[key] for key in sorted(inputs)}
    found: dict[str, str] = {}
    for ref in inputs:
        if found.setdefault(ref.key, ref.version) != ref.version:
            raise ArtifactLineageError(
                f"Two versions of {ref.key} are given as inputs ({found[ref.key]} and "
                f"{ref.version}); a version is made from one generation."
            )
    return dict(sorted(found.items()))


def upstream_version(
    start: ArtifactRef,
    asset: str,
    partition: str | None,
    read_manifest_at: Callable[[str, str], Manifest],
) -> ArtifactRef:
    """Find the version of an upstream artifact that another was made from.

    Goes through the inputs breadth first; the nearest generation wins.

    Args:
        start: where to start.
        asset: the upstream asset.
        partition: its partition.
        read_manifest_at: returns the manifest of a key and version.

    Raises:
        ArtifactLineageError: if nothing upstream is that artifact, or two versions of it are
            equally near.
        ArtifactNotFoundError: if the path leads through a version that has been pruned.
    """
    wanted = artifact_key(asset, partition)
    if start.key == wanted:
        return start
    level: dict[tuple[str, str], Manifest] = {
        (start.key, start.version): read_manifest_at(start.key, start.version)
    }
    seen = set(level)
    missing: ArtifactNotFoundError | None = None
    while level:
        found = {m.inputs[wanted] for m in level.values() if wanted in m.inputs}
        if len(found) == 1:
            return ArtifactRef(asset, partition, found.pop())
        if found:
            raise ArtifactLineageError(
                f"{start} was made from several versions of {wanted} ({', '.join(sorted(found))}); "
                "materialise what lies between in one run."
            )
        above = sorted({item for m in level.values() for item in m.inputs.items()} - seen)
        seen.update(above)
        level = {}
        for key, version in above:
            try:
                level[key, version] = read_manifest_at(key, version)
            except ArtifactNotFoundError as error:
                missing = error
    if missing is not None:
        raise missing
    raise ArtifactLineageError(
        f"{start} was not made from {wanted}; its recorded inputs do not lead there."
    )
