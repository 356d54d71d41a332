"""`labelaudit status`: what it says of a home, and what it says to monitoring."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from home_runs import Home
from small_exports import small_export

from labelaudit_dagster.home_status import attention
from labelaudit_dagster.launch import dagster_instance
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import (
    Database,
    add_rating,
    begin_publication,
    decline_publication,
    finish_publication,
    hold_publication,
    remember_failure,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = {"accepted_guideline_ids": ["g0"]}
OTHER = {"accepted_guideline_ids": ["g1"]}


def status_of(home: Home, *options: str, code: int = 0) -> dict[str, Any]:
    answer = home.here("status", "--json", *options)
    assert answer.code == code, answer.err
    document: dict[str, Any] = answer.json
    return document


def opened(home: Home) -> Database:
    return Database.open(Settings(home=home.path).resolved_database_url)


def test_a_home_in_order(untouched_home: Home) -> None:
    found = status_of(untouched_home, "--check")
    assert found["problems"] == []
    ratings = found["tables"]["guideline_ratings"]
    assert ratings["conserved"]
    assert ratings["rows_in"] == ratings["rows_kept"] + ratings["rows_quarantined"]
    assert found["waiting"]["ratings"] == {"n": 0, "since": None}
    assert found["publications"] == found["failed_studies"] == []
    assert found["dagster"]["daemon"] == {"running": False, "last_heartbeat": None, "errors": []}
    assert found["dagster"]["runs"] == {"started": 0, "queued": 0}
    assert min(found["sizes"].values()) > 0
    assert untouched_home.here("status", "--check").succeeded().out == ""
    shown = untouched_home.here("status").succeeded().out
    assert "adds up" in shown
    assert "has never run here" in shown


def test_an_empty_home(new_home: Callable[[str], Home]) -> None:
    home = new_home("empty")
    found = status_of(home, "--check")
    assert found["tables"] == {}
    assert found["waiting"] == {"ratings": None, "labels": None}
    assert found["dagster"] is None
    assert found["problems"] == []
    home.here("status").succeeded()
    assert not (home.path / "labelaudit.db").exists()


def test_ratings_that_wait_too_long(small_home: Home) -> None:
    with opened(small_home) as database:
        for hours in (30, 20):
            at = datetime.now(UTC) - timedelta(hours=hours)
            add_rating(database, f"new {hours}", "g0", True, now=at)
    found = status_of(small_home)
    assert found["waiting"]["ratings"]["n"] == found["unused_ratings"] == 2
    [problem] = status_of(small_home, "--check", code=1)["problems"]
    assert problem.startswith("2 ratings wait since ")
    assert "30 hours" in problem
    assert "labelaudit run constitution" in problem
    assert status_of(small_home, "--check", "--longest-wait", "31")["problems"] == []
    answer = small_home.here("status", "--check")
    assert (answer.code, answer.out) == (1, problem + "\n")
    # Without --check it is said and no failure.
    assert problem in small_home.here("status").succeeded().out


def test_publications_that_wait(small_home: Home) -> None:
    with opened(small_home) as database:
        sent = begin_publication(database, SMALL, now=NOW)
        finish_publication(database, sent.sequence, receipt={}, now=NOW)
        held = hold_publication(database, OTHER, because=["Much changed."], now=NOW)
        begun = begin_publication(database, OTHER, now=NOW, target="https://other.example/api")
        fresh = begin_publication(
            database, OTHER, now=datetime.now(UTC), target="https://third.example/api"
        )
    found = status_of(small_home, "--check", code=1)
    assert [one["sequence"] for one in found["publications"]] == [
        held.sequence, begun.sequence, fresh.sequence,
    ]  # fmt: skip
    first, second = found["problems"]  # what was begun just now may well be on its way
    assert "is held back: Much changed." in first
    assert f"labelaudit publish --approve {held.sequence}" in first
    assert f"Publication {begun.sequence} to https://other.example/api was begun" in second


def test_what_was_declined_needs_nobody(small_home: Home) -> None:
    with opened(small_home) as database:
        held = hold_publication(database, OTHER, because=["Much changed."], now=NOW)
        assert len(status_of(small_home, "--check", code=1)["problems"]) == 1
        decline_publication(database, held.sequence, by="Ada", why="no", now=NOW)
    found = status_of(small_home, "--check")
    assert found["problems"] == []
    assert [one["declined"] for one in found["publications"]] == [True]


def test_what_was_begun_and_overtaken_is_history(small_home: Home) -> None:
    with opened(small_home) as database:
        begin_publication(database, SMALL, now=NOW)
        sent = begin_publication(database, OTHER, now=NOW)
        finish_publication(database, sent.sequence, receipt={}, now=NOW)
    assert status_of(small_home, "--check")["publications"] == []


def test_studies_that_fail(small_home: Home) -> None:
    there = "https://other.example/api"
    with opened(small_home) as database:
        remember_failure(database, "s1", "It answered 503.", target="embedded", now=NOW)
        later = NOW + timedelta(days=1)
        remember_failure(database, "s1", "It answered 404.", target="embedded", now=later)
        # What failed for another target is nobody's business until that one is set again.
        remember_failure(database, "s2", "It answered 500.", target=there, now=later)
    found = status_of(small_home, "--check", code=1)
    failed = {"study_id": "s1", "since": "2026-03-01T12:00:00Z", "problem": "It answered 404."}
    assert found["failed_studies"] == [failed]
    [problem] = found["problems"]
    assert problem.startswith("Study s1 at Prolific fails since 2026-03-01T12:00:00Z: It answered")
    assert problem in small_home.here("status").succeeded().out
    elsewhere = Home(small_home.path, {"platform_url": f"{there}/"})
    assert [one["study_id"] for one in status_of(elsewhere)["failed_studies"]] == ["s2"]


def test_a_daemon_that_died(small_home: Home) -> None:
    from dagster._daemon.types import DaemonHeartbeat

    with dagster_instance(Settings(home=small_home.path)) as instance:

        def beat(age: float) -> None:
            instance.add_daemon_heartbeat(
                DaemonHeartbeat(datetime.now(UTC).timestamp() - age, "SENSOR", None, [])
            )

        beat(10)
        assert status_of(small_home, "--check")["dagster"]["daemon"]["running"]
        beat(600)
    found = status_of(small_home, "--check", code=1)
    assert not found["dagster"]["daemon"]["running"]
    assert "The Dagster daemon does not run" in found["problems"][0]
    assert "labelaudit dagster" in found["problems"][0]


def test_errors_of_the_daemon_are_told_once_and_by_the_line_that_tells(small_home: Home) -> None:
    from dagster._daemon.types import DaemonHeartbeat
    from dagster._utils.error import SerializableErrorInfo

    message = (
        "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) disk I/O error\n"
        "[SQL: PRAGMA main.table_info]\n[parameters: ('x',)]\n"
        "(Background on this error at: https://sqlalche.me/e/21/e3q8)\n"
    )
    errors = [SerializableErrorInfo(text, [], None) for text in (message, message, "\n", "a\nb\n")]
    with dagster_instance(Settings(home=small_home.path)) as instance:
        now = datetime.now(UTC).timestamp()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, "SENSOR", None, errors))
    daemon = status_of(small_home, "--check", code=1)["dagster"]["daemon"]
    assert daemon["errors"] == [
        "SENSOR: sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) disk I/O error",
        "SENSOR: no message",
        "SENSOR: b",
    ]


def test_rows_that_do_not_add_up(small_home: Home) -> None:
    with closing(sqlite3.connect(small_home.path / "labelaudit.db")) as connection:
        counts = json.loads(connection.execute("SELECT counts FROM sources").fetchone()[0])
        counts["guideline_ratings"]["rows_in"] += 1
        counts["guideline_ratings"]["rows_quarantined"] += 1
        connection.execute("UPDATE sources SET counts = ?", [json.dumps(counts)])
        connection.commit()
    found = status_of(small_home, "--check", code=1)
    assert not found["tables"]["guideline_ratings"]["conserved"]
    assert found["problems"][0].startswith("Rows of guideline_ratings do not add up")


def test_rows_of_a_pulled_export(new_home: Callable[[str], Home]) -> None:
    """Where a platform is pulled from, the snapshot itself is counted."""
    from platform_server import PlatformServer

    export = small_export()
    export["ratings"].append({"authorId": "p0", "guidelineId": "g0", "rating": "perhaps"})
    with PlatformServer(export=json.dumps(export).encode()) as platform:
        home = Home(
            new_home("pulling").path,
            {"platform_url": platform.url, "platform_api_key": "key"},
        )
        home.here("run", "constitution", "--skip-uncertainty").succeeded()
    ratings = status_of(home)["tables"]["guideline_ratings"]
    assert ratings["rows_in"] == len(export["ratings"])
    assert ratings["rows_quarantined"] == 1
    assert ratings["conserved"]


@pytest.mark.parametrize(
    ("sizes", "word"),
    [
        ({"free_bytes": 5 * 1024**2, "free_inodes": -1}, "Only 5 MiB are free"),
        ({"free_bytes": 1024**4, "free_inodes": 12}, "Only 12 file entries are free"),
    ],
)
def test_too_little_room(untouched_home: Home, sizes: dict[str, int], word: str) -> None:
    document = status_of(untouched_home)
    [problem] = attention({**document, "sizes": {**document["sizes"], **sizes}}, now=NOW)
    assert problem.startswith(word)
    assert "labelaudit prune --dry-run" in problem


def test_a_sensor_that_failed(untouched_home: Home) -> None:
    sensor = {
        "name": "new_ratings_sensor", "kind": "sensor", "running": True, "outcome": "failure",
        "last_tick": "2026-03-01T11:00:00Z", "error": "The platform said 500.", "why": None,
    }  # fmt: skip
    document = status_of(untouched_home)
    document["dagster"]["sensors"] = [sensor, {**sensor, "running": False}]
    [problem] = attention(document, now=NOW)
    assert problem == "new_ratings_sensor failed at 2026-03-01T11:00:00Z: The platform said 500."


def test_it_writes_nothing(small_home: Home) -> None:
    before = contents(small_home.path)
    small_home.run("status", "--json").succeeded()
    assert contents(small_home.path) == before


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a home, without what SQLite and Dagster keep beside their files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
