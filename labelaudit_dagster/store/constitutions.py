"""Constitutions that the embedded platform received; every one is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import IdempotencyConflictError, InvalidTableError
from labelaudit_dagster.store.payloads import payload_hash, read_payload, store_payload
from labelaudit_dagster.store.schema import received_constitutions

_NUMBERS_BY_ID = ("guideline_intercepts", "user_intercepts", "guideline_scores")
_VECTORS_BY_ID = ("guideline_embeddings", "user_embeddings")


@dataclass(frozen=True)
class ReceivedConstitution:
    """A constitution as it was posted to us.

    Attributes:
        sequence: Number of the constitution; later ones have greater numbers.
        payload_hash: SHA-256 of its canonical JSON.
        idempotency_key: The sender's key, if it sent one.
        received_at: When it came first, in UTC.
        is_new: False where the same key had brought it before.
    """

    sequence: int
    payload_hash: str
    idempotency_key: str | None
    received_at: datetime
    is_new: bool


def receive_constitution(
    db: Database, payload: Mapping[str, Any], *, idempotency_key: str | None = None, now: datetime
) -> ReceivedConstitution:
    """Keep a posted constitution durably; the same key again gives the first answer.

    Args:
        db: The database.
        payload: The posted body.
        idempotency_key: The sender's `Idempotency-Key`; without one every post is a new
            constitution.
        now: The time, with a zone.

    Raises:
        InvalidTableError: A key is missing or has a wrong type; the message names it.
        IdempotencyConflictError: The key came before with another content.
        StoreError: The database failed; nothing was stored.
    """
    _check(payload)
    table = received_constitutions
    with db.write() as connection:
        if idempotency_key is not None:
            earlier = (
                connection.execute(select(table).where(table.c.idempotency_key == idempotency_key))
                .mappings()
                .first()
            )
            if earlier is not None:
                if store_payload(connection, payload) != earlier["payload_hash"]:
                    raise IdempotencyConflictError(
                        f"The Idempotency-Key {idempotency_key!r} came before with another "
                        "constitution; use a new key for new content."
                    )
                return _received(earlier, is_new=False)
        digest = store_payload(connection, payload)
        sequence = 1 + (connection.scalar(select(func.max(table.c.sequence))) or 0)
        change = add_change(
            connection, "constitution_received", now=now, subject=f"{sequence}-{digest}"
        )
        connection.execute(
            table.insert().values(
                sequence=sequence,
                idempotency_key=idempotency_key,
                payload_hash=digest,
                received_at=now,
                recorded_change=change,
            )
        )
    return ReceivedConstitution(sequence, digest, idempotency_key, now, True)


def was_received(db: Database, payload: Mapping[str, Any], *, idempotency_key: str) -> bool:
    """Tell whether the same content came before with the same key.

    Raises:
        InvalidTableError: The payload is no strict JSON object.
        StoreError: The database failed.
    """
    query = select(received_constitutions.c.payload_hash).where(
        received_constitutions.c.idempotency_key == idempotency_key
    )
    with db.read() as connection:
        earlier = connection.scalar(query)
    return earlier is not None and earlier == payload_hash(payload)


def list_received(db: Database, *, limit: int = 100) -> list[ReceivedConstitution]:
    """Return the constitutions received, newest first."""
    query = (
        select(received_constitutions)
        .order_by(received_constitutions.c.sequence.desc())
        .limit(limit)
    )
    with db.read() as connection:
        rows = connection.execute(query).mappings()
        return [_received(row, is_new=False) for row in rows]


def latest_constitution(db: Database) -> tuple[ReceivedConstitution, dict[str, Any]] | None:
    """Return the constitution received last and its body; None before the first."""
    table = received_constitutions
    with db.read() as connection:
        row = (
            connection.execute(select(table).order_by(table.c.sequence.desc()).limit(1))
            .mappings()
            .first()
        )
        if row is None:
            return None
        return _received(row, is_new=False), read_payload(connection, row["payload_hash"])


def _received(row: RowMapping, *, is_new: bool) -> ReceivedConstitution:
    return ReceivedConstitution(
        row["sequence"], row["payload_hash"], row["idempotency_key"], row["received_at"], is_new
    )


def _check(payload: Mapping[str, Any]) -> None:
    """Check a posted body, so that the next export can be made of it."""
    accepted = payload.get("accepted_guideline_ids")
    if not isinstance(accepted, list) or not all(isinstance(name, str) for name in accepted):
        raise InvalidTableError("accepted_guideline_ids must be a list of strings.")
    if not _is_number(payload.get("mu")):
        raise InvalidTableError("mu must be a finite number.")
    for field in (*_NUMBERS_BY_ID, *_VECTORS_BY_ID):
        if not isinstance(payload.get(field), Mapping):
            raise InvalidTableError(f"{field} must be an object with ids as its keys.")
    for field in _NUMBERS_BY_ID:
        for name, value in payload[field].items():
            if not _is_number(value):
                raise InvalidTableError(f"{field}[{name!r}] must be a finite number.")
    lengths = set()
    for field in _VECTORS_BY_ID:
        for name, vector in payload[field].items():
            if not isinstance(vector, list) or not all(map(_is_number, vector)):
                raise InvalidTableError(f"{field}[{name!r}] must be a list of finite numbers.")
            lengths.add(len(vector))
    if len(lengths) > 1:
        raise InvalidTableError(f"Embeddings have different lengths: {sorted(lengths)}.")


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]  # narrowed by type()
