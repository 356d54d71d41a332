"""What goes wrong, one thing every few seconds, in an order that a seed decides."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

from benchmarks.soak.installation import Installation
from benchmarks.soak.processes import command, descendants, free_port, kill


@dataclass
class Figures:
    """What faults did.

    Attributes:
        count: how often.
        recovery: seconds until it was made good, where there is something to wait for.
        skipped: how often there was nothing to hit.
    """

    count: int = 0
    recovery: list[float] = field(default_factory=list)
    skipped: int = 0


class Faults:
    """Makes faults, one after the other.

    Args:
        installation: what they hit.
        seed: of their order.
        only: kinds to make; by default all.
    """

    def __init__(self, installation: Installation, seed: int, only: Sequence[str] = ()) -> None:
        self._it = installation
        self._draw = random.Random(f"{seed} faults")
        self.figures: dict[str, Figures] = {}
        self.violations: list[str] = []
        kinds: dict[str, Callable[[], float | None]] = {
            "server killed": self._server_killed,
            "Dagster killed": self._dagster_killed,
            "daemon killed": self._daemon_killed,
            "command killed, Dagster left alone": self._two_daemons,
            "run killed": self._run_killed,
            "platform misbehaves": self._platform_misbehaves,
            "database locked": self._database_locked,
            "two publish at once": self._two_publish,
            "second server": self._second_server,
            "second `labelaudit dagster`": self._second_dagster,
        }
        if installation.has_disk:
            kinds["disk full"] = self._disk_full
        self._kinds = {name: kinds[name] for name in only if name in kinds} or kinds
        self._deck: list[str] = []

    def one(self) -> str:
        """Make one fault; every kind has its turn before any comes again."""
        if not self._deck:
            self._deck = sorted(self._kinds)
            self._draw.shuffle(self._deck)
        kind = self._deck.pop()
        figures = self.figures.setdefault(kind, Figures())
        figures.count += 1
        try:
            seconds = self._kinds[kind]()
        except RuntimeError as error:
            self.violations.append(f"{kind}: {error}")
            return kind
        if seconds is None:
            figures.skipped += 1
        elif seconds > 0:
            figures.recovery.append(seconds)
        return kind

    def _server_killed(self) -> float:
        self._it.server.kill()
        time.sleep(0.3)
        return 0.3 + self._it.wait_for(self._it.server_is_ready, "the server")

    def _dagster_killed(self) -> float:
        self._it.dagster.kill()
        return self._until_heartbeat()

    def _daemon_killed(self) -> float | None:
        found = self._it.daemons()
        for pid in found:
            kill(pid)
        return self._until_heartbeat() if found else None

    def _two_daemons(self) -> float:
        """What was left goes on beside what is started anew, for a while."""
        left = self._it.dagster.kill_alone()
        seconds = self._until_heartbeat()
        time.sleep(self._draw.uniform(5, 10))
        for pid in left:
            kill(pid)
        return seconds

    def _run_killed(self) -> float | None:
        until = time.monotonic() + 15
        while time.monotonic() < until:
            found = self._it.run_workers()
            if found:
                time.sleep(self._draw.uniform(0, 3))
                for pid in found:
                    kill(pid)
                return 0.0
            time.sleep(0.1)
        return None

    def _platform_misbehaves(self) -> float:
        seconds = self._draw.uniform(4, 10)
        self._it.proxy.misbehave(seconds)
        time.sleep(seconds)
        return 0.0

    def _database_locked(self) -> float:
        path = self._it.home / "labelaudit.db"
        with (
            closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection,
            suppress(sqlite3.OperationalError),
        ):
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(self._draw.uniform(2, 5))
            connection.execute("ROLLBACK")
        return 0.0

    def _disk_full(self) -> float | None:
        if not self._it.disk.fill():
            return None
        time.sleep(self._draw.uniform(3, 6))
        if not self._it.disk.free():
            raise RuntimeError("the disk stays full")
        return self._it.wait_for(self._it.server_is_ready, "the server")

    def _two_publish(self) -> float:
        settings = self._it.environment(**self._it.talking())
        started = [
            subprocess.Popen(
                command("publish"),
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        for process in started:
            process.wait(timeout=300)
        return 0.0

    def _second_server(self) -> float:
        """Another server on the same home answers too, and goes again."""
        port = free_port()
        with subprocess.Popen(
            command("serve", "--port", str(port)),
            env=self._it.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            time.sleep(self._draw.uniform(5, 8))
            process.terminate()
        return 0.0

    def _second_dagster(self) -> float:
        """A second one is refused at once, with a word."""
        process = subprocess.Popen(
            command("dagster", "--port", str(free_port())),
            env=self._it.environment(**self._it.talking()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _, said = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            for pid in [*descendants(process.pid), process.pid]:
                kill(pid)
            process.communicate()
            raise RuntimeError("a second one was not refused") from None
        if process.returncode != 1 or "Error:" not in said:
            raise RuntimeError(f"a second one ended with {process.returncode}: {said!r}")
        return 0.0

    def _until_heartbeat(self) -> float:
        killed = time.time()
        return self._it.wait_for(lambda: self._it.heartbeat() > killed, "the daemon")
