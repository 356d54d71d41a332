"""How much room a home takes, and how much there is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from labelaudit_dagster.settings import Settings


def home_sizes(settings: Settings) -> dict[str, Any]:
    """Return the bytes of each part of the home; None where a part lies elsewhere.

    A file that goes while it is looked at counts for nothing.
    """
    artifacts = Path(settings.resolved_artifacts_url)
    database = settings.home / "labelaudit.db"
    return {
        "artifacts_bytes": None
        if "://" in settings.resolved_artifacts_url
        else _folder_bytes(artifacts),
        "database_bytes": None
        if settings.database_url is not None
        else sum(_file_bytes(database.with_name(database.name + end)) for end in ("", "-wal")),
        "dagster_bytes": _folder_bytes(settings.dagster_home),
        "cache_bytes": _folder_bytes(settings.cache_folder),
        **free_space(settings.home),
    }


def free_space(folder: Path) -> dict[str, int]:
    """Return free bytes and free file entries where a folder is, or is to be.

    Some file systems have no fixed number of entries; then `free_inodes` is -1.
    """
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return {
        "free_bytes": shutil.disk_usage(folder).free,
        "free_inodes": found.f_favail if found.f_files else -1,
    }


def _folder_bytes(folder: Path) -> int:
    total = 0
    pending = [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))
                    else:
                        total += _entry_bytes(entry)
        except OSError:
            continue
    return total


def _entry_bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
