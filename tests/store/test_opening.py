from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseFullError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    StoreError,
    create_token,
    list_tokens,
    sqlite_url,
)

READER = """
import os, sys
import sqlalchemy.dialects.sqlite, sqlite3
from labelaudit_dagster.store import Database, StoreError, list_tokens
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)  # root may write everywhere; nobody may not
try:
    with Database.open(sys.argv[1], read_only=sys.argv[2] == "read") as db:
        print(len(list_tokens(db)))
except StoreError as error:
    print(type(error).__name__, error)
"""


def _as_nobody(path: Path, how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READER, sqlite_url(path), how],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path, now) -> Path:
    """A folder that anybody may enter and nobody but us may write."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("test_", "pytest-", "popen-")):  # pytest's own
            folder.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    with Database.open(sqlite_url(home / "x.db")) as db:
        create_token(db, "operator", now=now)
    home.chmod(0o555)
    (home / "x.db").chmod(0o444)
    yield home
    home.chmod(0o755)


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    with Database.open(sqlite_url(tmp_path / "x.db")) as db, db.read() as connection:
        values = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_closing_folds_the_log_in(tmp_path: Path, now) -> None:
    with Database.open(sqlite_url(tmp_path / "x.db")) as db:
        create_token(db, "operator", now=now)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.db"]


def test_a_read_only_home_can_be_read(home: Path) -> None:
    assert _as_nobody(home / "x.db", "read") == "1"
    assert sorted(path.name for path in home.iterdir()) == ["x.db"]


def test_a_read_only_home_is_not_written(home: Path) -> None:
    said = _as_nobody(home / "x.db", "write")
    assert said.startswith("DatabaseReadOnlyError")
    assert str(home) in said


def test_acknowledged_rows_in_a_left_log_are_read_from_a_read_only_home(home: Path, now) -> None:
    home.chmod(0o755)
    (home / "x.db").chmod(0o644)
    writer = (
        "import os, signal, sys, datetime\n"
        "from labelaudit_dagster.store import Database, create_token\n"
        "db = Database.open(sys.argv[1])\n"
        "create_token(db, 'operator', now=datetime.datetime.now(datetime.UTC))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", writer, sqlite_url(home / "x.db")], check=False)
    assert (home / "x.db-wal").stat().st_size > 0
    for path in home.iterdir():
        path.chmod(0o444)
    home.chmod(0o555)
    assert _as_nobody(home / "x.db", "read") == "2"
    # Without the index of the log its rows cannot be read; leaving them out would be a lie.
    home.chmod(0o755)
    (home / "x.db-shm").unlink()
    home.chmod(0o555)
    assert _as_nobody(home / "x.db", "read").startswith("DatabaseReadOnlyError")


def test_reading_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissingError, match="import something"):
        Database.open(sqlite_url(tmp_path / "none" / "x.db"), read_only=True)
    assert not (tmp_path / "none").exists()


def test_reading_an_empty_database_makes_no_tables(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        (tmp_path / "a home").mkdir()
        (tmp_path / "a home" / "labelaudit.db").touch()
    for _ in range(2):
        with pytest.raises(DatabaseMissingError):
            Database.open(database_url, read_only=True)


def test_a_reader_cannot_write(database_url: str, now) -> None:
    Database.open(database_url).close()
    with (
        Database.open(database_url, read_only=True) as db,
        pytest.raises(DatabaseReadOnlyError, match="nothing was stored"),
    ):
        create_token(db, "operator", now=now)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"<html>" * 1000)
    for read_only in (True, False):
        with pytest.raises(DatabaseDamagedError, match=r"x\.db"):
            Database.open(sqlite_url(path), read_only=read_only)
    assert path.read_bytes() == b"<html>" * 1000


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnreachableError, match="file"):
        Database.open(sqlite_url(tmp_path / "file" / "home" / "x.db"))


def test_waiting_for_a_writer_ends(database_url: str, now) -> None:
    with (
        Database.open(database_url) as db,
        Database.open(database_url, busy_timeout=0.2) as other,
        db.write(),
    ):
        with pytest.raises(DatabaseBusyError, match="another process"):
            create_token(other, "operator", now=now)
        assert list_tokens(other) == []


def _outgrow_page_limit(db: Database) -> None:
    with db.write() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
        connection.execute(text("INSERT INTO payloads VALUES ('x', :body)"), {"body": bytes(10**6)})


def test_a_full_disk_stores_nothing(tmp_path: Path, now) -> None:
    with Database.open(sqlite_url(tmp_path / "x.db")) as db:
        with pytest.raises(DatabaseFullError, match="make room"):
            _outgrow_page_limit(db)
        with db.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM payloads")) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small file system")
def test_a_full_file_system_stores_nothing(tmp_path: Path, now) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount file systems here")
    try:
        with Database.open(sqlite_url(tmp_path / "x.db")) as db:
            token, _ = create_token(db, "operator", now=now)
            with pytest.raises(DatabaseFullError), db.write() as connection:
                connection.execute(
                    text("INSERT INTO payloads VALUES ('x', :body)"), {"body": bytes(10**7)}
                )
            assert list_tokens(db) == [token]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"postgresql://me:hidden-1@127.0.0.1:{probe.getsockname()[1]}/db"
        with pytest.raises(DatabaseUnreachableError) as caught:
            Database.open(url)
    assert "hidden-1" not in str(caught.value)
    assert "LABELAUDIT_DATABASE_URL" in str(caught.value)


@pytest.mark.postgres
def test_refused_by_the_server(postgresql_server: str) -> None:
    for url in (
        postgresql_server.replace("s3cret-word", "hidden-1") + "/postgres",
        postgresql_server + "/no_such_database",
    ):
        with pytest.raises(DatabaseUnreachableError) as caught:
            Database.open(url)
        assert "hidden-1" not in str(caught.value)
        assert "s3cret-word" not in str(caught.value)


def test_a_failed_block_is_rolled_back(db: Database, now) -> None:
    def fail_after_writing() -> None:
        with db.write() as connection:
            connection.execute(text("INSERT INTO payloads VALUES ('x', :body)"), {"body": b"1"})
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_after_writing()
    with db.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM payloads")) == 0


def test_readers_see_one_snapshot_and_are_not_held_up(database_url: str, now) -> None:
    with Database.open(database_url) as db, Database.open(database_url) as other:
        with db.read() as connection:
            count = text("SELECT count(*) FROM tokens")
            before = connection.scalar(count)
            create_token(other, "operator", now=now)
            assert connection.scalar(count) == before == 0
        with db.write():
            assert len(list_tokens(other)) == 1


def test_no_url_in_its_representation(database_url: str) -> None:
    with Database.open(database_url) as db:
        assert "s3cret-word" not in repr(db) + db.shown_url


def test_importing_and_reopening_stays_cheap(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "x.db")
    Database.open(url).close()
    code = (
        "import sys\n"
        "from labelaudit_dagster.store import *\n"
        f"Database.open({url!r}).close()\n"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'alembic', 'sqlalchemy.orm', 'dagster'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_errors_of_the_driver_are_all_in_the_family(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Database.open(sqlite_url(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE tokens")
    connection.close()
    with Database.open(sqlite_url(path)) as db, pytest.raises(StoreError, match="tokens"):
        list_tokens(db)
