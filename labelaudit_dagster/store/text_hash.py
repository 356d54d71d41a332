"""Hashes by which texts are found: short enough for an index, whatever the text's length."""

from __future__ import annotations

import hashlib


def text_hash(text: str) -> int:
    """Return a signed 64-bit BLAKE2b hash of a text; equal texts have equal hashes."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
