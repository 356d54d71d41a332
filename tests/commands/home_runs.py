"""A home of its own for each test, driven as a user drives it: by the command, in a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.cli import labelaudit
from labelaudit_dagster.failures import ExpectedFailure

COMMAND = [sys.executable, "-m", "labelaudit_dagster.cli"]


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
        assert self.code == 0, (self.code, self.out, self.err)
        return self

    def failed(self, *parts: str, code: int = 1) -> str:
        """Return the one message of a failure, after looking at how it ended."""
        assert self.code == code, (self.code, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err, self.err[-2000:]
        messages = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(messages) == 1, self.err
        assert self.err.splitlines()[-1] == messages[0]
        for part in parts:
            assert part in messages[0], (part, messages[0])
        return messages[0]


@dataclass(frozen=True)
class Home:
    """A home, and commands on it.

    Attributes:
        path: its folder.
        settings: settings by name without prefix, for every command.
    """

    path: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment: nothing of ours from outside, and two cores for everybody."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LABELAUDIT_", "DAGSTER_"))
        }
        ours = {"home": str(self.path), **self.settings, **settings}
        return {**inherited, **{f"LABELAUDIT_{k.upper()}": v for k, v in ours.items()}}

    def run(self, *arguments: str | Path, timeout: float = 240, **settings: str) -> Answer:
        """Run a command to its end; warnings of Python are errors in it."""
        done = subprocess.run(
            [COMMAND[0], "-W", "error", *COMMAND[1:], *map(str, arguments)],
            env=self.environment(**settings),
            cwd=self.path.parent,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def here(self, *arguments: str | Path, **settings: str) -> Answer:
        """Run a command in this process, which spares its start."""
        runner = CliRunner()
        given = self.environment(**settings)
        cleared = {name: None for name in os.environ if name not in given}
        result = runner.invoke(labelaudit, [*map(str, arguments)], env={**cleared, **given})
        if isinstance(result.exception, ExpectedFailure):
            return Answer(1, result.stdout, f"{result.stderr}Error: {result.exception}\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def filled_here(self, content: bytes, *options: str) -> dict[str, Any]:
        """Import an export and compute in this process; return the whole document."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        source = self.path.with_suffix(".json")
        source.write_bytes(content)
        self.here("import", "export", source).succeeded()
        self.here("run", "constitution", "--skip-uncertainty", *options).succeeded()
        document: dict[str, Any] = self.here("constitution", "--json", "--all").succeeded().json
        return document

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command in a process group of its own; the caller ends it."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env={**self.environment(), "PYTHONUNBUFFERED": "1"},
            cwd=self.path.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def compute(self, *options: str, **settings: str) -> Answer:
        """Run the constitution without its uncertainty, which takes longest."""
        return self.run("run", "constitution", "--skip-uncertainty", *options, **settings)

    def constitution(self) -> dict[str, Any]:
        """Return what `constitution --json --all` prints."""
        document: dict[str, Any] = self.run("constitution", "--json", "--all").succeeded().json
        return document

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(str(self.path / "artifacts"))

    def served(self) -> str | None:
        """Return the version of the constitution that readers get; its content is verified."""
        ref = self.store.current("constitution")
        if ref is None:
            return None
        self.store.verify(ref)
        return ref.version

    def copied_to(self, path: Path) -> Home:
        shutil.copytree(self.path, path, symlinks=True)
        return Home(path, self.settings)


def with_cache(home: Home, cache: Path) -> Home:
    """Give a home the compiled programs that an earlier test left, and return it."""
    if cache.is_dir():
        shutil.copytree(cache, home.path / "cache" / "jax", dirs_exist_ok=True)
    return home


def reproducible(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the design lets differ between runs on the same ratings."""
    kept = {k: v for k, v in document.items() if k not in ("version", "created_at", "provenance")}
    kept["solver"] = {k: v for k, v in document["solver"].items() if k != "seconds"}
    return kept
