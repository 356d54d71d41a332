"""Decompression that notices when the end is missing.

A cut body whose length the other side did not tell looks whole to urllib3, and a table that was
cut between two rows looks whole to everybody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from urllib3.exceptions import DecodeError

_BLOCK = 64 * 1024
_GZIP = 31  # zlib's number for a gzip header and trailer


def gunzipped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress a gzip file, of several members too; what follows the last one is ignored.

    Args:
        blocks: the compressed file; one without a single byte is empty.

    Raises:
        DecodeError: it is no gzip file, is damaged, or ends too early.
    """
    member = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for block in blocks:
            rest, pending = block, False
            while rest or pending:
                if member.eof:
                    if not rest.startswith(b"\x1f"):
                        return
                    member = zlib.decompressobj(_GZIP)
                begun = True
                # In pieces, so that a bomb is noticed before it is unfolded.
                piece = member.decompress(rest, _BLOCK)
                yield piece
                rest = member.unused_data if member.eof else member.unconsumed_tail
                pending = len(piece) == _BLOCK and not member.eof
    except zlib.error as error:
        raise DecodeError("no gzip data") from error
    if begun and not member.eof:
        raise DecodeError("gzip data without their end")
