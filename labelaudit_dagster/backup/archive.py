"""The file of a backup: a tar archive whose last member lists the others with their hashes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from labelaudit_dagster.failures import ExpectedFailure

CONTENTS: Final = "contents.json"
FORMAT: Final = 1
_CHUNK = 1024 * 1024


class BackupError(ExpectedFailure, RuntimeError):
    """A backup cannot be made or restored; the message says why and what to do."""


@dataclass
class ArchiveWriter:
    """Adds files to an archive and remembers their hashes.

    Attributes:
        tar: the archive.
        files: size and SHA-256 of each member so far.
    """

    tar: tarfile.TarFile
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a member."""
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file that nobody changes any more.

        Raises:
            FileNotFoundError: it is not there; nothing was added.
        """
        with path.open("rb") as stream:
            self._add(name, stream, path.stat().st_size)

    def finish(self, about: Mapping[str, Any]) -> None:
        """Add the list of contents, without which an archive counts as cut short."""
        document = {"format": FORMAT, **about, "files": self.files}
        content = json.dumps(document, indent=1, sort_keys=True).encode("ascii")
        self.tar.addfile(_member(CONTENTS, len(content)), io.BytesIO(content))

    def _add(self, name: str, stream: IO[bytes], size: int) -> None:
        hashing = _Hashing(stream)
        self.tar.addfile(_member(name, size), hashing)
        self.files[name] = {"size": size, "sha256": hashing.digest.hexdigest()}


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self.digest.update(content)
        return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive into an empty folder after comparing every member with its hash.

    Args:
        file: the archive.
        folder: an empty folder.

    Returns:
        The list of contents.

    Raises:
        BackupError: it is no whole backup of a format that is known. What was unpacked is useless.
    """
    found: dict[str, tuple[int, str]] = {}
    contents: dict[str, Any] | None = None
    try:
        with tarfile.open(file, "r:") as tar:
            for member, stream in _members(tar, file):
                if member.name == CONTENTS:
                    contents = json.loads(stream.read())
                    continue
                found[member.name] = _write(stream, folder / member.name)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BackupError(
            f"{file} is no readable backup ({error}); it was damaged or cut short. Use another one."
        ) from error
    if contents is None:
        raise BackupError(f"{file} was cut short, its end is missing. Use another backup.")
    if contents.get("format") != FORMAT:
        raise BackupError(
            f"{file} has the format {contents.get('format')!r}, this program knows {FORMAT}. "
            "Restore it with the version of labelaudit that made it."
        )
    listed = {name: (entry["size"], entry["sha256"]) for name, entry in contents["files"].items()}
    wrong = sorted(name for name in {*listed, *found} if listed.get(name) != found.get(name))
    if wrong:
        raise BackupError(
            f"{file} is damaged: {wrong[0]}"
            + (f" and {len(wrong) - 1} others differ" if wrong[1:] else " differs")
            + " from the list of contents. Use another backup."
        )
    return contents


def _members(tar: tarfile.TarFile, file: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        parts = PurePosixPath(member.name).parts
        if not member.isfile() or not parts or ".." in parts or parts[0].startswith("/"):
            raise BackupError(f"{file} holds {member.name!r}, which no backup of ours does.")
        stream = tar.extractfile(member)
        assert stream is not None  # noqa: S101 - it is a file
        yield member, stream


def _write(stream: IO[bytes], path: Path) -> tuple[int, str]:
    """Write a file and return its size and SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        while chunk := stream.read(_CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
