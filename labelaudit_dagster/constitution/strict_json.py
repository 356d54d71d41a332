"""Plain JSON values from NumPy, pandas and time types, without NaN and without guessing."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from labelaudit_dagster.constitution.errors import ConstitutionError


def strict_json(value: Any, field: str = "document") -> Any:
    """Return `value` built of dict, list, str, int, float, bool and None alone.

    NaN, infinities, `pd.NA` and `NaT` become None, since JSON has no such numbers. Aware times
    become ISO 8601 in UTC. Dictionaries keep their order.

    Args:
        value: what a document is to hold.
        field: what to call it in messages.

    Raises:
        ConstitutionError: a value of another type, a key that is no string, a time without a
            zone, or a text that cannot be written as UTF-8; the message names the field.
    """
    kind = type(value)
    if kind is float:  # The usual types first: documents hold millions of them.
        return value if math.isfinite(value) else None
    if kind is bool or kind is int:
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return utc_text(value, field)
    if isinstance(value, Mapping):
        return {
            _key(key, field): strict_json(item, f"{field}.{key}") for key, item in value.items()
        }
    if isinstance(value, np.ndarray):
        return [strict_json(item, f"{field}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [strict_json(item, f"{field}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Set):
        raise ConstitutionError(f"{field} is a set, which has no order; pass a sorted list.")
    raise ConstitutionError(f"{field} holds a {type(value).__name__}, which JSON cannot express.")


def utc_text(moment: datetime, field: str) -> str:
    """Return an aware time as ISO 8601 in UTC.

    Raises:
        ConstitutionError: the time has no zone.
    """
    if moment.utcoffset() is None:
        raise ConstitutionError(f"{field} must be a time with a zone; pass UTC.")
    return moment.astimezone(UTC).isoformat()


def canonical_json(value: Any) -> bytes:
    """Return the one spelling of a JSON value that hashes are taken of.

    Keys sorted by code point, no white space, ASCII escapes, shortest float spelling.

    Raises:
        ConstitutionError: the value is no strict JSON, NaN and infinities included.
    """
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise ConstitutionError(f"The value cannot be written as strict JSON: {error}.") from error
    return text.encode("ascii")


def content_hash(value: Any) -> str:
    """Return the SHA-256 of `canonical_json(value)` as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _text(value: str, field: str) -> str:
    """Return a plain str that UTF-8 can hold."""
    if type(value) is str and value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConstitutionError(
            f"{field} holds half of a surrogate pair at character {error.start}, which UTF-8"
            " cannot express; repair the text at its source."
        ) from error
    return str.__str__(value)  # an enumeration member becomes its plain value


def _key(key: object, field: str) -> str:
    """Return a key that JSON can hold."""
    if not isinstance(key, str):
        raise ConstitutionError(f"{field} has the key {key!r}; keys must be strings.")
    return _text(key, field)
