"""Looking for a key in everything that a home holds, however it is packed."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq


def places_of(key: str, folder: Path) -> list[str]:
    """Return every place below a folder where a key can be found."""
    traces = [key.encode(), base64.b64encode(key.encode()).rstrip(b"=")[:-2]]
    return [
        place
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for place, data in _readings(path)
        if any(trace in data for trace in traces) or key in place
    ]


def _readings(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file as it is, and all that can be unpacked from it."""
    data = path.read_bytes()
    for reading in _unpacked(data):
        yield str(path), reading
    if data.startswith(b"SQLite format 3"):
        yield from _cells(path)
    if data.startswith(b"PAR1"):
        yield str(path), repr(pq.read_table(path).to_pylist()).encode()


def _cells(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str):
                        yield f"{path}: {table}", value.encode()
                    if isinstance(value, bytes):
                        for reading in _unpacked(value):
                            yield f"{path}: {table}", reading


def _unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(data)
        except (OSError, EOFError, zlib.error):
            continue
