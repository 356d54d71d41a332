"""Conditional and compressed answers: entity tags and Accept-Encoding."""

from __future__ import annotations

import re

from app_api.media_types import weighted

_TAG = re.compile(r'(?:W/)?("[!#-~\x80-\xff]*")')
_GZIP_MARK = ".gz"

READ_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Cookie, Accept-Encoding",
}
"""Of answers that a client may keep, and must ask about before it uses them again."""


def entity_tag(value: str, *, compressed: bool) -> str:
    """Return the strong entity tag of a representation (RFC 9110, section 8.8.3).

    The compressed form has other bytes, and so another tag.
    """
    return f'"{value}{_GZIP_MARK if compressed else ""}"'


def matching_tag(if_none_match: str | None, value: str) -> str | None:
    """Return which representation of the current content the client holds, if any.

    Either form counts, whatever the client accepts now: its content is the current one.

    Args:
        if_none_match: The header's value.
        value: What the current content's tags are made of.

    Returns:
        The tag for the answer 304, or None where a full answer is due.
    """
    if if_none_match is None:
        return None
    tags = [entity_tag(value, compressed=compressed) for compressed in (False, True)]
    if if_none_match.strip() == "*":
        return tags[0]
    given = set(_TAG.findall(if_none_match))
    return next((tag for tag in tags if tag in given), None)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Tell whether an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3)."""
    weights = dict(weighted(accept_encoding))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0
