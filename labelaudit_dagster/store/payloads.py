"""Bodies of constitutions, each distinct one kept once under its hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.errors import InvalidTableError
from labelaudit_dagster.store.schema import payloads


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of a payload's canonical JSON.

    Keys are sorted, white space left out, other characters than ASCII escaped: the same
    spelling, and so the same hash, as in `labelaudit_dagster.constitution`.

    Raises:
        InvalidTableError: The payload is no strict JSON object.
    """
    return hashlib.sha256(_canonical(payload)).hexdigest()


def store_payload(connection: Connection, payload: Mapping[str, Any]) -> str:
    """Keep a payload unless it is kept already, and return its hash."""
    text = _canonical(payload)
    digest = hashlib.sha256(text).hexdigest()
    known = select(payloads.c.payload_hash).where(payloads.c.payload_hash == digest)
    if connection.scalar(known) is None:
        body = gzip.compress(text, compresslevel=5, mtime=0)
        connection.execute(payloads.insert().values(payload_hash=digest, body=body))
    return digest


def read_payload(connection: Connection, digest: str) -> dict[str, Any]:
    """Return a payload by its hash.

    Raises:
        KeyError: There is none with that hash.
    """
    body = connection.scalar(select(payloads.c.body).where(payloads.c.payload_hash == digest))
    if body is None:
        raise KeyError(digest)
    payload: dict[str, Any] = json.loads(gzip.decompress(body))
    return payload


def _canonical(payload: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(
            dict(payload), sort_keys=True, separators=(",", ":"), allow_nan=False
        ).encode("ascii")
    except (TypeError, ValueError) as error:
        raise InvalidTableError(f"The content is no strict JSON: {error}.") from error
