from __future__ import annotations

import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from labelaudit_dagster import store
from labelaudit_dagster.store import (
    Database,
    SchemaVersionError,
    create_token,
    current_labels,
    failed_studies,
    fingerprint,
    has_current_schema,
    held_publication,
    last_published,
    latest_constitution,
    latest_demographics,
    list_changes,
    list_consents,
    list_invitations,
    list_proposals,
    list_ratings,
    list_reports,
    list_sendings,
    list_sessions,
    list_sources,
    list_submissions,
    list_tokens,
    list_trainings,
    list_users,
    load_community,
    load_corpus,
    schema_version,
    sqlite_url,
    text_version,
    verify_session,
    verify_token,
)
from labelaudit_dagster.store import database as database_module
from labelaudit_dagster.store.schema import SCHEMA_VERSION
from labelaudit_dagster.store.schema_base import metadata
from labelaudit_dagster.store.schema_version import VERSION_TABLE, found_version

RELEASED = Path(__file__).parent / "released"
CHANGES_IN = {"0001": 8, "0002": 17, "0003": 25, "0004": 28, "0005": 28, "0006": 29}
NEXT_VERSION = f"{int(SCHEMA_VERSION) + 1:04d}"


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
    with Database.open(database_url) as db:
        assert has_current_schema(db)
        with db.write() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
        assert not has_current_schema(db)
    for read_only in (True, False):
        with pytest.raises(SchemaVersionError, match=r"9999.*upgrade labelaudit"):
            Database.open(database_url, read_only=read_only)


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows one more version, which adds a table."""

    def migrate(connection, version: str) -> None:
        connection.execute(text("CREATE TABLE added (x INTEGER)"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))

    for module in (schema_version, database_module):
        monkeypatch.setattr(module, "SCHEMA_VERSION", NEXT_VERSION)
    monkeypatch.setattr(schema_version, "migrate", migrate)


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_schema_is_upgraded_once(database_url: str, request, now, read_only: bool) -> None:
    with Database.open(database_url) as db:
        token, _ = create_token(db, "operator", now=now)
    request.getfixturevalue("next_version")
    for _ in range(2):
        with Database.open(database_url, read_only=read_only) as db, db.read() as connection:
            assert found_version(connection) == NEXT_VERSION
            assert connection.scalar(text("SELECT count(*) FROM added")) == 0
            assert list_tokens(db) == [token]


def test_a_failed_upgrade_leaves_the_database_as_it_was(
    database_url: str, request, monkeypatch, now
) -> None:
    with Database.open(database_url) as db:
        create_token(db, "operator", now=now)
    request.getfixturevalue("next_version")
    whole = schema_version.migrate

    def fail(connection, version: str) -> None:
        whole(connection, version)
        raise RuntimeError("on purpose")

    monkeypatch.setattr(schema_version, "migrate", fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        Database.open(database_url)
    monkeypatch.undo()
    with Database.open(database_url) as db, db.read() as connection:
        assert found_version(connection) == SCHEMA_VERSION
        assert not inspect(connection).has_table("added")
        assert len(list_tokens(db)) == 1


@pytest.mark.postgres
def test_a_reader_without_rights_says_that_the_schema_is_old(postgresql_url, request) -> None:
    role = f"reader_{uuid.uuid4().hex}"
    with Database.open(postgresql_url) as db, db.exclusive() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'word'"))
        connection.execute(text(f"GRANT pg_read_all_data TO {role}"))
    url = postgresql_url.replace("tester:s3cret-word", f"{role}:word")
    Database.open(url, read_only=True).close()
    request.getfixturevalue("next_version")
    with pytest.raises(SchemaVersionError, match=f"older schema {SCHEMA_VERSION}"):
        Database.open(url, read_only=True)


def test_many_may_open_a_new_database_at_once(database_url: str) -> None:
    def open_and_look(_: int) -> str:
        with Database.open(database_url) as db:
            return fingerprint(db).database_id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(open_and_look, range(6)))) == 1


def test_every_released_version_is_kept() -> None:
    assert sorted(path.stem for path in RELEASED.glob("*.sql")) == revisions()


def check_audit(db: Database, make_corpus, now) -> None:
    """Check what version 0002 brought."""
    expected = make_corpus(
        {1: "one", 2: "zwei\x1a"},
        [("r", 1, 4.0), ("r", 2, 0.0)],
        people={"r": {"gender": "Female"}},
        shares={1: 0.25},
        scores={1: 3.5},
        quarantine=[("comment_ratings", 4, "superseded", '{"a": 1}')],
    )
    assert load_corpus(db).corpus.equals(expected)
    assert load_corpus(db).corpus.quarantine.equals(expected.quarantine)
    assert list_users(db) == ["é\x1a"]
    assert current_labels(db)["item_id"].tolist() == [1, 2]
    assert [(one.model, one.n_labels) for one in list_trainings(db)] == [("m", 1)]
    assert [one.document for one in list_reports(db, "é\x1a")] == [{"title": "t"}]
    assert [one.succeeded for one in list_submissions(db)] == [False]
    (session,) = list_sessions(db)
    assert verify_session(db, f"las_{session.session_id}_test", now=now) == session
    assert [invitation.uses for invitation in list_invitations(db)] == [1]


def check_participation(db: Database) -> None:
    """Check what version 0003 brought."""
    (rating,) = list_ratings(db, "a")
    assert (rating.helpful, rating.tags) == (False, ("unclear",))
    assert [row.guideline_id for row in list_ratings(db, "b")] == ["g1"]
    assert [one.text_version for one in list_consents(db, "é\x1a")] == [text_version("I agree.")]
    waiting, declined = list_proposals(db, proposer_id="é\x1a")
    assert (waiting.status, waiting.text) == ("pending", "Be brief.")
    assert (declined.status, declined.reason) == ("declined", "On second thought.")


@pytest.mark.parametrize("version", revisions())
def test_old_files_are_upgraded_in_place_with_their_data(
    tmp_path: Path, make_community, make_corpus, now, version: str
) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript((RELEASED / f"{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    expected = make_community(
        [("a", "g1", False, now), ("b", "g1", True, None), ("é\x1a", "g2", True, None)],
        people={"a": {"Age": "35-44", "group": "0"}, "b": {}, "é\x1a": {"group": "1"}},
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
        assert latest_demographics(db) == {
            "empty": [],
            "study": [{"Participant id": "a", "Age": "35-44", "Sex": None}],
        }
        assert last_published(db).receipt == {"success": True}
        held = held_publication(db)
        assert held.held_because == ("too many changes",)
        assert held.declined_why == ("Too soon." if version >= "0006" else None)
        (token,) = list_tokens(db)
        assert verify_token(db, f"la_{token.token_id}_test", now=now) == token
        assert len(list_changes(db)) == CHANGES_IN[version]
        if version == "0001":
            assert (load_corpus(db), list_users(db)) == (None, [])
        else:
            check_audit(db, make_corpus, now)
        if version >= "0003":
            check_participation(db)
        else:
            assert (list_proposals(db), list_consents(db, "é\x1a")) == ([], [])
        if version >= "0004":
            (sending,) = list_sendings(db)
            assert (sending.study_id, sending.is_sent) == ("study", True)
            assert [one.study_id for one in failed_studies(db, target="embedded")] == ["empty"]
        with db.read() as opened:
            assert opened.scalar(text("PRAGMA integrity_check")) == "ok"
            assert opened.execute(text("PRAGMA foreign_key_check")).all() == []
            found = opened.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    assert found == SCHEMA_VERSION
