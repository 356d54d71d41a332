"""`kill -9` of a command that has started others: all of them are gone within seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from labelaudit_dagster.ending_together import PATIENCE_SECONDS

START_SECONDS = 240.0
LONGEST_SECONDS = PATIENCE_SECONDS + 20  # a busy machine
PARTS = ("dagster dev", "dagster code-server", "dagster api grpc", "dagster_webserver", "_daemon")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="needs /proc"),
]


def of_home(home: Path) -> dict[int, str]:
    """Return command lines of all living processes that work on a home, by their environment."""
    wanted = f"LABELAUDIT_HOME={home}".encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = words.decode(errors="replace")
    return found


@contextmanager
def started(home: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "labelaudit_dagster.cli", *arguments],
            env=environment | {"LABELAUDIT_HOME": str(home)},
            stdout=log,
            stderr=log,
            cwd=home.parent,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pid in of_home(home):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_for(process: subprocess.Popen[bytes], home: Path, *parts: str) -> None:
    """Wait until processes of a home with these words in their command lines are there."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        lines = of_home(home).values()
        if all(any(part in line for line in lines) for part in parts):
            return
        assert process.poll() is None, (home.parent / "log").read_text()[-2000:]
        time.sleep(0.1)
    raise AssertionError(f"{parts} did not start: {of_home(home)}")


def kill_and_wait(process: subprocess.Popen[bytes], home: Path) -> dict[int, str]:
    """Kill a process alone; return what works on the home some seconds later."""
    process.kill()
    process.wait()
    until = time.monotonic() + LONGEST_SECONDS
    while (left := of_home(home)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_dagster_ends_with_the_command_that_started_it(tmp_path: Path):
    home = tmp_path / "home"
    with started(home, "dagster", "--port", str(free_port())) as process:
        wait_for(process, home, *PARTS)
        assert kill_and_wait(process, home) == {}


def test_the_platform_of_the_demo_ends_with_it(tmp_path: Path):
    home = tmp_path / "home"
    with started(home, "demo") as process:
        wait_for(process, home, "labelaudit_dagster.cli serve")
        assert kill_and_wait(process, home) == {}
