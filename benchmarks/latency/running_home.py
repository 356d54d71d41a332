"""An installation at work: `labelaudit serve` and `labelaudit dagster` as processes on one home."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PATIENCE_SECONDS = 240.0
"""Longest wait for anything; on a busy machine a fresh process alone takes half a minute."""


class TooLongError(RuntimeError):
    """Something did not happen."""


@dataclass(frozen=True)
class RunningHome:
    """A home whose API and daemon are at work.

    Attributes:
        home: the folder.
        url: of the API.
        daemon: the process of `labelaudit dagster`.
        logs: folder of what the processes say.
    """

    home: Path
    url: str
    daemon: subprocess.Popen[bytes]
    logs: Path

    def get(self, path: str) -> Any:
        """Return a JSON document of the API."""
        answer = requests.get(self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, document: Any = None) -> Any:
        """Post JSON to the API and return its answer."""
        answer = requests.post(self.url + path, json=document, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def published(self) -> int:
        """Return the number of the last publication, 0 before the first."""
        answer = requests.get(f"{self.url}/v1/constitutions", timeout=60)
        versions = answer.json()["versions"] if answer.ok else []
        return max(
            (one["published"]["sequence"] for one in versions if one["published"]), default=0
        )

    def seconds_until(self, what: str, is_so: Callable[[], bool]) -> float:
        """Wait until something is so, and return how long that took.

        Raises:
            TooLongError: it never was, with the last words of the daemon.
        """
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > PATIENCE_SECONDS or self.daemon.poll() is not None:
                said = (self.logs / "dagster.log").read_text(errors="replace")
                raise TooLongError(f"{what} never came:\n{said[-6000:]}")
            time.sleep(0.1)
        return time.monotonic() - began

    def rating_to_constitution(self, participant: str, guideline: str, rating: str) -> float:
        """Post a rating; return the seconds until a constitution with it is published."""
        before = self.published()
        rated = {"participant_id": participant, "guideline_id": guideline, "rating": rating}
        self.post("/v1/ratings", rated)
        return self.seconds_until("a constitution", lambda: self.published() > before)

    def label_to_model(self, user: str, labels: dict[int, float]) -> float:
        """Label, ask for a training; return the seconds until its results are there."""
        path = f"/v1/users/{user}/models/my_model"
        given = [{"item_id": item, "rating": rating} for item, rating in labels.items()]
        self.post(f"{path}/labels", {"labels": given})
        status = self.post(f"{path}/trainings")
        return self.seconds_until(
            "a model", lambda: bool(self.get(status["status_url"])["state"] == "done")
        )


@contextmanager
def running(home: Path, logs: Path, **settings: str) -> Iterator[RunningHome]:
    """Start API and daemon on a home, and end them.

    Args:
        home: a home with ratings and a corpus.
        logs: folder for what they say.
        settings: more of the environment.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    environment |= {"LABELAUDIT_HOME": str(home), "LABELAUDIT_TRAINING": "elsewhere", **settings}
    command = [sys.executable, "-m", "labelaudit_dagster.cli"]
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (logs / f"{name}.log").open("wb") as stream:
            process = subprocess.Popen(
                [*command, *arguments], env=environment, cwd=logs, stdout=stream, stderr=stream
            )
        started.append(process)
        return process

    try:
        start("serve", "serve", "--port", "0")
        daemon = start("dagster", "dagster", "--port", str(_free_port()))
        found = RunningHome(home, "", daemon, logs)
        log = logs / "serve.log"
        pattern = re.compile(r"http://\S+:\d+")
        found.seconds_until("the API", lambda: bool(pattern.search(log.read_text())))
        [url] = {match.group() for match in pattern.finditer(log.read_text().split("(")[0])}
        found = RunningHome(home, url, daemon, logs)
        found.seconds_until("the API", lambda: _answers(found.url + "/healthz"))
        yield found
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
