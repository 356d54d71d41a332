"""Programs end with the process that started them, whatever kills it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from labelaudit_dagster import ending_together as module
from labelaudit_dagster.ending_together import PATIENCE_SECONDS, WatcherError, ending_together
from labelaudit_dagster.group_watcher import end_groups

LONGEST_SECONDS = PATIENCE_SECONDS + 15  # a busy machine
PARENT = """
import os, sys, time
from pathlib import Path
from labelaudit_dagster.ending_together import ending_together
folder, child = Path(sys.argv[1]), sys.argv[2]
with ending_together(folder / "lock") as starter:
    starter.start([sys.executable, "-c", child, str(folder)], env=os.environ)
    time.sleep(600)
"""
CHILD = """
import os, signal, subprocess, sys, time
from pathlib import Path
stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
write = "Path(sys.argv[1], sys.argv[2]).write_text(str(os.getpid()));"
program = "import os, signal, sys, time; from pathlib import Path;"
for name, first in (("meek", ""), ("stubborn", stubborn)):
    grandchild = program + first + write + "time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", grandchild, sys.argv[1], name])
Path(sys.argv[1], "child").write_text(str(os.getpid()))
time.sleep(600)
"""
NAMES = ("child", "meek", "stubborn")
Family = tuple[subprocess.Popen[bytes], list[int]]


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()[:1] not in ("", "Z")


def wait_for(condition: Callable[[], bool], seconds: float = LONGEST_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_locked(path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """A parent with a child, and grandchildren of which one does not heed SIGTERM."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), CHILD])
    pids: list[int] = []
    try:

        def all_there() -> bool:
            found = [tmp_path / name for name in NAMES]
            return all(path.is_file() and path.read_text() for path in found)

        assert wait_for(all_there, 60)
        pids += [int((tmp_path / name).read_text()) for name in NAMES]
        yield parent, pids
    finally:
        parent.kill()
        parent.wait()
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_killed_parent_takes_everything_along(family: Family, tmp_path: Path):
    parent, pids = family
    assert all(map(is_alive, pids))
    parent.kill()
    parent.wait()
    seen = 0
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        locked = is_locked(tmp_path / "lock")  # looked at first: nobody comes to life again
        left = [pid for pid in pids if is_alive(pid)]
        assert locked or not left, "as long as one lives, nobody else is let in"
        seen += locked
        if not left and not locked:
            break
        time.sleep(0.05)
    assert not any(map(is_alive, pids))
    assert not is_locked(tmp_path / "lock")
    assert seen > 0


def test_whoever_comes_next_waits_until_they_are_gone(family: Family, tmp_path: Path):
    parent, pids = family
    parent.kill()
    parent.wait()
    said: list[bool] = []
    with ending_together(tmp_path / "lock", waiting=lambda: said.append(True)):
        assert not any(map(is_alive, pids))
    assert said == [True]


def test_an_interrupted_parent_takes_everything_along(family: Family):
    parent, pids = family
    parent.send_signal(signal.SIGINT)
    assert parent.wait(LONGEST_SECONDS) != 0
    assert wait_for(lambda: not any(map(is_alive, pids)))


def test_the_end_of_the_block_ends_what_is_left(tmp_path: Path):
    said: list[bool] = []
    with (
        (tmp_path / "output").open("wb") as output,
        ending_together(tmp_path / "lock", waiting=lambda: said.append(True)) as starter,
    ):
        process = starter.start(
            [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"],
            env=os.environ,
            output=output,
        )
        assert wait_for(lambda: (tmp_path / "output").read_text() == "here\n")
        assert os.getpgid(process.pid) == process.pid
    assert process.wait(LONGEST_SECONDS) == -signal.SIGTERM
    assert said == []
    assert not is_locked(tmp_path / "lock")


def test_a_watcher_that_cannot_start_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(WatcherError, match="did not start"), ending_together(tmp_path):
        raise AssertionError("nothing may be started that nobody would end")
    assert "IsADirectoryError" in capfd.readouterr().err


def test_processes_that_cannot_be_made_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_WITHOUT_PACKAGES", ("/nowhere/python",))
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(WatcherError, match="No process can be started"), ending_together():
        raise AssertionError("nothing was started")
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_groups_that_are_gone_cost_no_time():
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait()
    began = time.monotonic()
    end_groups([process.pid], 60)
    assert time.monotonic() - began < 5
