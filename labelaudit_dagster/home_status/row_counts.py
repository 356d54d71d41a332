"""Where every row that came in has gone: kept or in the quarantine, with what says so."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.artifacts import ArtifactStore

if TYPE_CHECKING:
    from labelaudit_dagster.store import CorpusSource, Database, Source


def imported_rows(database: Database) -> dict[str, dict[str, Any]]:
    """Return the rows of each table over the last imports of all sources.

    `rows_in`, `rows_kept`, `rows_quarantined` and `rows_passed` are what the import counted (a
    pass is no rating and not among those that came in), `rows_in_quarantine` is what the
    quarantine holds now, and `conserved` whether all of it adds up.
    """
    sums: dict[str, dict[str, Any]] = {}
    for source in all_sources(database):
        for name, counts in source.counts.items():
            row = sums.setdefault(
                name, {"rows_in": 0, "rows_kept": 0, "rows_quarantined": 0, "rows_passed": 0}
            )
            for field in row:
                row[field] += getattr(counts, field)
    held: dict[str, int] = {}
    for entry in quarantined(database):
        held[entry["table"]] = held.get(entry["table"], 0) + entry["rows"]
    return {name: _judged(row, held.get(name, 0)) for name, row in sums.items()}


def pulled_rows(store: ArtifactStore) -> dict[str, dict[str, Any]]:
    """Return the ratings of the platform's export that was pulled last, as `imported_rows` does.

    Those that came in are counted in the snapshot itself. Empty before the first, and where the
    tables are not all of one snapshot, as while a run makes them.
    """
    name = "guideline_ratings"
    ratings, quarantine = store.current(name), store.current("quarantine")
    if ratings is None or quarantine is None:
        return {}
    snapshot = store.resolve_upstream(ratings, "ratings_export")
    if snapshot != store.resolve_upstream(quarantine, "ratings_export"):
        return {}
    came_in = json.loads(_unpacked(store.load_bytes(snapshot))).get("ratings") or ()
    held = store.load_table(quarantine, columns=["table"])["table"]
    n = int((held == name).sum())
    row = {
        "rows_in": len(came_in),
        "rows_kept": store.manifest(ratings).row_count or 0,
        "rows_quarantined": n,
        "rows_passed": 0,
    }
    return {name: _judged(row, n)}


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def quarantined(database: Database) -> list[dict[str, Any]]:
    """Return the rows in the quarantine by table and reason."""
    from labelaudit_dagster.store import corpus_quarantine_counts, quarantine_counts

    return [
        {"table": table, "reason": reason, "rows": rows}
        for counts in (quarantine_counts(database), corpus_quarantine_counts(database))
        for (table, reason), rows in sorted(counts.items())
    ]


def all_sources(database: Database) -> list[Source | CorpusSource]:
    """Return the sources of the community, then those of the corpus."""
    from labelaudit_dagster.store import list_corpora, list_sources

    return [*list_sources(database), *list_corpora(database)]


def _judged(row: dict[str, Any], held: int) -> dict[str, Any]:
    conserved = (
        row["rows_in"] == row["rows_kept"] + row["rows_quarantined"]
        and row["rows_quarantined"] == held
    )
    return {**row, "rows_in_quarantine": held, "conserved": conserved}
