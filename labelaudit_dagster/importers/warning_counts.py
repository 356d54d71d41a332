"""Counting what was dropped or assumed while rows were kept."""

from __future__ import annotations

from labelaudit_dagster.importers.quarantine import WARNINGS


class WarningCounts:
    """Counts by kind of warning; kinds that did not occur are absent."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, kind: str, count: int = 1) -> None:
        """Count a kind of warning.

        Raises:
            KeyError: The kind is not documented in `quarantine.WARNINGS`.
        """
        if kind not in WARNINGS:
            raise KeyError(kind)
        if count:
            self._counts[kind] = self._counts.get(kind, 0) + int(count)

    def as_dict(self) -> dict[str, int]:
        """Return the counts ordered by kind."""
        return dict(sorted(self._counts.items()))
