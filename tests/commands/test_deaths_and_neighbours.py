"""Runs at the same time, killed runs, full disks and homes that can only be read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from home_runs import Home, reproducible
from small_exports import small_export, write_json

MOMENTS = 20
RUN = ("run", "constitution", "--skip-uncertainty")


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a command with everything that it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


def seconds_after_start(home: Home, *arguments: str | Path) -> float:
    """Return how long a command works after its first word on standard error."""
    process = home.start(*arguments)
    assert process.stderr is not None
    process.stderr.readline()
    begun = time.monotonic()
    rest = process.stderr.read()
    assert process.wait() == 0, rest
    process.stderr.close()
    return time.monotonic() - begun


def kill_after(home: Home, delay: float, *arguments: str | Path) -> bool:
    """Kill a command so long after its first word; return whether it was still running."""
    process = home.start(*arguments)
    assert process.stderr is not None
    process.stderr.readline()
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        kill(process)
        return True
    process.stderr.close()
    return False


@pytest.mark.slow
def test_run_killed_at_twenty_moments(small_home: Home):
    """A killed run leaves the constitution before; a rerun gives the undisturbed result."""
    undisturbed = reproducible(small_home.constitution())
    whole = seconds_after_start(small_home, *RUN)
    served = small_home.served()
    killed = 0
    for moment in range(MOMENTS):
        still_running = kill_after(small_home, whole * (moment + 0.5) / MOMENTS, *RUN)
        killed += still_running
        if not still_running:
            served = small_home.served()
        else:
            # A run that died after its last asset was made current has made a constitution.
            after = small_home.served()
            assert after is not None
            assert after == served or moment >= MOMENTS // 2
            served = after
        readable = small_home.here("constitution", "--json", "--all").succeeded().json
        assert reproducible(readable) == undisturbed
        if moment % 5 == 4:
            small_home.here(*RUN).succeeded()
            again = small_home.here("constitution", "--json", "--all").succeeded().json
            assert again["version"] != served
            assert reproducible(again) == undisturbed
            served = again["version"]
    assert killed >= MOMENTS * 3 // 4
    assert small_home.here("doctor", "--json").succeeded().json["healthy"]
    assert small_home.here("status", "--json").succeeded().json["unused_ratings"] == 0


@pytest.mark.slow
def test_import_killed_at_moments(small_home: Home, tmp_path: Path):
    """An import is there whole or not at all."""
    base = small_export()
    changed = write_json(tmp_path / "changed.json", base | {"ratings": base["ratings"][:150]})
    original = write_json(tmp_path / "original.json", base)
    before = small_home.constitution()
    command = ("import", "export", changed)
    whole = seconds_after_start(small_home, *command)
    small_home.here("import", "export", original).succeeded()
    killed = 0
    for moment in range(8):
        killed += kill_after(small_home, whole * (moment + 0.5) / 8, *command)
        status = small_home.here("status", "--json").succeeded().json
        assert status["tables"]["guideline_ratings"]["rows_kept"] in (192, 150)
        assert status["unused_ratings"] is not None
        small_home.here("import", "export", original).succeeded()
    assert killed >= 4
    assert small_home.constitution() == before
    small_home.here(*RUN).succeeded()
    assert reproducible(small_home.constitution()) == reproducible(before)


@pytest.mark.slow
def test_first_run_killed_leaves_an_honest_home(new_home: Callable[[str], Home], tmp_path: Path):
    home = new_home("first")
    home.here("import", "export", write_json(tmp_path / "export.json", small_export())).succeeded()
    for delay in (0.3, 1.5):
        kill_after(home, delay, *RUN)
        if home.served() is None:
            home.run("constitution").failed("no constitution yet")
    home.here(*RUN).succeeded()
    assert home.here("constitution", "--json").succeeded().json["accepted"] == ["g0", "g1", "g2"]


@pytest.mark.slow
def test_two_runs_at_once_both_succeed_one_after_the_other(small_home: Home):
    before = small_home.constitution()
    versions = set(small_home.store.versions("constitution"))
    processes = [small_home.start(*RUN) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
    made = [ref for ref in small_home.store.versions("constitution") if ref not in versions]
    assert len(made) == 2
    spans = []
    for ref in made:
        snapshot = small_home.store.resolve_upstream(ref, "ratings_export")
        spans.append(
            (
                small_home.store.manifest(snapshot).created_at,
                small_home.store.manifest(ref).created_at,
            )
        )
    first, second = sorted(spans)
    assert first[1] <= second[0], "the runs overlapped"
    assert reproducible(small_home.constitution()) == reproducible(before)


def test_reading_while_a_run_works(small_home: Home):
    before = small_home.served()
    process = small_home.start(*RUN)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        for command in (("constitution", "--json"), ("status", "--json")):
            small_home.run(*command).succeeded()
    finally:
        _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert small_home.served() != before


# ---- homes that can only be read, and full disks ------------------------------------------------


def mounted(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["mount", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"file systems cannot be mounted here: {done.stderr.strip()}")


def contents(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def read_only_home(small_home: Home, tmp_path: Path) -> Iterator[Home]:
    """The small home, mounted so that not even root may write to it."""
    place = tmp_path / "read-only"
    place.mkdir()
    mounted("--bind", small_home.path, place)
    try:
        mounted("-o", "remount,ro,bind", place)
        yield Home(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_read_only_home_can_be_read(read_only_home: Home, untouched_home: Home):
    with pytest.raises(OSError, match="Read-only"):
        (read_only_home.path / "probe").touch()
    before = contents(read_only_home.path)
    assert read_only_home.constitution() == untouched_home.constitution()
    assert "3 of 8 guidelines" in read_only_home.run("constitution").succeeded().out
    assert len(read_only_home.run("constitution", "--history", "--json").succeeded().json) == 1

    status = read_only_home.run("status", "--json").succeeded().json
    assert status["tables"]["guideline_ratings"]["rows_kept"] == 192
    assert status["assets"]["constitution"]["version"] == untouched_home.served()
    assert status["failed_runs"] is None
    assert "Failed runs are not shown" in read_only_home.run("status").succeeded().out

    answer = read_only_home.run("doctor", "--json")
    assert answer.code == 1
    bad = [finding for finding in answer.json["findings"] if not finding["ok"]]
    assert [finding["what"] for finding in bad] == ["home"]
    assert "Reading works" in bad[0]["advice"]
    assert contents(read_only_home.path) == before


def test_read_only_home_refuses_work_with_a_reason(read_only_home: Home, tmp_path: Path):
    read_only_home.compute().failed("cannot be", str(read_only_home.path))
    source = write_json(tmp_path / "export.json", small_export())
    read_only_home.run("import", "export", source).failed("cannot be", str(read_only_home.path))
    read_only_home.run("instability", "--seeds", "2", "--json").succeeded()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted("-t", "tmpfs", "-o", "size=24m", "tmpfs", place)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("free_bytes", [0, 200_000])
def test_full_disk_keeps_the_constitution_before(
    untouched_home: Home, tiny_disk: Path, free_bytes: int
):
    home = untouched_home.copied_to(tiny_disk / "home")
    before = home.constitution()
    filler = tiny_disk / "filler"
    space = os.statvfs(tiny_disk)
    with filler.open("wb") as stream:
        for _ in range((space.f_bavail * space.f_frsize - free_bytes) // 4096):
            stream.write(bytes(4096))
    answer = home.compute()
    message = answer.failed()
    assert "space" in message or "full" in message, message
    assert home.constitution() == before
    if free_bytes:  # SQLite needs 32 KB beside the database to read it
        status = home.run("status", "--json").succeeded().json
        assert status["assets"]["constitution"]["version"] == before["version"]
    doctor = home.run("doctor", "--json")
    assert doctor.code == 1
    assert "free space" in [f["what"] for f in doctor.json["findings"] if not f["ok"]]
    filler.unlink()
    home.compute().succeeded()
    assert reproducible(home.constitution()) == reproducible(before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_says_so(small_home: Home, number: signal.Signals):
    before = small_home.served()
    process = small_home.start(*RUN)
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip() == "factorization":
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=200)
    assert process.returncode != 0
    assert "Traceback" not in errors
    assert "interrupted" in errors
    assert small_home.served() == before
