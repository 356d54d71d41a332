"""Figures of the home for Prometheus: what waits, what is held, what failed, how much room is."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from app_api.metrics import Metrics
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.home_status.sizes import free_space
from labelaudit_dagster.launch import dagster_state, failed_runs
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import (
    Database,
    ratings_since,
    unfinished_publications,
    waiting_labels,
)

FRESH_SECONDS: Final = 30.0
"""Scrapes within this time are given the same figures: several scrapers cost no more than one."""

FIGURES: Final[Mapping[str, str]] = {
    "constitution_age_seconds": "Age of the current constitution (s).",
    "ratings_waiting": "Ratings that the current constitution has not seen.",
    "labels_waiting": "Labels that no version of their model has seen.",
    "publications_held": "Publications that wait for somebody's approval.",
    "publications_unconfirmed": "Publications that were begun and not confirmed.",
    "failed_runs": "Runs that failed since the current constitution was made, a hundred at most.",
    "daemon_running": "1 where Dagster's daemon gives signs of life, else 0.",
    "home_free_bytes": "Free room where the home is (bytes).",
}
"""What is not known, as before the first constitution, is not a number."""


class HomeFigures:
    """Reads the figures at most every half minute.

    Args:
        settings: Of the installation.
        database: Its database.
        artifacts: Its artifact store.
        now: Returns the time in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        artifacts: ArtifactStore,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._database, self._artifacts = settings, database, artifacts
        self._now = now
        self._lock = threading.Lock()
        self._read_at = -math.inf
        self._figures: dict[str, float] = {}

    def add_to(self, metrics: Metrics) -> None:
        """Add every figure to those that Prometheus gets."""
        for name, description in FIGURES.items():
            metrics.gauge(name, description, lambda name=name: self.figure(name))  # type: ignore[misc]

    def figure(self, name: str) -> float:
        """Return a figure; NaN where it is not known."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._figures = {}
                for read in (self._of_database, self._of_artifacts, self._of_dagster):
                    try:
                        self._figures |= read()
                    except (ExpectedFailure, OSError):
                        continue
                self._read_at = time.monotonic()
            return self._figures.get(name, math.nan)

    def _of_database(self) -> dict[str, float]:
        unfinished = unfinished_publications(self._database)
        return {
            "labels_waiting": waiting_labels(self._database).labels,
            "publications_held": sum(one.is_undecided for one in unfinished),
            "publications_unconfirmed": sum(one.state == "begun" for one in unfinished),
        }

    def _of_artifacts(self) -> dict[str, float]:
        found: dict[str, float] = {"home_free_bytes": free_space(self._settings.home)["free_bytes"]}
        current = self._artifacts.current("constitution")
        if current is None:
            return found
        made = self._artifacts.manifest(current).created_at
        found["constitution_age_seconds"] = (self._now() - made).total_seconds()
        snapshot = self._artifacts.resolve_upstream(current, "ratings_export")
        change = self._artifacts.manifest(snapshot).extra.get("database_change")
        if change is not None:
            found["ratings_waiting"] = ratings_since(self._database, int(change))
        return found

    def _of_dagster(self) -> dict[str, float]:
        if not self._settings.dagster_home.is_dir():
            return {}
        current = self._artifacts.current("constitution")
        since = None if current is None else self._artifacts.manifest(current).created_at
        state = dagster_state(self._settings, now=self._now())
        return {
            "failed_runs": len(failed_runs(self._settings, since=since, limit=100)),
            "daemon_running": float(state["daemon"]["running"]),
        }
