"""Artifacts in an object store (S3, GCS, …) through universal_pathlib and fsspec.

One object is put whole or not at all, so that no temporary files are needed. Listings of the file
system library are cached per process; they are dropped before each listing, since other processes
write too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from labelaudit_dagster.artifacts.errors import ArtifactStorageError

if TYPE_CHECKING:
    from upath import UPath


class ObjectStorage:
    """`Storage` below a URL."""

    def __init__(self, root: UPath) -> None:
        self._files: Any = root.fs
        self._root = root.path.rstrip("/")
        self._url = str(root).rstrip("/")
        # The S3 library asks for the size before each read, to fetch large files in parallel;
        # pointers and manifests are small, and one request is enough.
        self._small_read = {"max_concurrency": 1} if root.protocol in ("s3", "s3a") else {}

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    @contextmanager
    def _refusals(self, action: str, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:  # each file system library has exceptions of its own
            raise ArtifactStorageError(
                f"Cannot {action} {self.location(path)}: {type(error).__name__}: {error}; "
                "check the address, the credentials and the network."
            ) from error

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        with self._refusals("read", path):
            options = self._small_read if path.endswith(".json") else {}
            return cast("bytes", self._files.cat_file(self._path(path), **options))

    def open(self, path: str) -> BinaryIO:
        """See `Storage.open`."""
        with self._refusals("open", path):
            return cast("BinaryIO", self._files.open(self._path(path), "rb"))

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        try:
            with self._refusals("look for", path):
                self._files.invalidate_cache()
                return bool(self._files.info(self._path(path))["type"] == "file")
        except FileNotFoundError:
            return False

    def names(self, folder: str) -> list[str]:
        """See `Storage.names`."""
        try:
            with self._refusals("list", folder):
                self._files.invalidate_cache()
                found = self._files.ls(self._path(folder), detail=False)
        except FileNotFoundError:
            return []
        # Some file systems list a placeholder object for the folder itself, hence the test.
        base = self._path(folder) + "/"
        names = {path[len(base) :].rstrip("/") for path in found if path.startswith(base)}
        return sorted(names - {""})

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        base = self._path(folder) + "/"
        try:
            with self._refusals("list", folder):
                self._files.invalidate_cache()
                found = self._files.find(self._path(folder), detail=True)
        except FileNotFoundError:
            return
        for path in sorted(found):
            if path.startswith(base):
                yield path.removeprefix(base), int(found[path].get("size") or 0)

    def folders_holding(self, folder: str, file_name: str) -> list[str]:
        """See `Storage.folders_holding`."""
        parts = (path.split("/") for path, _ in self._below(folder))
        return sorted(part[0] for part in parts if len(part) == 2 and part[1] == file_name)

    def walk(self) -> Iterator[tuple[str, int]]:
        """See `Storage.walk`."""
        return self._below("")

    def _put(self, path: str, data: bytes) -> None:
        try:
            with self._refusals("write", path):
                self._files.pipe_file(self._path(path), data)
        except FileNotFoundError as error:
            raise ArtifactStorageError(
                f"Cannot write {self.location(path)}: {error}; create the bucket first."
            ) from error

    def write_version(self, folder: str, files: dict[str, bytes]) -> None:
        """See `Storage.write_version`."""
        written: list[str] = []
        try:
            for name, data in files.items():
                self._put(f"{folder}/{name}", data)
                written.append(f"{folder}/{name}")
        except BaseException:
            for path in written:
                try:
                    self.delete(path)
                except ArtifactStorageError:  # the next pruning removes what stays behind
                    break
            raise

    def replace(self, path: str, data: bytes, stamp: str) -> None:
        """See `Storage.replace`; an object store needs no temporary file."""
        self._put(path, data)

    def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        try:
            with self._refusals("delete", path):
                self._files.rm_file(self._path(path))
        except FileNotFoundError:
            return

    def delete_empty_folders(self, folder: str) -> None:
        """See `Storage.delete_empty_folders`; an object store has no folders."""

    def location(self, path: str) -> str:
        """See `Storage.location`."""
        return f"{self._url}/{path}" if path else self._url
