"""Removing versions that nobody can need any more, and what killed writers left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from labelaudit_dagster.artifacts.errors import ArtifactNotFoundError
from labelaudit_dagster.artifacts.manifest import MANIFEST_FILE, Manifest
from labelaudit_dagster.artifacts.parallel_work import for_each
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE, pinned_version, read_pointer
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.version_ids import is_version, version_time


@dataclass(frozen=True)
class PruneReport:
    """What a pruning removed, or, as a dry run, would remove.

    Attributes:
        versions: whole versions, as (artifact key, version), ordered.
        leftovers: files and empty folders of killed writers, relative to the root, ordered.
        size: bytes of both.
        dry_run: whether everything is still there.
    """

    versions: tuple[tuple[str, str], ...]
    leftovers: tuple[str, ...]
    size: int
    dry_run: bool


@dataclass
class _Folder:
    """What lies in the folder of one artifact."""

    versions: dict[str, dict[str, int]] = field(default_factory=dict)  # file name -> bytes
    stray: dict[str, int] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    has_current: bool = False

    def complete(self) -> list[str]:
        return sorted(v for v, files in self.versions.items() if MANIFEST_FILE in files)


def _survey(storage: Storage) -> dict[str, _Folder]:
    folders: dict[str, _Folder] = {}
    for path, size in storage.walk():
        folder, _, name = path.rpartition("/")
        parent, _, last = folder.rpartition("/")
        if is_version(last):
            folders.setdefault(parent, _Folder()).versions.setdefault(last, {})[name] = size
        elif name == CURRENT_FILE:
            folders.setdefault(folder, _Folder()).has_current = True
        elif version := pinned_version(name):
            folders.setdefault(folder, _Folder()).pinned.add(version)
        elif name.endswith(".tmp"):
            folders.setdefault(folder, _Folder()).stray[name] = size
    return folders


def _temporary_time(name: str) -> datetime | None:
    """Time in the name of a temporary file `current.json.<version>.tmp`."""
    version = ".".join(name.removesuffix(".tmp").split(".")[-2:])
    return version_time(version) if is_version(version) else None


def _with_inputs(
    roots: Iterable[tuple[str, str]], read_manifest_at: Callable[[str, str], Manifest]
) -> set[tuple[str, str]]:
    """Return versions with everything they were made from, however far upstream."""

    def inputs_of(item: tuple[str, str]) -> list[tuple[str, str]]:
        try:
            return list(read_manifest_at(*item).inputs.items())
        except ArtifactNotFoundError:
            return []  # pruned or lost before; nothing above it is known any more

    kept: set[tuple[str, str]] = set()
    level = set(roots)
    while level:
        kept |= level
        above = for_each(inputs_of, sorted(level))
        level = {item for inputs in above for item in inputs} - kept
    return kept


def _to_keep(
    storage: Storage,
    folders: Mapping[str, _Folder],
    retention: int,
    horizon: datetime,
    read_manifest_at: Callable[[str, str], Manifest],
) -> set[tuple[str, str]]:
    roots: set[tuple[str, str]] = set()
    for key, folder in folders.items():
        complete = folder.complete()
        roots.update((key, version) for version in complete[-retention:])
        roots.update((key, version) for version in folder.pinned)
        if folder.has_current:
            pointer = read_pointer(storage.read(f"{key}/{CURRENT_FILE}"), key)
            roots.add((key, pointer.ref.version))
        for index, version in enumerate(complete):
            superseded = complete[index + 1] if index + 1 < len(complete) else version
            if version_time(superseded) >= horizon:
                # Young, or current until a moment ago: a running job may still refer to it.
                roots.add((key, version))
    return _with_inputs(roots, read_manifest_at)


def prune(
    storage: Storage,
    read_manifest_at: Callable[[str, str], Manifest],
    *,
    now: datetime,
    retention: int,
    grace: timedelta,
    dry_run: bool,
) -> PruneReport:
    """Remove what nobody can need; see `ArtifactStore.prune`."""
    horizon = now - grace
    folders = _survey(storage)
    keep = _to_keep(storage, folders, retention, horizon, read_manifest_at)
    versions: list[tuple[str, str]] = []
    leftovers: list[str] = []
    doomed: list[tuple[str, tuple[str, ...]]] = []  # folder, files in the order of deletion
    size = 0
    for key, folder in sorted(folders.items()):
        for version, files in sorted(folder.versions.items()):
            if (key, version) in keep or version_time(version) >= horizon:
                continue
            # The manifest goes first: a pruning that is killed leaves leftovers, not a torso.
            names = tuple(sorted(files, key=lambda name: (name != MANIFEST_FILE, name)))
            path = f"{key}/{version}"
            if MANIFEST_FILE in files:
                versions.append((key, version))
            else:
                leftovers.extend(f"{path}/{name}" for name in names)
            size += sum(files.values())
            doomed.append((path, names))
        for name, bytes_left in sorted(folder.stray.items()):
            moment = _temporary_time(name)
            if moment is not None and moment < horizon:
                leftovers.append(f"{key}/{name}")
                size += bytes_left
                doomed.append((key, (name,)))
    if not dry_run:
        for path, names in doomed:
            for name in names:
                if name:
                    storage.delete(f"{path}/{name}")
            storage.delete_empty_folders(path)
    return PruneReport(tuple(versions), tuple(sorted(leftovers)), size, dry_run)
