"""Whether a constitution came before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from labelaudit_dagster.store import Database, payload_hash
from labelaudit_dagster.store.schema import received_constitutions


def was_received(database: Database, idempotency_key: str, document: Mapping[str, Any]) -> bool:
    """Tell whether the same content came before with the same key.

    Raises:
        StoreError: The database failed.
    """
    query = select(received_constitutions.c.payload_hash).where(
        received_constitutions.c.idempotency_key == idempotency_key
    )
    with database.read() as connection:
        earlier = connection.scalar(query)
    return earlier is not None and earlier == payload_hash(document)
