"""The same picture in fewer bytes, so that pictures of the documentation stay small."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _RGBA = 2, 6
_UNFILTERED, _SUB = 0, 1


def compact(png: bytes) -> bytes:
    """Return an opaque RGBA picture of the chart renderer as RGB, compressed as well as may be.

    The renderer compresses for speed. Pixels and resolution stay as they are.

    Raises:
        ValueError: the picture is none that the renderer makes: not 8 bit RGBA, interlaced,
            with filters other than none and Sub, or not opaque.
    """
    chunks = list(_chunks(png))
    header = next(body for kind, body in chunks if kind == b"IHDR")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if (depth, colour, interlaced) != (8, _RGBA, 0):
        raise ValueError("The picture is not plain 8 bit RGBA.")
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    lines = np.frombuffer(data, np.uint8).reshape(height, 4 * width + 1)
    filters = lines[:, 0]
    if not np.isin(filters, (_UNFILTERED, _SUB)).all():
        raise ValueError("The picture uses a filter other than none and Sub.")
    pixels = lines[:, 1:].reshape(height, width, 4).copy()
    sub = filters == _SUB
    pixels[sub] = np.cumsum(pixels[sub], axis=1, dtype=np.uint8)  # wraps around, as PNG has it
    if not np.all(pixels[..., 3] == 255):
        raise ValueError("The picture is not opaque.")
    plain = np.zeros((height, 3 * width + 1), np.uint8)
    plain[:, 1:] = pixels[..., :3].reshape(height, 3 * width)
    written = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)),
        *((kind, body) for kind, body in chunks if kind == b"pHYs"),
        (b"IDAT", zlib.compress(plain.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in written
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of every chunk."""
    place = len(_SIGNATURE)
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        place += size + 12
