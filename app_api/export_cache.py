"""Export bodies, built once for each state of the database and kept within bounds of memory."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from importlib.metadata import version
from io import BytesIO
from typing import BinaryIO, cast

from labelaudit_dagster.importers import ExportFlags, write_export
from labelaudit_dagster.store import Database, fingerprint, load_community

MAX_CACHED_BYTES = 128 * 1024 * 1024
"""Most bytes of compressed bodies that are kept; ratings compress to about a twentieth."""

PIECE_BYTES = 256 * 1024
_COMPRESSION = 3
_LETTERS = "tgrum"


@dataclass(frozen=True, eq=False)
class ExportBody:
    """An export document.

    Attributes:
        tag: Changes whenever the document does.
        compressed: The document as gzip.
        plain_bytes: Its size before compression.
    """

    tag: str
    compressed: bytes
    plain_bytes: int

    def pieces(self, *, compressed: bool) -> Iterator[bytes]:
        """Yield the document piece by piece, so that the plain form never is in memory whole."""
        stream = BytesIO(self.compressed)
        if compressed:
            yield from iter(lambda: stream.read(PIECE_BYTES), b"")
        else:
            with gzip.GzipFile(fileobj=stream) as plain:
                yield from iter(lambda: plain.read(PIECE_BYTES), b"")


class ExportCache:
    """Builds export bodies and keeps the current ones. Threads may share it.

    Args:
        database: Where the community is.
        max_bytes: Most bytes of compressed bodies to keep.
    """

    def __init__(self, database: Database, *, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._database = database
        self._max_bytes = max_bytes
        self._bodies: OrderedDict[str, ExportBody] = OrderedDict()
        self._guard = threading.Lock()
        # One at a time: two builds would take twice the memory for the same result.
        self._building = threading.Lock()
        self.builds = 0

    def current_tag(self, flags: ExportFlags) -> str:
        """Return the tag of the current export, without building it.

        Raises:
            StoreError: The database failed.
        """
        return _tag(fingerprint(self._database).export, flags)

    def current_body(self, flags: ExportFlags) -> ExportBody:
        """Return the current export; its tag is of the very snapshot that it shows.

        Raises:
            StoreError: The database failed.
        """
        found = self._find(self.current_tag(flags))
        if found is not None:
            return found
        with self._building:
            found = self._find(self.current_tag(flags))
            return self._build(flags) if found is None else found

    def _find(self, tag: str) -> ExportBody | None:
        with self._guard:
            body = self._bodies.get(tag)
            if body is not None:
                self._bodies.move_to_end(tag)
            return body

    def _build(self, flags: ExportFlags) -> ExportBody:
        self.builds += 1
        stored = load_community(self._database)
        buffer = BytesIO()
        with gzip.GzipFile(
            fileobj=buffer, mode="wb", compresslevel=_COMPRESSION, mtime=0
        ) as stream:
            # A GzipFile writes as any binary file does; its class only does not say so.
            write_export(stored.community, cast(BinaryIO, stream), flags)
            plain_bytes = stream.tell()
        body = ExportBody(_tag(stored.fingerprint.export, flags), buffer.getvalue(), plain_bytes)
        self._keep(body)
        return body

    def _keep(self, body: ExportBody) -> None:
        with self._guard:
            self._bodies[body.tag] = body
            held = sum(len(kept.compressed) for kept in self._bodies.values())
            while held > self._max_bytes:
                _, dropped = self._bodies.popitem(last=False)
                held -= len(dropped.compressed)


def _tag(state: str, flags: ExportFlags) -> str:
    parts = "".join(
        letter for letter, wanted in zip(_LETTERS, astuple(flags), strict=True) if wanted
    )
    # Another version of the program may write the same community in other bytes.
    return f"{state}-{parts or '0'}-{version('labelaudit')}"
