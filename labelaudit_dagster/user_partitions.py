"""The partition of a user: the key by which Dagster and the artifact store know a person.

Ordinary names stand for themselves. What Dagster refuses in partition keys, or what its pages could
not show, is written as `%` and two hexadecimal digits for each byte of the UTF-8 form.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

PARTITIONS_NAME: Final = "users"
"""Name of the dynamic partitions: one for everybody who has labelled."""

_DOTS = re.compile(r"\.{3,}")
_EMPTY: Final = "%"


def partition_key(user_id: str) -> str:
    """Return the partition key of a user; different users have different keys.

    Args:
        user_id: any Unicode text.
    """
    if not user_id:
        return _EMPTY
    shown = "".join(c if c.isprintable() and c != "%" else _escaped(c) for c in user_id)
    # Dagster takes three dots for the mark of a range.
    return _DOTS.sub(lambda dots: "%2E" * len(dots.group()), shown)


def user_of_partition(key: str) -> str:
    """Return the user whose partition key this is."""
    return "" if key == _EMPTY else unquote(key, errors="strict")


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8"))
