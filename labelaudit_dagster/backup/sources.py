"""The three parts of a home, copied into an archive while others write to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from labelaudit_dagster.artifacts import Manifest
from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE, read_manifest
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE, CurrentPointer, pinned_version
from labelaudit_dagster.artifacts.references import ArtifactRef
from labelaudit_dagster.artifacts.version_ids import is_version, version_time
from labelaudit_dagster.backup.archive import ArchiveWriter, BackupError
from labelaudit_dagster.store import copy_sqlite

DAGSTER: Final = "dagster"
ARTIFACTS: Final = "artifacts"
SCHEDULES: Final = "schedules"


def add_dagster(archive: ArchiveWriter, folder: Path, scratch: Path) -> None:
    """Add Dagster's storage: what its sensors remember first, then runs, then their events.

    Args:
        archive: where to.
        folder: Dagster's home.
        scratch: an empty folder for copies of databases.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    paths.sort(key=lambda path: path.relative_to(folder).parts[0] != SCHEDULES)
    for path in paths:
        name = f"{DAGSTER}/{path.relative_to(folder).as_posix()}"
        if path.name.endswith(("-wal", "-shm", "-journal", ".lock")):
            continue
        try:
            if path.suffix == ".db":
                copy = scratch / "copy.db"
                copy_sqlite(path, copy)
                archive.add_file(name, copy)
                copy.unlink()
            else:
                # A log may grow while it is read: take what is there now.
                archive.add_bytes(name, path.read_bytes())
        except FileNotFoundError:
            continue  # a run was deleted meanwhile


def add_artifacts(archive: ArchiveWriter, root: Path, until: datetime) -> int:
    """Add every version that was there at a moment, with what was current and pinned then.

    Args:
        archive: where to.
        root: folder of the artifact store.
        until: the moment.

    Returns:
        How many versions.

    Raises:
        BackupError: pruning removed meanwhile what is needed.
    """
    held: dict[tuple[str, str], Manifest] = {}
    needed: set[tuple[str, str]] = set()
    for key in _artifact_folders(root):
        versions = _add_versions(archive, root, key, until)
        held |= {(key, version): manifest for version, manifest in versions.items()}
        needed |= {(key, version) for version in _add_small_files(archive, root, key, versions)}
    _check_closed(held, needed)
    return len(held)


def _artifact_folders(root: Path) -> Iterator[str]:
    """Yield the folders that hold versions, relative to the root."""
    for folder, folders, files in os.walk(root):
        versions = [name for name in folders if is_version(name)]
        folders[:] = sorted(set(folders) - set(versions))
        if versions or CURRENT_FILE in files:
            yield Path(folder).relative_to(root).as_posix()


def _add_versions(
    archive: ArchiveWriter, root: Path, key: str, until: datetime
) -> dict[str, Manifest]:
    added: dict[str, Manifest] = {}
    for version in sorted(path.name for path in (root / key).iterdir() if is_version(path.name)):
        folder = root / key / version
        if version_time(version) > until:
            continue
        try:
            content = (folder / MANIFEST_FILE).read_bytes()
            manifest = read_manifest(content, f"{key} version {version}")
            files = {path.name: path for path in folder.iterdir() if path.name != MANIFEST_FILE}
            for name, path in sorted(files.items()):
                archive.add_file(f"{ARTIFACTS}/{key}/{version}/{name}", path)
        except FileNotFoundError:
            continue  # left by a killed writer, or pruned meanwhile: nobody needs it
        archive.add_bytes(f"{ARTIFACTS}/{key}/{version}/{MANIFEST_FILE}", content)
        added[version] = manifest
    return added


def _add_small_files(
    archive: ArchiveWriter, root: Path, key: str, versions: dict[str, Manifest]
) -> set[str]:
    """Add what is current and pinned; return the versions that these name."""
    needed = set()
    for path in sorted((root / key).iterdir()):
        if not path.is_file() or path.name.endswith(".tmp"):
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if path.name == CURRENT_FILE:
            current = str(json.loads(content)["version"])
            if current not in versions:
                if not versions:
                    continue  # first written after the moment
                current = max(versions)
                content = _pointer(versions[current]).to_json()
            needed.add(current)
        elif (pinned := pinned_version(path.name)) is not None:
            if pinned not in versions:
                continue  # pinned after the moment
            needed.add(pinned)
        archive.add_bytes(f"{ARTIFACTS}/{key}/{path.name}", content)
    return needed


def _pointer(manifest: Manifest) -> CurrentPointer:
    """What was current when a version was the newest."""
    ref = ArtifactRef(manifest.asset, manifest.partition, manifest.version)
    return CurrentPointer(ref, manifest.run_id, manifest.created_at)


def _check_closed(held: dict[tuple[str, str], Manifest], needed: set[tuple[str, str]]) -> None:
    """Everything that something current or pinned was made from is there too.

    Raises:
        BackupError: it is not.
    """
    seen: set[tuple[str, str]] = set()
    pending = set(needed)
    while pending:
        missing = pending - held.keys()
        if missing:
            key, version = min(missing)
            raise BackupError(
                f"{key} version {version} is not there, although something is made from it: it "
                "was pruned while the backup ran. Nothing was kept; start the backup again."
            )
        seen |= pending
        above: set[Any] = {item for one in pending for item in held[one].inputs.items()}
        pending = above - seen
