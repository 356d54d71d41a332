"""The programs of an installation: started, watched, killed, and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

MARK = "SOAK_MARK"
"""Variable in the environment of everything that we start; by it we find what is left of it."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: str) -> list[str]:
    """Return the command line of `labelaudit`."""
    return [sys.executable, "-m", "labelaudit_dagster.cli", *arguments]


class Program:
    """A program that is started again when it ends, as a service manager does.

    Args:
        name: for its log.
        arguments: returns the command line of each start.
        environment: of the process.
        log: folder for its output.
    """

    def __init__(
        self,
        name: str,
        arguments: Callable[[], list[str]],
        environment: dict[str, str],
        log: Path,
    ) -> None:
        self.name = name
        self.starts = 0
        self._arguments = arguments
        self._environment = environment
        self._log: IO[bytes] = (log / f"{name}.log").open("ab")
        self._stop = threading.Event()
        self._paused = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Process number, None between two starts."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def kill(self) -> None:
        """Kill it with everything that it started, as a power cut does."""
        pid = self.pid
        if pid is not None:
            for number in [*descendants(pid), pid]:
                kill(number)

    def kill_alone(self) -> list[int]:
        """Kill it, and what would end its processes after it; return what it leaves behind."""
        pid = self.pid
        if pid is None:
            return []
        left = descendants(pid)
        watchers = [one for one in left if "group_watcher" in words_of(one)]
        for number in [*watchers, pid]:
            kill(number)
        return [one for one in left if one not in watchers]

    def end(self, patience: float = 90.0) -> int:
        """End it for good, by SIGTERM; return how many of its processes had to be killed."""
        self._stop.set()
        process = self._process
        left = [] if process is None else [process.pid, *descendants(process.pid)]
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        self._thread.join(timeout=10)
        until = time.monotonic() + 60
        while time.monotonic() < until and any(is_alive(pid) for pid in left):
            time.sleep(0.2)
        stubborn = [pid for pid in left if is_alive(pid)]
        for pid in stubborn:
            kill(pid)
        self._log.close()
        return len(stubborn)

    def _supervise(self) -> None:
        while not self._stop.is_set():
            self._process = subprocess.Popen(
                self._arguments(),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            self.starts += 1
            while self._process.poll() is None and not self._stop.wait(0.1):
                pass
            if self._process.poll() is not None:
                self._stop.wait(0.5)


def kill(pid: int) -> None:
    """Kill a process at once, if it is there."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    by_parent = _children_by_parent()
    found: list[int] = []
    pending = [pid]
    while pending:
        below = by_parent.get(pending.pop(), [])
        found += below
        pending += below
    return found


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    return _children_by_parent().get(pid, [])


def _children_by_parent() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = entry.read_text().rpartition(")")[2].split()
            found.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    return found


def words_of(pid: int) -> str:
    """Return the command line of a process."""
    with suppress(OSError):
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    return ""


def marked(mark: str) -> list[int]:
    """Return every living process that carries our mark in its environment."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            pid = int(entry.parent.name)
            if pid != os.getpid() and wanted in entry.read_bytes() and is_alive(pid):
                found.append(pid)
    return found


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds; 0 where it is gone."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def open_files(pid: int) -> int:
    """Return how many files a process has open; 0 where it is gone."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0
