"""A fresh home with everything that serves it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.soak.disk import SmallDisk
from benchmarks.soak.processes import (
    MARK,
    Program,
    children,
    command,
    descendants,
    free_port,
    words_of,
)
from benchmarks.soak.proxy import Proxy
from benchmarks.soak.small_world import SCALE, write_corpus, write_export

REPOSITORY = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
_SETTINGS = {
    "PLATFORM_API_KEY": "key",
    "CHURN_LIMIT": "1",
    "SENSOR_INTERVAL_SECONDS": "5",
    "QUIET_SECONDS": "1",
    "RATINGS_MIN_INTERVAL_SECONDS": "2",
    "PLATFORM_POLL_SECONDS": "2",
    "BOOTSTRAP_REPLICATES": "10",
    "LEAVE_ONE_OUT_LIMIT": "0",
    "HTTP_TIMEOUT_SECONDS": "5",
    "HTTP_DEADLINE_SECONDS": "20",
    "RATE_LIMIT_PER_MINUTE": "0",
}


class Installation:
    """A home, its server and Dagster, and the proxy between them.

    Args:
        seed: of its data and of the proxy's troubles.
    """

    def __init__(self, seed: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="labelaudit-soak-"))
        self.mark = secrets.token_hex(8)
        (self.folder / "disk").mkdir()
        self.disk = SmallDisk(self.folder / "disk")
        self.has_disk = self.disk.mount()
        self.home = self.folder / "disk" / "home"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.proxy = Proxy(self.port, seed)
        self._log = self.folder / "log"
        self._log.mkdir()
        self._seed = seed
        self.server: Program
        self.dagster: Program

    def environment(self, home: Path | None = None, **settings: str) -> dict[str, str]:
        """Return the environment of everything that is started here."""
        ours = {"HOME": str(home or self.home), **settings}
        foreign = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LABELAUDIT_", "DAGSTER_"))
        }
        paths = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", MARK: self.mark}
        return {**foreign, **paths, **{f"LABELAUDIT_{name}": text for name, text in ours.items()}}

    def run(
        self, *arguments: str, home: Path | None = None, publishing: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, on the embedded platform or, `publishing`, on the proxy's."""
        settings = self.talking() if publishing else {}
        return subprocess.run(
            command(*arguments),
            env=self.environment(home, **settings),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def prepare(self) -> None:
        """Fill the home; then start everything and wait until it answers."""
        export = write_export(self.folder / "export.json", self._seed)
        corpus = write_corpus(self.folder / "ratings.csv", self._seed)
        for arguments in (
            ("import", "export", str(export)),
            (
                "import",
                "ratings",
                str(corpus),
                "--scale",
                SCALE,
                "--system-scores",
                "system_rating",
            ),
            ("run", "audit"),
        ):
            done = self.run(*arguments)
            if done.returncode:
                raise RuntimeError(f"labelaudit {' '.join(arguments)}: {done.stderr}")
        serving = self.environment()
        self.server = Program(
            "server", lambda: command("serve", "--port", str(self.port)), serving, self._log
        )
        talking = self.environment(**self.talking())
        self.dagster = Program(
            "dagster", lambda: command("dagster", "--port", str(free_port())), talking, self._log
        )
        self.wait_for(self.server_is_ready, "the server")
        begun = time.time()
        self.wait_for(lambda: self.heartbeat() > begun, "the daemon")

    def end(self) -> tuple[int, int]:
        """End everything; return how many processes had to be killed: server's, Dagster's."""
        killed = (self.server.end(), self.dagster.end())
        self.proxy.close()
        return killed

    def wait_for(self, condition: Callable[[], bool], what: str) -> float:
        """Wait until something holds; return how long it took.

        Raises:
            RuntimeError: it never does.
        """
        begun = time.monotonic()
        while not condition():
            if time.monotonic() - begun > READY_SECONDS:
                raise RuntimeError(f"{what} did not come back within {READY_SECONDS:.0f} s")
            time.sleep(0.2)
        return time.monotonic() - begun

    def server_is_ready(self) -> bool:
        """Whether the server can serve."""
        with suppress(URLError, OSError, ValueError):
            return urlopen(f"{self.url}/readyz", timeout=5).status == 200
        return False

    def heartbeat(self) -> float:
        """Return when the sensors' daemon gave its last sign of life (Unix time); 0 for never."""
        path = self.home / "dagster" / "history" / "runs.db"
        query = "SELECT body FROM daemon_heartbeats WHERE daemon_type = 'SENSOR'"
        with suppress(sqlite3.Error):
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                row = connection.execute(query).fetchone()
            return 0.0 if row is None else float(json.loads(row[0])["timestamp"])
        return 0.0

    def get(self, path: str) -> Any:
        """Return the JSON document at a path of the server."""
        with urlopen(f"{self.url}{path}", timeout=60) as answer:
            return json.loads(answer.read())

    def run_workers(self) -> list[int]:
        """Return the processes of runs that Dagster has under way: children of its code server."""
        pid = self.dagster.pid
        found = [] if pid is None else descendants(pid)
        return [
            child
            for one in found
            if "api grpc" in words_of(one)
            for child in children(one)
            if "resource_tracker" not in words_of(child)
        ]

    def daemons(self) -> list[int]:
        """Return the processes of Dagster's daemon."""
        pid = self.dagster.pid
        found = [] if pid is None else descendants(pid)
        return [one for one in found if "dagster._daemon" in words_of(one)]

    def logged(self, name: str) -> str:
        """Return what a program wrote."""
        return (self._log / f"{name}.log").read_text("utf-8", errors="replace")

    def talking(self) -> dict[str, str]:
        """Return the settings with which the proxy is the platform."""
        return {"PLATFORM_URL": self.proxy.url, **_SETTINGS}
