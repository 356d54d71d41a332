"""Makes a backup."""

from __future__ import annotations

import os
import secrets
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from labelaudit_dagster.backup.archive import ArchiveWriter, BackupError
from labelaudit_dagster.backup.sources import add_artifacts, add_dagster
from labelaudit_dagster.settings import Settings

DATABASE_FILE: Final = "labelaudit.db"
DATABASE_DUMP: Final = "database.dump"


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds.

    Attributes:
        file: where it lies.
        moment: the moment whose state it is, UTC.
        size: bytes.
        versions: artifact versions in it.
        parts: which of `database`, `artifacts` and `dagster` are in it.
    """

    file: Path
    moment: datetime
    size: int
    versions: int
    parts: tuple[str, ...]


def make_backup(
    settings: Settings,
    file: Path,
    *,
    without_artifacts: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> BackupReport:
    """Copy a home into one file, which appears whole or not at all.

    Args:
        settings: of the installation.
        file: must not exist.
        without_artifacts: leave them out, where they lie in a bucket that keeps its versions.
        tell: is told in a few words what begins.

    Raises:
        BackupError: there is nothing to copy, the file exists, or something cannot be read or
            written; no file is left then.
        StoreError: the database cannot be read.
    """
    artifacts = settings.resolved_artifacts_url
    if "://" in artifacts and not without_artifacts:
        raise BackupError(
            f"The artifacts are in {artifacts}, which is not copied from here. Keep versions of "
            "that bucket, and give --without-artifacts."
        )
    if file.exists():
        raise BackupError(f"{file} exists already and stays as it is; choose another name.")
    if not settings.home.is_dir():
        raise BackupError(f"There is no home at {settings.home}; nothing was copied.")
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as scratch:
            report = _write(settings, partial, Path(scratch), without_artifacts, tell)
        if file.exists():
            raise BackupError(f"{file} has appeared meanwhile and stays as it is.")
        partial.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise BackupError(
            f"The backup cannot be written or something cannot be read ({error}). Nothing was "
            "kept; free space or mend permissions and start again."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return BackupReport(file, report.moment, file.stat().st_size, report.versions, report.parts)


def _write(
    settings: Settings,
    partial: Path,
    scratch: Path,
    without_artifacts: bool,
    tell: Callable[[str], None],
) -> BackupReport:
    from labelaudit_dagster.store import DatabaseMissingError, back_up_database, inspect_database

    parts: list[str] = []
    about: dict[str, Any] = {"labelaudit": version("labelaudit")}
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:", format=tarfile.PAX_FORMAT) as tar:
            archive = ArchiveWriter(tar)
            if settings.dagster_home.is_dir():
                tell("Dagster's storage")
                add_dagster(archive, settings.dagster_home, scratch)
                parts.append("dagster")
            tell("the database")
            try:
                about["schema"] = inspect_database(
                    settings.resolved_database_url, look_for_faults=False
                ).schema
                kind, moment = back_up_database(settings.resolved_database_url, scratch / "copy")
                name = DATABASE_FILE if kind == "sqlite" else DATABASE_DUMP
                archive.add_file(name, scratch / "copy")
                parts.append("database")
            except DatabaseMissingError:
                moment = datetime.now(UTC)
            root = Path(settings.resolved_artifacts_url)
            versions = 0
            if not without_artifacts and root.is_dir():
                tell("the artifacts")
                versions = add_artifacts(archive, root, moment)
                parts.append("artifacts")
            if not parts:
                raise BackupError(f"There is nothing in {settings.home} yet; nothing was copied.")
            archive.finish({**about, "moment": moment.isoformat(), "parts": parts})
        stream.flush()
        os.fsync(stream.fileno())
    return BackupReport(partial, moment, 0, versions, tuple(parts))


def _sync(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
