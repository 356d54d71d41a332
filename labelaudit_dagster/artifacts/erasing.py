"""Removing an artifact with all its versions, which pruning never does."""

from __future__ import annotations

from dataclasses import dataclass

from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.version_ids import is_version


@dataclass(frozen=True)
class ErasedCounts:
    """What an erasure removed.

    Attributes:
        versions: whole versions.
        files: files, those of incomplete versions too.
    """

    versions: int
    files: int


def erase(storage: Storage, key: str) -> ErasedCounts:
    """Remove everything in the folder of an artifact; see `ArtifactStore.erase`.

    What says that something is current goes first, then what says that versions are whole, so
    that readers find either whole versions or none, and a killed erasure can be begun again.
    """
    names = storage.names(key)
    versions = {name: storage.names(f"{key}/{name}") for name in names if is_version(name)}
    files = [f"{key}/{CURRENT_FILE}"] if CURRENT_FILE in names else []
    whole = [name for name, inside in versions.items() if MANIFEST_FILE in inside]
    files += [f"{key}/{name}/{MANIFEST_FILE}" for name in whole]
    files += [
        f"{key}/{name}/{inner}"
        for name, inside in versions.items()
        for inner in inside
        if inner != MANIFEST_FILE
    ]
    files += [f"{key}/{name}" for name in names if name not in versions and name != CURRENT_FILE]
    for file in files:
        storage.delete(file)
    for name in versions:
        storage.delete_empty_folders(f"{key}/{name}")
    storage.delete_empty_folders(key)
    return ErasedCounts(len(whole), len(files))
