"""Artifacts in a local folder: fsync before rename, so that a power cut tears nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from labelaudit_dagster.artifacts.errors import ArtifactStorageError

_ATTEMPTS_TO_MAKE_FOLDER = 20
_ABSENT = (FileNotFoundError, NotADirectoryError)


def _sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable (a no-op where folders cannot be opened)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


class LocalStorage:
    """`Storage` in a local folder, which is created by the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()

    def _path(self, path: str) -> Path:
        return self._root / path

    @contextmanager
    def _refusals(self, action: str, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = {
                errno.ENOSPC: "free some space and run again",
                errno.EDQUOT: "free some of the quota and run again",
                errno.EFBIG: "raise the limit on file sizes and run again",
                errno.EROFS: "the file system is read-only; write to another root",
                errno.EACCES: "check the owner and permissions of the folder",
                errno.EPERM: "check the owner and permissions of the folder",
            }.get(error.errno or 0, "check the folder and run again")
            raise ArtifactStorageError(
                f"Cannot {action} {self._path(path)}: {error.strerror or error}; {hint}."
            ) from error

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        with self._refusals("read", path), suppress(*_ABSENT):
            return self._path(path).read_bytes()
        raise FileNotFoundError(self.location(path))

    def open(self, path: str) -> BinaryIO:
        """See `Storage.open`."""
        with self._refusals("open", path), suppress(*_ABSENT):
            return self._path(path).open("rb")
        raise FileNotFoundError(self.location(path))

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        with self._refusals("look for", path):
            return self._path(path).is_file()

    def names(self, folder: str) -> list[str]:
        """See `Storage.names`."""
        with self._refusals("list", folder), suppress(*_ABSENT):
            return sorted(entry.name for entry in self._path(folder).iterdir())
        return []

    def folders_holding(self, folder: str, file_name: str) -> list[str]:
        """See `Storage.folders_holding`."""
        base = self._path(folder)
        return [name for name in self.names(folder) if (base / name / file_name).is_file()]

    def walk(self) -> Iterator[tuple[str, int]]:
        """See `Storage.walk`."""
        for folder, subfolders, files in os.walk(self._root):
            subfolders.sort()
            relative = Path(folder).relative_to(self._root)
            if not subfolders and not files and relative.parts:
                yield f"{relative.as_posix()}/", 0
            for name in sorted(files):
                with suppress(FileNotFoundError):  # another process may remove it meanwhile
                    size = (Path(folder) / name).stat().st_size
                    yield (relative / name).as_posix(), size

    def _make_folder(self, folder: Path) -> None:
        """Create a folder with its parents, each durably in its own parent."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir(exist_ok=True)
            _sync_folder(new.parent)

    def _make_version_folder(self, folder: Path) -> None:
        """Create a version folder though pruning may remove its empty parent at any moment."""
        for attempt in range(_ATTEMPTS_TO_MAKE_FOLDER):
            try:
                self._make_folder(folder.parent)
                folder.mkdir()
            except FileNotFoundError:
                if attempt == _ATTEMPTS_TO_MAKE_FOLDER - 1:
                    raise
            else:
                return

    def write_version(self, folder: str, files: dict[str, bytes]) -> None:
        """See `Storage.write_version`."""
        target = self._path(folder)
        with self._refusals("write", folder):
            self._make_version_folder(target)
            *first, last = files
            temporary = target / f"{last}.tmp"
            try:
                for name in first:
                    _write_durably(target / name, files[name])
                # The last file says that the version is whole, so it has to appear whole itself.
                _write_durably(temporary, files[last])
                temporary.replace(target / last)
                _sync_folder(target)
                _sync_folder(target.parent)
            except BaseException:
                for name in (last, temporary.name, *first):
                    with suppress(OSError):
                        (target / name).unlink()
                with suppress(OSError):
                    target.rmdir()
                raise

    def replace(self, path: str, data: bytes, stamp: str) -> None:
        """See `Storage.replace`."""
        target = self._path(path)
        temporary = target.with_name(f"{target.name}.{stamp}.tmp")
        with self._refusals("write", path):
            self._make_folder(target.parent)
            try:
                _write_durably(temporary, data)
                temporary.replace(target)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise
            _sync_folder(target.parent)

    def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        with self._refusals("delete", path):
            self._path(path).unlink(missing_ok=True)

    def delete_empty_folders(self, folder: str) -> None:
        """See `Storage.delete_empty_folders`."""
        path = self._path(folder)
        with suppress(OSError):  # not empty, or removed by another process: both are fine
            while path != self._root:
                path.rmdir()
                path = path.parent

    def location(self, path: str) -> str:
        """See `Storage.location`."""
        return str(self._path(path))
