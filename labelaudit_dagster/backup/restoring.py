"""Restores a backup into a new home."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.backup.archive import BackupError, unpack
from labelaudit_dagster.backup.making import DATABASE_DUMP, DATABASE_FILE
from labelaudit_dagster.settings import Settings


@dataclass(frozen=True)
class RestoreReport:
    """What was restored.

    Attributes:
        home: where.
        moment: the moment whose state it is, UTC.
        parts: as in `BackupReport`.
        ended_runs: runs that were under way then; Dagster is told that they are over.
    """

    home: Path
    moment: datetime
    parts: tuple[str, ...]
    ended_runs: int


def restore_backup(
    settings: Settings, file: Path, *, tell: Callable[[str], None] = lambda _: None
) -> RestoreReport:
    """Make a home of a backup. It appears whole or not at all.

    Args:
        settings: of the installation; the home, and the database's and the artifacts' places
            where these are set, must be empty or absent.
        file: the backup.
        tell: is told in a few words what begins.

    Raises:
        BackupError: something is there already, or the backup is damaged, of another format, or
            cannot be unpacked; nothing is left then.
        StoreError: a PostgreSQL database cannot take it.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    database, artifacts = _places(settings)
    for place in (settings.home, database, artifacts):
        _refuse_content(place)
    staging = settings.home.with_name(f".{settings.home.name}.restoring-{secrets.token_hex(4)}")
    try:
        settings.home.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir(mode=0o700)
        tell("unpacking and comparing")
        contents = unpack(file, staging)
        tell("looking at what was unpacked")
        _check(staging)
        ended = _end_runs(settings, staging)
        if (staging / DATABASE_DUMP).exists():
            from labelaudit_dagster.store import restore_dump

            tell("loading the database")
            restore_dump(settings.resolved_database_url, staging / DATABASE_DUMP)
            (staging / DATABASE_DUMP).unlink()
        _move(staging / "artifacts", artifacts)
        _move(staging / DATABASE_FILE, database)
        if settings.home.is_dir():
            settings.home.rmdir()  # empty, as was seen
        staging.replace(settings.home)
    except OSError as error:
        raise BackupError(
            f"The backup cannot be restored ({error}). Free space or mend permissions, remove "
            "what is left, and start again."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    moment = datetime.fromisoformat(contents["moment"])
    return RestoreReport(settings.home, moment, tuple(contents["parts"]), ended)


def _places(settings: Settings) -> tuple[Path | None, Path | None]:
    """Where the database's file and the artifacts go, where that is outside of the home."""
    from labelaudit_dagster.store.url import parse_url

    database = artifacts = None
    if settings.database_url is not None:
        url = parse_url(settings.database_url)
        database = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
    if settings.artifacts_url is not None and "://" not in settings.artifacts_url:
        artifacts = Path(settings.artifacts_url)
    return database, artifacts


def _refuse_content(place: Path | None) -> None:
    if place is None or not place.exists():
        return
    if place.is_dir() and not any(place.iterdir()):
        return
    raise BackupError(
        f"{place} is there already and stays as it is. Restore into a new home (set "
        "LABELAUDIT_HOME), or move the old one away first."
    )


def _move(source: Path, target: Path | None) -> None:
    if target is None or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rmdir()
    shutil.move(source, target)


def _check(staging: Path) -> None:
    """Everything that is current or pinned can be read, and all that it was made from.

    Raises:
        BackupError: it cannot.
    """
    from labelaudit_dagster.artifacts import ArtifactError

    store = ArtifactStore(staging / "artifacts")
    try:
        for asset in store.assets():
            for partition in (None, *store.partitions(asset)):
                ref = store.current(asset, partition)
                if ref is not None:
                    store.manifest(ref)
                for pin in store.pins(asset, partition):
                    store.manifest(pin.ref)
    except ArtifactError as error:
        raise BackupError(f"The backup is not whole: {error}") from error


def _end_runs(settings: Settings, staging: Path) -> int:
    """Tell Dagster that no run of then goes on: one that seems to would hold up all others."""
    if not (staging / "dagster").is_dir():
        return 0
    from labelaudit_dagster.launch import end_lost_runs

    given: dict[str, Any] = {**settings.model_dump(), "home": staging}
    return end_lost_runs(Settings(**given), why="It was under way when the backup was made.")
