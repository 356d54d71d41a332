"""How export bodies are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from app_api.export_cache import ExportCache
from labelaudit_dagster.importers import ExportFlags, write_export
from labelaudit_dagster.sample import community as sample_community
from labelaudit_dagster.store import Database, add_rating, import_community, load_community

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path: Path = tmp_path_factory.mktemp("cache") / "labelaudit.db"
    with Database.open(f"sqlite:///{path}") as opened:
        import_community(opened, sample_community(), mode="refuse", now=NOW)
        yield opened


def test_a_body_is_the_written_export(database):
    body = ExportCache(database).current_body(ExportFlags())
    expected = BytesIO()
    write_export(load_community(database).community, expected)
    assert b"".join(body.pieces(compressed=False)) == expected.getvalue()
    assert body.plain_bytes == len(expected.getvalue())
    assert len(body.compressed) < body.plain_bytes / 5


def test_twenty_threads_build_it_once(database):
    cache = ExportCache(database)
    bodies = []
    threads = [
        threading.Thread(target=lambda: bodies.append(cache.current_body(ExportFlags())))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.builds == 1
    assert len({id(body) for body in bodies}) == 1


def test_what_was_used_least_recently_makes_room(database):
    some, others = ExportFlags(ratings=False), ExportFlags(ratings=False, users=False)
    sizes = [len(ExportCache(database).current_body(flags).compressed) for flags in (some, others)]
    cache = ExportCache(database, max_bytes=sum(sizes))
    cache.current_body(some)
    cache.current_body(others)
    assert cache.builds == 2
    cache.current_body(some)
    cache.current_body(ExportFlags(ratings=False, users=False, topics=False))
    assert cache.builds == 3
    cache.current_body(some)
    assert cache.builds == 3
    cache.current_body(others)
    assert cache.builds == 4


def test_a_body_above_the_limit_is_served_and_not_kept(database):
    cache = ExportCache(database, max_bytes=10)
    first, second = (cache.current_body(ExportFlags()) for _ in range(2))
    assert first.compressed == second.compressed
    assert cache.builds == 2


def test_a_change_gives_another_tag_and_the_same_state_the_same(database):
    cache = ExportCache(database)
    before = cache.current_tag(ExportFlags())
    assert ExportCache(database).current_tag(ExportFlags()) == before
    assert cache.current_tag(ExportFlags(mu=False)) != before
    guideline = load_community(database).community.guidelines["guideline_id"][0]
    add_rating(database, "somebody new", guideline, True, now=NOW)
    assert cache.current_tag(ExportFlags()) != before
