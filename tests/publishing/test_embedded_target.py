"""The home's own platform as target: the same answers on SQLite and PostgreSQL."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_constitutions import APPROVAL, Desk

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.resources.constitution_target import EmbeddedTarget
from labelaudit_dagster.store import (
    Database,
    latest_constitution,
    list_publications,
    list_received,
)

# Its fixtures give databases of both kinds; with importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "store_fixtures", Path(__file__).parents[1] / "store" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_store = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_store)
postgresql_server = _store.postgresql_server
postgresql_url = _store.postgresql_url
database_url = _store.database_url


@pytest.fixture
def embedded(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A store and a database that is the platform itself."""
    with Database.open(database_url) as database:
        yield Desk(ArtifactStore(tmp_path / "artifacts"), database, EmbeddedTarget())


def test_states_gate_and_history(embedded: Desk) -> None:
    desk = embedded
    seen = []
    for accepted, approval in (
        ("abc", None),
        ("abc", None),
        ("abd", None),
        ("abd", APPROVAL),
        ("abc", None),
        ("abd", None),
        ("abc", APPROVAL),
    ):
        desk.make(accepted)
        outcome = desk.publish(approval=approval)
        seen.append((outcome.state, outcome.sequence))
    assert seen == [
        ("sent", 1), ("unchanged", 1), ("held", 2), ("sent", 2), ("held", 3), ("unchanged", 2),
        ("sent", 4),
    ]  # fmt: skip
    assert desk.states() == [(1, "sent"), (2, "sent"), (3, "withdrawn"), (4, "sent")]
    received = list_received(desk.database)[::-1]
    published = [p for p in list_publications(desk.database)[::-1] if p.state == "sent"]
    assert [r.idempotency_key for r in received] == [p.idempotency_key for p in published]
    assert [dict(p.receipt or {})["received_as"] for p in published] == [1, 2, 3]
    latest = latest_constitution(desk.database)
    assert latest is not None
    assert latest[1]["accepted_guideline_ids"] == ["a", "b", "c"]


def test_a_crash_between_receiving_and_the_receipt(embedded: Desk) -> None:
    class CrashError(Exception):
        pass

    class Crashing(EmbeddedTarget):
        def send(self, *arguments, **named):
            super().send(*arguments, **named)
            raise CrashError

    embedded.make("abc")
    with pytest.raises(CrashError):
        embedded.publish(target=Crashing())
    assert embedded.states() == [(1, "begun")]
    outcome = embedded.publish()
    assert (outcome.state, outcome.sequence) == ("sent", 1)
    assert outcome.receipt is not None
    assert outcome.receipt["was_new"] is False
    assert len(list_received(embedded.database)) == 1
