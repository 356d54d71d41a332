"""`labelaudit doctor`: every illness by name, with what to do; and it leaves nothing behind."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from home_runs import Home
from platform_exchange import Exchange
from platform_server import PlatformServer

from labelaudit_dagster.diagnosis import Finding
from labelaudit_dagster.home import exclusive
from labelaudit_dagster.launch import dagster_instance
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, add_rating

HEALTHY = {
    "versions", "settings", "keys", "home", "free space", "locks", "artifacts", "database",
    "dagster", "daemon", "platform", "clock", "time zone", "solver", "pictures",
}  # fmt: skip


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the checks that take seconds; one test has them all."""
    for what in ("solver", "pictures"):
        done = Finding(what, True, "not looked at")
        monkeypatch.setattr(f"labelaudit_dagster.diagnosis.check_{what}", lambda done=done: done)


def findings(home: Home, **settings: str) -> dict[str, dict[str, Any]]:
    answer = home.here("doctor", "--json", **settings)
    document = answer.json
    assert document["healthy"] is (answer.code == 0)
    assert document["healthy"] is all(found["ok"] for found in document["findings"])
    return {found["what"]: found for found in document["findings"]}


def only_bad(home: Home, **settings: str) -> dict[str, Any]:
    bad = [found for found in findings(home, **settings).values() if not found["ok"]]
    assert len(bad) == 1, bad
    assert bad[0]["advice"]
    return bad[0]


def test_a_healthy_home_is_left_as_it_was(small_home: Home) -> None:
    before = contents(small_home.path)
    found = findings(small_home)
    assert set(found) == HEALTHY
    assert all(one["ok"] for one in found.values()), found
    assert "schema" in found["database"]["finding"]
    assert "results are whole" in found["artifacts"]["finding"]
    assert contents(small_home.path) == before


@pytest.mark.usefixtures("quick")
def test_before_there_is_a_home(new_home: Callable[[str], Home]) -> None:
    home = new_home("none")
    path = home.path.with_name("nothing here")
    found = findings(Home(path))
    assert all(one["ok"] for one in found.values()), found
    assert not path.exists()


@pytest.mark.usefixtures("quick")
def test_results_that_are_damaged(small_home: Home) -> None:
    [model] = (small_home.path / "artifacts" / "factorization").glob("*/model.json")
    model.write_bytes(model.read_bytes()[:-3])
    bad = only_bad(small_home)
    assert bad["what"] == "artifacts"
    assert "model.json" in bad["finding"]
    assert "labelaudit run constitution" in bad["advice"]


@pytest.mark.usefixtures("quick")
def test_a_published_constitution_that_is_gone(small_home: Home) -> None:
    ref = small_home.store.current("constitution")
    assert ref is not None
    small_home.here("publish").succeeded()
    small_home.here("run", "constitution", "--skip-uncertainty").succeeded()
    folder = small_home.path / "artifacts" / "constitution" / ref.version
    folder.rename(folder.with_name("elsewhere"))
    bad = only_bad(small_home)
    assert ref.version in bad["finding"]
    assert "What was published can only be restored" in bad["advice"]


@pytest.mark.usefixtures("quick")
def test_a_database_of_a_newer_program(small_home: Home) -> None:
    changed(small_home, "UPDATE labelaudit_schema SET version_num = '9999'")
    bad = only_bad(small_home)
    assert bad["what"] == "database"
    assert "9999, which is newer" in bad["finding"]


@pytest.mark.usefixtures("quick")
def test_an_older_database_is_not_upgraded_by_looking(small_home: Home) -> None:
    changed(small_home, "UPDATE labelaudit_schema SET version_num = '0001'")
    found = findings(small_home)["database"]
    assert found["ok"]
    assert "the next command upgrades it" in found["finding"]
    assert "labelaudit backup FILE" in found["advice"]
    with closing(sqlite3.connect(small_home.path / "labelaudit.db")) as connection:
        version = connection.execute("SELECT version_num FROM labelaudit_schema").fetchone()
    assert version == ("0001",)


@pytest.mark.usefixtures("quick")
def test_a_damaged_database(small_home: Home) -> None:
    path = small_home.path / "labelaudit.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = bytes(8192)
    path.write_bytes(content)
    found = findings(small_home)["database"]
    assert not found["ok"]


@pytest.mark.usefixtures("quick")
def test_times_from_the_future(small_home: Home) -> None:
    with Database.open(Settings(home=small_home.path).resolved_database_url) as database:
        add_rating(database, "marty", "g0", True, now=datetime.now(UTC) + timedelta(days=2))
    bad = only_bad(small_home)
    assert bad["what"] == "clock"
    assert "time server" in bad["advice"]


@pytest.mark.usefixtures("quick")
def test_locks_that_are_held(small_home: Home) -> None:
    settings = Settings(home=small_home.path)
    with exclusive(settings, "constitution"):
        found = findings(small_home)["locks"]
    assert found["ok"]
    if Path("/proc/locks").is_file():
        assert found["finding"].startswith("held: constitution by process ")
    with exclusive(settings, "constitution", wait_seconds=0):
        pass  # looking took no lock


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_died(small_home: Home) -> None:
    from dagster._daemon.types import DaemonHeartbeat

    with dagster_instance(Settings(home=small_home.path)) as instance:
        old = time.time() - 600
        instance.add_daemon_heartbeat(DaemonHeartbeat(old, "SENSOR", None, []))
    bad = only_bad(small_home)
    assert bad["what"] == "daemon"
    assert "labelaudit dagster" in bad["advice"]


def dated(age: timedelta) -> Callable[[Exchange], None]:
    def step(exchange: Exchange) -> None:
        date = format_datetime(datetime.now(UTC) - age, usegmt=True)
        exchange.answer(200, b'{"mu": null}', Date=date)

    return step


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("plan", "part", "advice"),
    [
        (["status_401"], "401", "LABELAUDIT_PLATFORM_API_KEY"),
        (["status_404"], "404", "what stands before /exports"),
        (["error_500"], "500", "its operator"),
        ([dated(timedelta(hours=2))], "s ahead of", "time server"),
        ([dated(-timedelta(hours=2))], "behind the platform's", "time server"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_a_platform_with_troubles(
    untouched_home: Home, plan: list[Any], part: str, advice: str
) -> None:
    with PlatformServer(plan=plan) as platform:
        bad = only_bad(untouched_home, platform_url=platform.url, platform_api_key="key-123")
        assert len(platform.requests) == 1  # asked once, whatever it says
    assert bad["what"] == "platform"
    assert part in bad["finding"]
    assert advice in bad["advice"]
    assert "key-123" not in str(bad)


@pytest.mark.usefixtures("quick")
def test_a_platform_that_answers(untouched_home: Home) -> None:
    with PlatformServer(plan=[dated(timedelta())]) as platform:
        found = findings(untouched_home, platform_url=platform.url, platform_api_key="key")
        assert platform.requests[0].headers["authorization"] == "Bearer key"
    assert found["platform"]["ok"]
    assert "the clocks agree" in found["platform"]["finding"]
    assert found["keys"]["finding"] == "set up: platform"


@pytest.mark.usefixtures("quick")
def test_a_platform_that_is_not_there(untouched_home: Home) -> None:
    with PlatformServer() as platform:
        url = platform.url
    bad = only_bad(untouched_home, platform_url=url, platform_api_key="key")
    assert bad["what"] == "platform"
    assert "firewall" in bad["advice"]


@pytest.mark.usefixtures("quick")
def test_keys_and_addresses_go_together(untouched_home: Home) -> None:
    bad = only_bad(untouched_home, platform_api_key="key")
    assert bad["what"] == "keys"
    assert "LABELAUDIT_PLATFORM_URL" in bad["advice"]
    bad = only_bad(untouched_home, avid_url="https://avid.example")
    assert "Set LABELAUDIT_AVID_API_KEY." in bad["advice"]
    found = findings(untouched_home, scorer_url="https://scorer.example")["keys"]
    assert (found["ok"], found["finding"]) == (True, "set up: scorer without a key")


def changed(home: Home, statement: str) -> None:
    with closing(sqlite3.connect(home.path / "labelaudit.db")) as connection:
        connection.execute(statement)
        connection.commit()


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a home, without what SQLite keeps beside its files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
