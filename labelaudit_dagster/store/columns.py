"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_ESCAPE = "\x1a"
_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def escape_text(text: str) -> str:
    """Return a text that every database can hold, reversibly.

    PostgreSQL has no NUL in its texts and neither database has lone surrogates (which
    JSON may carry); ids are kept verbatim all the same. Each such character becomes
    U+001A and four hexadecimal digits.
    """
    if _UNSTORABLE.search(text) is None:
        return text
    return _UNSTORABLE.sub(lambda found: f"{_ESCAPE}{ord(found.group()):04x}", text)


def unescape_text(stored: str) -> str:
    """Return the text that `escape_text` was given."""
    if _ESCAPE not in stored:
        return stored
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), stored)


def to_microseconds(moment: datetime) -> int:
    """Return the whole microseconds since 1970-01-01 UTC.

    Raises:
        ValueError: The moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("moments are stored in UTC and need a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the moment, in UTC, that `to_microseconds` was given."""
    return _EPOCH + value * _MICROSECOND


class VerbatimText(TypeDecorator[str]):
    """Text that comes back exactly as it was given, whatever characters it holds."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape what the database cannot hold."""
        return None if value is None else escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Undo the escaping."""
        return None if value is None else unescape_text(value)


class JsonText(TypeDecorator[Any]):
    """A JSON document kept as text with sorted keys; NaN and infinities are refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the document."""
        return None if value is None else escape_text(json_text(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the document."""
        return None if value is None else json.loads(unescape_text(value))


class UtcMicroseconds(TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970-01-01 UTC: exact, compact, sortable."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write the moment."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read the moment."""
        return None if value is None else from_microseconds(value)


def json_text(value: Any) -> str:
    """Return one document's canonical JSON text (sorted keys, no spaces).

    Raises:
        ValueError: The document holds NaN or an infinity.
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
