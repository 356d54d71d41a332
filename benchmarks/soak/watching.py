"""Looks on: how long things take to arrive, and how much memory the programs hold."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from benchmarks.soak.installation import Installation
from benchmarks.soak.processes import descendants, open_files, resident_bytes, words_of
from benchmarks.soak.traffic import Traffic
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.store import Database, latest_constitution
from labelaudit_dagster.user_partitions import partition_key

ROLES = {"daemon": "dagster._daemon", "code server": "dagster api grpc"}


class Watcher:
    """A thread that looks every second.

    Args:
        installation: what is looked at.
        traffic: what is waited for.
    """

    def __init__(self, installation: Installation, traffic: Traffic) -> None:
        self.rating_seconds: list[float] = []
        self.label_seconds: list[float] = []
        self.constitutions = 0
        self.memory: dict[str, list[tuple[float, int, int]]] = {}
        """By role: moment, process number, resident bytes."""
        self.files: list[int] = []
        self._it, self._traffic = installation, traffic
        self._store = ArtifactStore(installation.home / "artifacts")
        self._seen_constitution = 0
        self._seen_label: dict[str, int] = {}
        self._published: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self.begun = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _look_on(self) -> None:
        while not self._stop.wait(1.0):
            self._sample()
            with suppress(ExpectedFailure, OSError, KeyError):
                self._look_at_publications()
            with suppress(ExpectedFailure, OSError, KeyError):
                self._look_at_models()

    def _sample(self) -> None:
        now = time.monotonic() - self.begun
        found: dict[str, int] = {}
        if (server := self._it.server.pid) is not None:
            found["server"] = server
            self.files.append(open_files(server))
        if (pid := self._it.dagster.pid) is not None:
            for one in descendants(pid):
                words = words_of(one)
                for role, sign in ROLES.items():
                    if sign in words:
                        found.setdefault(role, one)
        for role, pid in found.items():
            if size := resident_bytes(pid):
                self.memory.setdefault(role, []).append((now, pid, size))

    def _look_at_publications(self) -> None:
        url = f"sqlite:///{self._it.home / 'labelaudit.db'}"
        with Database.open(url, read_only=True) as database:
            found = latest_constitution(database)
        if found is None or found[0].sequence == self._seen_constitution:
            return
        received, payload = found
        self.constitutions += received.sequence - self._seen_constitution
        self._seen_constitution = received.sequence
        age = (datetime.now(UTC) - received.received_at).total_seconds()
        arrived = time.monotonic() - age
        for name in payload["user_intercepts"].keys() - self._published:
            self._published.add(name)
            if (told := self._traffic.ratings.at.get(name)) is not None:
                self.rating_seconds.append(max(0.0, arrived - told))

    def _look_at_models(self) -> None:
        for person in self._traffic.people:
            pointer = self._store.current_pointer("personal_models", partition_key(person))
            if pointer is None:
                continue
            versions = self._store.load_table(pointer.ref, "versions", columns=["label_sequence"])
            seen = int(versions["label_sequence"].max())
            before = self._seen_label.get(person, 0)
            if seen == before:
                continue
            self._seen_label[person] = seen
            arrived = time.monotonic() - (datetime.now(UTC) - pointer.updated_at).total_seconds()
            self.label_seconds += [
                max(0.0, arrived - told)
                for sequence, told in list(self._traffic.sequences[person])
                if before < sequence <= seen
            ]
