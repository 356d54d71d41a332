"""Where a person is in the database: conditions that pick their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.audit_schema import models, reports
from labelaudit_dagster.store.schema import participants, quarantine, sources
from labelaudit_dagster.store.users import find_user

_KEYS_OF_PEOPLE = frozenset({"authorId", "author_id", "participant", "participant_id", "voter-id"})
"""Fields of quarantined rows that tell whom a row is about, in the sources that we read."""


@dataclass(frozen=True)
class PersonKeys:
    """Keys of a person's rows.

    Attributes:
        user: Key among users; None for who never wrote anything.
        models: Keys of their models.
        reports: Keys of their reports.
        participants: Keys among participants, one for each source that has the id.
        quarantined: (source_key, position) of rows in quarantine that are about them.
    """

    user: int | None
    models: tuple[int, ...]
    reports: tuple[int, ...]
    participants: tuple[int, ...]
    quarantined: tuple[tuple[int, int], ...]


def find_person(connection: Connection, user_id: str) -> PersonKeys:
    """Return where a person's rows are; empty for who is unknown."""
    user = find_user(connection, user_id)
    people = select(participants.c.participant_key).where(participants.c.participant_id == user_id)
    return PersonKeys(
        user=user,
        models=()
        if user is None
        else tuple(connection.scalars(select(models.c.model_key).where(models.c.user_key == user))),
        reports=()
        if user is None
        else tuple(
            connection.scalars(select(reports.c.report_key).where(reports.c.user_key == user))
        ),
        participants=tuple(connection.scalars(people)),
        quarantined=tuple(_quarantined(connection, user_id)),
    )


def _quarantined(connection: Connection, user_id: str) -> Iterator[tuple[int, int]]:
    query = select(
        quarantine.c.source_key,
        quarantine.c.position,
        quarantine.c.table_name,
        quarantine.c.raw,
        sources.c.prefix,
    ).join(sources)
    for source_key, position, table, raw, prefix in connection.execute(query):
        if not user_id.startswith(prefix):
            continue
        # The row came without the prefix that ids have here.
        if _is_about(raw, table, user_id.removeprefix(prefix)):
            yield source_key, position


def _is_about(raw: str, table: str, source_id: str) -> bool:
    try:
        row = json.loads(raw)
    except ValueError:
        return False
    if not isinstance(row, dict):
        return False
    keys = _KEYS_OF_PEOPLE | ({"id"} if table == "participants" else set())
    return any(str(row[key]) == source_id for key in keys & row.keys())
