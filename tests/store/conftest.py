"""Databases for the store's tests: SQLite files, and a private PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from labelaudit_dagster.store import Database, sqlite_url

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))


NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def _server_binaries() -> Path | None:
    """Return the folder with PostgreSQL's server programs, the newest one."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    found = shutil.which("initdb")
    if found:
        folders.append(Path(found).resolve().parent)
    return next((f for f in reversed(folders) if (f / "initdb").exists()), None)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; return whom to run it as instead."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL (without a database's name) of a server that lives as long as the tests."""
    binaries = _server_binaries()
    if binaries is None:
        pytest.skip("needs PostgreSQL's server programs (Debian: apt-get install postgresql)")
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="labelaudit-pg-"))
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        done = subprocess.run(
            command, user=user, cwd=folder, env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    data, port = folder / "data", _free_port()
    control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    try:
        password = folder / "password"
        password.write_text("s3cret-word\n")
        if user is not None:
            shutil.chown(password, user)
        run(
            str(binaries / "initdb"), "-D", str(data), "-U", "tester", "-E", "UTF8",
            "--no-sync", "-A", "scram-sha-256", f"--pwfile={password}",
        )  # fmt: skip
        run(*control, "-o", f"-p {port} -k {folder} -h 127.0.0.1 -F", "start")
        try:
            yield f"postgresql://tester:s3cret-word@127.0.0.1:{port}"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _create_database(server: str, name: str, template: str = "template1") -> str:
    """Create a database and return its URL."""
    engine = create_engine(
        server.replace("postgresql:", "postgresql+psycopg2:") + "/postgres",
        isolation_level="AUTOCOMMIT",
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        engine.dispose()
    # Not dropped, which would take a checkpoint each: the server goes with all of them.
    return f"{server}/{name}"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """URL of a new, empty PostgreSQL database."""
    return _create_database(postgresql_server, f"test_{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """Name of a PostgreSQL database with the present schema, to copy."""
    Database.open(_create_database(postgresql_server, "migrated")).close()
    return "migrated"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the present schema, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "labelaudit.db"
    Database.open(sqlite_url(path)).close()
    return path


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new, empty database of either kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return sqlite_url(tmp_path / "a home" / "labelaudit.db")


@pytest.fixture(params=KINDS)
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of either kind that has its tables already, and nothing in them."""
    if request.param == "postgresql":
        url = _create_database(
            request.getfixturevalue("postgresql_server"),
            f"test_{uuid.uuid4().hex}",
            request.getfixturevalue("migrated_postgresql"),
        )
    else:
        path = tmp_path / "a home" / "labelaudit.db"
        path.parent.mkdir()
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        url = sqlite_url(path)
    with Database.open(url, busy_timeout=20) as database:
        yield database


@pytest.fixture
def now() -> datetime:
    """The time at which everything happens, with microseconds."""
    return NOW


Rating = tuple[str, str, bool, datetime | None]


@pytest.fixture
def make_community():
    """Builder of small canonical communities from plain Python values."""

    def build(
        ratings: list[Rating],
        *,
        name: str | None = "https://pol.is/first",
        people: dict[str, dict[str, str]] | None = None,
        texts: dict[str, str] | None = None,
        topics: list[tuple[str, str, str | None]] = (),
        quarantine: list[tuple[str, int, str, str]] = (),
        published=None,
        warnings: dict[str, int] | None = None,
    ):
        import pandas as pd

        from labelaudit_dagster.importers import (
            DATA_TABLES,
            TABLES,
            Community,
            SourceIdentity,
            TableCounts,
            empty_table,
            guideline_fingerprint,
        )

        def frame(table: str, rows: list[tuple]) -> pd.DataFrame:
            if not rows:
                return empty_table(table)
            return pd.DataFrame(
                {
                    spec.name: pd.Series(list(values), dtype=spec.dtype)
                    for spec, values in zip(
                        TABLES[table].columns, zip(*rows, strict=True), strict=True
                    )
                }
            )

        if people is None:
            people = {rating[0]: {} for rating in ratings}
        texts = {rating[1]: f"text of {rating[1]}" for rating in ratings} | (texts or {})
        ids = sorted(people)
        participants = frame("participants", [(name,) for name in ids])
        for column in sorted({key for values in people.values() for key in values}):
            participants[column] = pd.Series([people[i].get(column) for i in ids], dtype="str")
        topic = topics[0][0] if topics else None
        frames = {
            "participants": participants,
            "topics": frame("topics", sorted(topics)),
            "guidelines": frame(
                "guidelines", [(i, topic, texts[i], None, None) for i in sorted(texts)]
            ),
            "guideline_ratings": frame("guideline_ratings", sorted(ratings, key=lambda r: r[:2])),
        }
        out = frame("quarantine", quarantine)
        held = out["table"].value_counts()
        community = Community(
            **frames,
            quarantine=out,
            counts={
                spec.name: TableCounts(
                    len(frames[spec.name]) + int(held.get(spec.name, 0)),
                    len(frames[spec.name]),
                    int(held.get(spec.name, 0)),
                )
                for spec in DATA_TABLES
            },
            identity=SourceIdentity("polis", name, guideline_fingerprint(texts.items())),
            published=published,
            warnings=warnings or {},
        )
        community.validate()
        return community

    return build


@pytest.fixture
def make_corpus():
    """Builder of small canonical corpora from plain Python values."""

    def build(
        texts: dict[int, str],
        ratings: list[tuple[str, int, float]] = (),
        *,
        name: str | None = "first.csv",
        people: dict[str, dict[str, str]] | None = None,
        source_ids: dict[int, str] | None = None,
        shares: dict[int, float] | None = None,
        scores: dict[int, float] | None = None,
        values: tuple[float, ...] = (0, 1, 2, 3, 4),
        threshold: float = 2,
        quarantine: list[tuple[str, int, str, str]] = (),
        warnings: dict[str, int] | None = None,
    ):
        import pandas as pd

        from labelaudit_dagster.auditing.rating_scale import RatingScale
        from labelaudit_dagster.importers import (
            Corpus,
            SourceIdentity,
            TableCounts,
            guideline_fingerprint,
        )

        items = sorted(texts)
        named = {item: (source_ids or {}).get(item, str(item)) for item in items}
        comments = pd.DataFrame(
            {
                "item_id": pd.Series(items, dtype="int64"),
                "source_item_id": pd.Series([named[item] for item in items], dtype="str"),
                "text": pd.Series([texts[item] for item in items], dtype="str"),
            }
        )
        if shares:
            comments["is_insult_frac"] = pd.Series(
                [shares.get(item) for item in items], dtype="float64"
            )
        people = {rating[0]: {} for rating in ratings} if people is None else people
        ids = sorted(people)
        raters = pd.DataFrame({"rater_id": pd.Series(ids, dtype="str")})
        for column in sorted({key for values in people.values() for key in values}):
            raters[column] = pd.Series([people[i].get(column) for i in ids], dtype="str")
        rows = sorted(ratings)
        frames = {
            "comments": comments,
            "raters": raters,
            "comment_ratings": pd.DataFrame(
                {
                    "rater_id": pd.Series([row[0] for row in rows], dtype="str"),
                    "item_id": pd.Series([row[1] for row in rows], dtype="int64"),
                    "rating": pd.Series([row[2] for row in rows], dtype="float64"),
                }
            ),
        }
        if scores is not None:
            frames["system_ratings"] = pd.DataFrame(
                {
                    "item_id": pd.Series(sorted(scores), dtype="int64"),
                    "system_rating": pd.Series(
                        [scores[item] for item in sorted(scores)], dtype="float64"
                    ),
                }
            )
        out = pd.DataFrame(
            {
                "table": pd.Series([row[0] for row in quarantine], dtype="str"),
                "row_number": pd.Series([row[1] for row in quarantine], dtype="int64"),
                "reason": pd.Series([row[2] for row in quarantine], dtype="str"),
                "raw": pd.Series([row[3] for row in quarantine], dtype="str"),
            }
        )
        held = out["table"].value_counts()
        corpus = Corpus(
            comments=comments,
            raters=raters,
            comment_ratings=frames["comment_ratings"],
            system_ratings=frames.get("system_ratings"),
            scale=RatingScale.from_values(values, threshold=threshold),
            quarantine=out,
            counts={
                table: TableCounts(
                    len(frame) + int(held.get(table, 0)), len(frame), int(held.get(table, 0))
                )
                for table, frame in frames.items()
            },
            identity=SourceIdentity(
                "ratings", name, guideline_fingerprint((named[i], texts[i]) for i in items)
            ),
            warnings=warnings or {},
        )
        corpus.validate()
        return corpus

    return build
