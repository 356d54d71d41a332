"""Backups that are made while others write, and homes that are made of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from home_runs import Home, reproducible
from platform_server import PlatformServer

from labelaudit_dagster.backup import making
from labelaudit_dagster.launch import dagster_instance
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, add_rating, back_up_database, fingerprint


def database_of(home: Home) -> Database:
    return Database.open(Settings(home=home.path).resolved_database_url)


@contextmanager
def ratings_coming_in(home: Home) -> Iterator[list[str]]:
    """Rate all the time; gives the ids of those whose rating is stored."""
    stored: list[str] = []
    stop = threading.Event()

    def rate() -> None:
        with database_of(home) as database:
            while not stop.is_set():
                name = f"late {len(stored)}"
                add_rating(database, name, "g3", True, now=datetime.now(UTC))
                stored.append(name)
                stop.wait(0.002)

    thread = threading.Thread(target=rate)
    thread.start()
    try:
        yield stored
    finally:
        stop.set()
        thread.join()


def restored(file: Path, path: Path) -> Home:
    home = Home(path)
    home.here("restore", file).succeeded()
    return home


def test_a_backup_while_everything_runs(small_home: Home, tmp_path: Path) -> None:
    """Whatever moment it catches: all of one piece, readable, and it goes on from there."""
    small_home.here("publish").succeeded()
    copies: list[tuple[int, Path, int]] = []
    with ratings_coming_in(small_home) as stored:
        process = small_home.start("run", "constitution", "--skip-uncertainty", "--publish")
        while process.poll() is None and len(copies) < 5:
            before = len(stored)
            file = tmp_path / f"{len(copies)}.tar"
            small_home.here("backup", file).succeeded()
            copies.append((before, file, len(stored)))
        process.communicate(timeout=200)
    assert copies
    for before, file, after in copies:
        home = restored(file, tmp_path / f"home of {file.name}")
        with database_of(home) as database:
            known = fingerprint(database).sequence
        status = home.here("status", "--json").succeeded().json
        late = status["waiting"]["ratings"]["n"]
        used = 0
        for asset in home.store.assets():
            ref = home.store.current(asset)
            assert ref is not None
            home.store.verify(ref)
        constitution = home.store.current("constitution")
        assert constitution is not None
        snapshot = home.store.manifest(home.store.resolve_upstream(constitution, "ratings_export"))
        # No result is of ratings that the copy of the database does not hold.
        assert snapshot.extra["database_change"] <= known
        used = home.here("constitution", "--json").succeeded().json["n_ratings"] - 192
        assert before <= used + late <= after + 1
        assert home.here("doctor", "--json").succeeded().json["healthy"]
    # The last one goes on: the next run uses everything, and publishes what differs.
    home.here("run", "constitution", "--skip-uncertainty", "--publish").succeeded()
    status = home.here("status", "--json").succeeded().json
    assert status["unused_ratings"] == 0
    assert status["problems"] == []


def test_nothing_is_published_twice_after_a_restore(small_home: Home, tmp_path: Path) -> None:
    with PlatformServer() as platform:
        home = Home(small_home.path, {"platform_url": platform.url, "platform_api_key": "key"})
        home.here("backup", tmp_path / "before.tar").succeeded()
        home.here("publish").succeeded()
        home.here("backup", tmp_path / "after.tar").succeeded()
        for name in ("before", "after"):
            again = Home(tmp_path / f"home {name}", home.settings)
            again.here("restore", tmp_path / f"{name}.tar").succeeded()
            again.here("publish").succeeded()
        # The home that had forgotten it sent the same thing under the same key.
        assert len(platform.applied) == 1


def test_what_is_made_after_the_moment_is_left_out(
    small_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = small_home.served()
    small_home.here("run", "constitution", "--skip-uncertainty").succeeded()
    after = small_home.served()
    assert before is not None
    assert after != before
    [made, later] = small_home.store.versions("constitution")
    moment = small_home.store.manifest(made).created_at + timedelta(milliseconds=1)

    def back_up(url: str, target: Path) -> tuple[str, datetime]:
        return back_up_database(url, target)[0], moment

    monkeypatch.setattr("labelaudit_dagster.store.back_up_database", back_up)
    small_home.here("backup", tmp_path / "copy.tar").succeeded()
    home = restored(tmp_path / "copy.tar", tmp_path / "restored")
    assert home.served() == made.version == before
    assert [ref.version for ref in home.store.versions("constitution")] == [before]
    assert later.version == after
    for asset in home.store.assets():
        ref = home.store.current(asset)
        assert ref is not None
        home.store.verify(ref)
    home.here("run", "constitution", "--skip-uncertainty").succeeded()
    assert reproducible(home.constitution()) == reproducible(small_home.constitution())


def test_runs_that_were_under_way_hold_nobody_up(small_home: Home, tmp_path: Path) -> None:
    from dagster import DagsterRunStatus
    from dagster._core.test_utils import create_run_for_test

    with dagster_instance(Settings(home=small_home.path)) as instance:
        run_id = create_run_for_test(instance, "constitution_job").run_id
    small_home.here("backup", tmp_path / "copy.tar").succeeded()
    home = Home(tmp_path / "restored")
    answer = home.here("restore", tmp_path / "copy.tar", "--json").succeeded()
    assert answer.json["ended_runs"] == 1
    assert answer.json["parts"] == ["dagster", "database", "artifacts"]
    with dagster_instance(Settings(home=home.path)) as instance:
        assert instance.get_run_by_id(run_id).status == DagsterRunStatus.FAILURE


def test_nothing_is_overwritten(small_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar"
    file.write_text("mine")
    small_home.here("backup", file).failed(str(file), "exists already")
    assert file.read_text() == "mine"
    file.unlink()
    small_home.here("backup", file).succeeded()
    assert file.stat().st_mode & 0o077 == 0
    before = contents(small_home.path)
    small_home.here("restore", file).failed(str(small_home.path), "stays as it is")
    assert contents(small_home.path) == before
    empty = tmp_path / "empty"
    empty.mkdir()
    restored(file, empty)
    for place in ("database_url", "artifacts_url"):
        taken = tmp_path / f"taken {place}"
        taken.write_text("mine")
        url = f"sqlite:///{taken}" if place == "database_url" else str(taken)
        Home(tmp_path / "other", {place: url}).here("restore", file).failed("stays as it is")
        assert taken.read_text() == "mine"
    assert not (tmp_path / "other").exists()
    assert leftovers(tmp_path) == []


def test_parts_that_lie_elsewhere(small_home: Home, tmp_path: Path) -> None:
    small_home.here("backup", tmp_path / "copy.tar").succeeded()
    settings = {
        "database_url": f"sqlite:///{tmp_path / 'db' / 'ours.db'}",
        "artifacts_url": str(tmp_path / "results"),
    }
    home = Home(tmp_path / "restored", settings)
    home.here("restore", tmp_path / "copy.tar").succeeded()
    assert home.here("constitution", "--json").succeeded().json["accepted"] == ["g0", "g1", "g2"]
    assert not (home.path / "labelaudit.db").exists()
    home.here("run", "constitution", "--skip-uncertainty").succeeded()
    home.here("backup", tmp_path / "again.tar").succeeded()


@pytest.mark.parametrize("how", ["cut short", "without its end", "changed", "no archive", "empty"])
def test_damaged_backups(small_home: Home, tmp_path: Path, how: str) -> None:
    file = tmp_path / "copy.tar"
    small_home.here("backup", file).succeeded()
    content = bytearray(file.read_bytes())
    if how == "cut short":
        content = content[: len(content) // 2]
    elif how == "without its end":
        content = content[: content.rindex(b"contents.json") // 512 * 512]
    elif how == "changed":
        content[len(content) // 3] ^= 1
    elif how == "no archive":
        content = bytearray(b"hello" * 1000)
    else:
        content = bytearray()
    file.write_bytes(content)
    home = Home(tmp_path / "restored")
    message = home.here("restore", file).failed(str(file))
    assert "another" in message
    assert not home.path.exists()
    assert leftovers(tmp_path) == []


def test_where_there_is_nothing(new_home: Callable[[str], Home], tmp_path: Path) -> None:
    missing = Home(tmp_path / "missing")
    missing.here("backup", tmp_path / "copy.tar").failed("no home")
    missing.here("restore", tmp_path / "copy.tar").failed("no file")
    assert not missing.path.exists()
    new_home("empty").here("backup", tmp_path / "copy.tar").failed("nothing")
    assert not (tmp_path / "copy.tar").exists()
    assert leftovers(tmp_path) == []


def test_artifacts_in_a_bucket(small_home: Home, tmp_path: Path) -> None:
    home = Home(small_home.path, {"artifacts_url": "s3://bucket/prefix"})
    home.here("backup", tmp_path / "copy.tar").failed("--without-artifacts")
    answer = home.here("backup", tmp_path / "copy.tar", "--without-artifacts", "--json")
    assert answer.succeeded().json["parts"] == ["dagster", "database"]


def test_a_backup_that_finds_no_room(
    small_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "add_artifacts", full)
    small_home.here("backup", tmp_path / "copy.tar").failed("No space left", "Nothing was kept")
    assert not (tmp_path / "copy.tar").exists()
    assert leftovers(tmp_path) == []


def test_prune_keeps_what_is_needed(small_home: Home) -> None:
    small_home.here("publish").succeeded()
    published = small_home.served()
    for _ in range(3):
        small_home.here("run", "constitution", "--skip-uncertainty").succeeded()
    current = small_home.served()
    soon = {"retention": "1", "prune_grace_hours": "0.000001", "run_retention_days": "0.0000001"}
    before = contents(small_home.path / "artifacts")
    said = small_home.here("prune", "--dry-run", "--json", **soon).succeeded().json
    assert contents(small_home.path / "artifacts") == before
    assert said["versions"]
    assert len(said["runs"]) >= 2
    done = small_home.here("prune", "--json", **soon).succeeded().json
    assert done | {"dry_run": True} == said
    kept = [ref.version for ref in small_home.store.versions("constitution")]
    assert kept == [published, current]
    with dagster_instance(Settings(home=small_home.path)) as instance:
        left = {run.run_id for run in instance.get_runs()}
    constitution = small_home.store.current("constitution")
    assert constitution is not None
    assert small_home.store.manifest(constitution).run_id in left
    assert not left & set(done["runs"])
    again = small_home.here("prune", "--json", **soon).succeeded().json
    assert again["versions"] == again["runs"] == []
    assert small_home.here("doctor", "--json").succeeded().json["healthy"]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def leftovers(folder: Path) -> list[str]:
    """What a backup or restore has left beside its result."""
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.name.startswith(".") and ("backup" in path.name or "restoring" in path.name
        or "partial" in path.name)
    )  # fmt: skip
