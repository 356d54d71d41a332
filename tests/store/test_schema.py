from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from labelaudit_dagster import store
from labelaudit_dagster.store import (
    Database,
    SchemaVersionError,
    fingerprint,
    held_publication,
    last_published,
    latest_constitution,
    list_changes,
    list_sources,
    list_tokens,
    load_community,
    sqlite_url,
    verify_token,
)
from labelaudit_dagster.store.schema import SCHEMA_VERSION, metadata
from labelaudit_dagster.store.schema_version import VERSION_TABLE

RELEASED = Path(__file__).parent / "released"


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return [script.revision for script in scripts.walk_revisions()][::-1]


def test_the_code_works_with_the_newest_migration() -> None:
    assert revisions()[-1] == SCHEMA_VERSION
    assert revisions() == [f"{number:04d}" for number in range(1, len(revisions()) + 1)]


def test_migrations_make_what_the_metadata_says(db: Database) -> None:
    with db.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []


def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    with Database.open(database_url) as db, db.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for read_only in (True, False):
        with pytest.raises(SchemaVersionError, match=r"9999.*upgrade labelaudit"):
            Database.open(database_url, read_only=read_only)


def test_an_older_schema_is_not_upgraded_by_readers(database_url: str) -> None:
    with Database.open(database_url) as db, db.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0000'"))
    with pytest.raises(SchemaVersionError, match="older schema 0000"):
        Database.open(database_url, read_only=True)


def test_many_may_open_a_new_database_at_once(database_url: str) -> None:
    def open_and_look(_: int) -> str:
        with Database.open(database_url) as db:
            return fingerprint(db).database_id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(open_and_look, range(6)))) == 1


def test_every_released_version_is_kept() -> None:
    assert sorted(path.stem for path in RELEASED.glob("*.sql")) == revisions()


@pytest.mark.parametrize("version", revisions())
def test_old_files_are_upgraded_in_place_with_their_data(
    tmp_path: Path, make_community, now, version: str
) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript((RELEASED / f"{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    expected = make_community(
        [("a", "g1", False, now), ("b", "g1", True, None), ("é\x1a", "g2", True, None)],
        people={"a": {"group": "0"}, "b": {}, "é\x1a": {"group": "1"}},
        topics=[("t", "Topic", None)],
        quarantine=[("guideline_ratings", 4, "superseded", '{"a": 1}')],
    )
    with Database.open(sqlite_url(path)) as db:
        assert load_community(db).community.guideline_ratings.equals(expected.guideline_ratings)
        assert load_community(db).community.participants.equals(expected.participants)
        assert load_community(db).community.guidelines.equals(expected.guidelines)
        assert load_community(db).community.topics.equals(expected.topics)
        assert load_community(db).community.quarantine.equals(expected.quarantine)
        assert [source.imported_at for source in list_sources(db)] == [now]
        received, body = latest_constitution(db)
        assert (received.idempotency_key, body["mu"]) == ("key", 0.5)
        assert last_published(db).receipt == {"success": True}
        assert held_publication(db).held_because == ("too many changes",)
        (token,) = list_tokens(db)
        assert verify_token(db, f"la_{token.token_id}_test", now=now) == token
        assert len(list_changes(db)) == 7
        with db.read() as opened:
            assert opened.scalar(text("PRAGMA integrity_check")) == "ok"
            assert opened.execute(text("PRAGMA foreign_key_check")).all() == []
            found = opened.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    assert found == SCHEMA_VERSION
