"""Halves of surrogate pairs, which some writers put where no valid UTF-8 has them."""

from __future__ import annotations

import re
from typing import Final

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def decoded_without_surrogates(content: bytes) -> str:
    """Return UTF-8 as text, with NUL for each half of a surrogate pair.

    NUL marks what a database cannot store, so that the row is set aside and not the whole file.

    Raises:
        UnicodeDecodeError: The bytes are not UTF-8 for another reason.
    """
    return _SURROGATES.sub("\0", content.decode("utf-8", "surrogatepass"))
