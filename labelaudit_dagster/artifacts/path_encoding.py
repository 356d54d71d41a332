"""One reversible encoding of any key (asset, partition, member name) into one path part.

Letters `a-z`, digits, `_` and `-` stand for themselves; every other byte of the UTF-8 form becomes
`!` and two hex digits. Capitals are encoded too, so that two keys never meet on a file system that
ignores case. A part never holds a dot: it is never hidden, never `..`, and never equal to a file or
version folder of the store. `!` is safe in S3 and GCS object names, on POSIX and on Windows.

Parts longer than `MAX_PART_LENGTH` are cut and end with `!-` and a SHA-256 of the key; what they
stand for is in the file `KEY_FILE` inside the folder.
"""

from __future__ import annotations

import hashlib
import re

from labelaudit_dagster.artifacts.errors import ArtifactKeyError

KEY_FILE = "key.json"
"""Name of the file that holds the original key of a folder with a shortened name."""

MAX_PART_LENGTH = 128
"""Longest encoded part that is written in full, in characters (all ASCII, so also bytes)."""

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_SHORTENED = re.compile(r"[a-z0-9_!-]{0,63}!-[0-9a-f]{64}")
_ESCAPE = re.compile(rb"!([0-9a-f]{2})")
_WINDOWS_DEVICES = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_EMPTY = "!"


def encode_key(key: str) -> str:
    """Encode any Unicode string as one path part of at most 128 ASCII characters.

    Args:
        key: any string, also empty, `..`, with slashes, NUL or emoji.

    Returns:
        A part that is different for every key, also where case is ignored.

    Raises:
        ArtifactKeyError: if the key holds a lone surrogate, which is no Unicode text.
    """
    try:
        raw = key.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ArtifactKeyError(
            f"The key {key!r} holds half a surrogate pair at position {error.start}; "
            "use valid Unicode text."
        ) from None
    if not raw:
        return _EMPTY
    part = "".join(chr(byte) if byte in _PLAIN else f"!{byte:02x}" for byte in raw)
    if _WINDOWS_DEVICES.fullmatch(part):
        part = f"!{raw[0]:02x}{part[1:]}"
    if len(part) > MAX_PART_LENGTH:
        head = re.sub(r"![0-9a-f]?$", "", part[:60])
        return f"{head}!-{hashlib.sha256(raw).hexdigest()}"
    return part


def is_shortened(part: str) -> bool:
    """Whether a part stands for a key that only the folder's `key.json` can tell."""
    return _SHORTENED.fullmatch(part) is not None


def decode_key(part: str) -> str | None:
    """Return the key that `encode_key` made this part from.

    Returns:
        The key, or `None` if the part is shortened or is no encoded key at all.
    """
    if part == _EMPTY:
        return ""
    try:
        raw = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), part.encode("ascii"))
        key = raw.decode("utf-8")
    except UnicodeError:
        return None
    return key if encode_key(key) == part else None
