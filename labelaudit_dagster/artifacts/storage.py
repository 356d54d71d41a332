"""The few operations that the store needs of a file system or an object store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from upath import UPath


class Storage(Protocol):
    """Files below one root; every path is relative to it, with `/` between parts.

    Reading raises `FileNotFoundError` for what is not there; every other refusal of the medium is
    an `ArtifactStorageError`.
    """

    def read(self, path: str) -> bytes:
        """Return a whole file."""

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading at arbitrary positions."""

    def exists(self, path: str) -> bool:
        """Whether there is a file."""

    def names(self, folder: str) -> list[str]:
        """Names of the files and folders directly in a folder, sorted; none if it is absent."""

    def folders_holding(self, folder: str, file_name: str) -> list[str]:
        """Names of the sub-folders that hold a file of this name, sorted."""

    def walk(self) -> Iterator[tuple[str, int]]:
        """All files with their size in bytes, and, with size 0 and a final `/`, empty folders."""

    def write_version(self, folder: str, files: dict[str, bytes]) -> None:
        """Write a new folder durably; on failure leave nothing.

        Args:
            folder: the folder, which does not exist.
            files: content by file name, in the order of writing. The last file is there only when
                all others are, and then it is there whole.
        """

    def replace(self, path: str, data: bytes, stamp: str) -> None:
        """Put a small file in place at once: readers see the old or the new content, whole.

        Args:
            path: the file.
            data: its new content.
            stamp: a version that goes into the name of a temporary file, where one is needed.
        """

    def delete(self, path: str) -> None:
        """Remove a file; absent is fine."""

    def delete_empty_folders(self, folder: str) -> None:
        """Remove a folder and its parents below the root as far as they are empty."""

    def location(self, path: str) -> str:
        """Address of a path for people: a local path or a URL."""


def open_storage(root: str | Path | UPath, **options: Any) -> Storage:
    """Return the storage for a root.

    Args:
        root: a folder, or a URL that universal_pathlib knows (`s3://bucket/prefix`, `gs://…`).
        **options: passed to the file system of a URL (`endpoint_url`, `key`, …).
    """
    from pathlib import Path

    if isinstance(root, str) and "://" not in root:
        root = Path(root)
    if isinstance(root, Path):
        from labelaudit_dagster.artifacts.local_storage import LocalStorage

        return LocalStorage(root)

    from upath import UPath

    remote = UPath(root, **options)
    if remote.protocol in ("file", "local"):
        from labelaudit_dagster.artifacts.local_storage import LocalStorage

        return LocalStorage(Path(remote.path))
    from labelaudit_dagster.artifacts.object_storage import ObjectStorage

    return ObjectStorage(remote)
