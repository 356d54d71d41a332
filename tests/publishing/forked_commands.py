"""Homes of their own, driven by the command; processes that can be killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.store import Database, Publication, list_publications, sqlite_url

Death = tuple[str, str, str, int]
"""Module, attribute path, `before` or `after`, number of the call (see `command_forker`)."""


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    def succeeded(self) -> Answer:
        assert self.code == 0, (self.code, self.err)
        return self

    def failed(self, *parts: str, code: int = 1) -> str:
        """Return the one message of a failure, after looking at how it ended."""
        assert self.code == code, (self.code, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err, self.err
        messages = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(messages) == 1, self.err
        for part in parts:
            assert part in messages[0], (part, messages[0])
        return messages[0]


class Forker:
    """The process that forks one for each command."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("command_forker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment({}),
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def ask(self, job: dict[str, Any]) -> Any:
        """Send one line and return the answer to it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@dataclass
class Command:
    """A command that runs."""

    forker: Forker
    pid: int
    out: Path
    err: Path

    def wait(self, timeout: float = 120) -> Answer:
        """Wait for its end."""
        until = time.monotonic() + timeout
        while (code := self.forker.ask({"poll": self.pid})) is None:
            if time.monotonic() > until:
                self.kill()
                raise TimeoutError(self.err.read_text())
            time.sleep(0.01)
        return Answer(code, self.out.read_text(), self.err.read_text())

    def kill(self) -> None:
        """End it as the system would."""
        os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Home:
    """A home, and commands on it.

    Attributes:
        path: its folder.
        forker: runs the commands.
        settings: settings by name without prefix, for every command.
    """

    path: Path
    forker: Forker
    settings: Mapping[str, str] = field(default_factory=dict)

    def start(
        self, *arguments: str | Path, die: Death | None = None, **settings: str | None
    ) -> Command:
        """Start a command; a setting that is None is left out."""
        logs = self.path.parent / "output"
        logs.mkdir(exist_ok=True)
        name = uuid.uuid4().hex
        out, err = logs / f"{name}.out", logs / f"{name}.err"
        pid = self.forker.ask(
            {
                "argv": [str(argument) for argument in arguments],
                "env": self.environment(**settings),
                "cwd": str(self.path.parent),
                "out": str(out),
                "err": str(err),
                "die": die,
            }
        )
        return Command(self.forker, pid, out, err)

    def environment(self, **settings: str | None) -> dict[str, str]:
        """Return the environment of a command."""
        return clean_environment({"home": str(self.path), **self.settings, **settings})

    def run(
        self, *arguments: str | Path, die: Death | None = None, **settings: str | None
    ) -> Answer:
        """Run a command to its end."""
        return self.start(*arguments, die=die, **settings).wait()

    def compute(self, *options: str, **settings: str | None) -> Answer:
        """Run the constitution without its uncertainty, which takes longest."""
        return self.run("run", "constitution", "--skip-uncertainty", *options, **settings)

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.path / "artifacts")

    @property
    def database_url(self) -> str:
        return self.settings.get("database_url", sqlite_url(self.path / "labelaudit.db"))

    def publications(self) -> list[Publication]:
        """Return what the database knows of publications, oldest first."""
        with Database.open(self.database_url) as database:
            return list_publications(database)[::-1]

    def constitution(self) -> dict[str, Any]:
        """Return the current constitution's document, without what may differ."""
        ref = self.store.current("constitution")
        assert ref is not None
        return reproducible(self.store.load_json(ref, "document"))

    def copied_to(self, path: Path) -> Home:
        shutil.copytree(self.path, path, symlinks=True)
        return Home(path, self.forker, self.settings)

    def take_compiled_from(self, other: Home) -> None:
        """Take over what JAX has compiled there."""
        shutil.copytree(other.path / "cache" / "jax", self.path / "cache" / "jax")

    def on(self, **settings: str) -> Home:
        """Return the same home with more settings."""
        return Home(self.path, self.forker, {**self.settings, **settings})


def clean_environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """Return the environment without settings from outside, and with these."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LABELAUDIT_", "DAGSTER_"))
    }
    ours = {f"LABELAUDIT_{k.upper()}": v for k, v in settings.items() if v is not None}
    return {**inherited, **ours}


def reproducible(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the design lets differ between runs on the same ratings."""
    kept = {k: v for k, v in document.items() if k not in ("version", "created_at", "provenance")}
    kept["solver"] = {k: v for k, v in document["solver"].items() if k != "seconds"}
    return kept
