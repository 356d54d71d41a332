"""What a home holds: what is current, how old it is, what was left out, what failed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.home import HomeError, is_writable
from labelaudit_dagster.launch import failed_runs
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

CONSTITUTION_ASSETS = (
    "ratings_export",
    "guideline_ratings",
    "response_matrix",
    "factorization",
    "constitution",
    "uncertainty",
)


def home_status(
    settings: Settings, store: ArtifactStore, database: Database | None, *, now: datetime
) -> dict[str, Any]:
    """Return the state of a home as one document; it only reads.

    Args:
        settings: settings of the installation.
        store: its artifact store.
        database: its application database; None where nothing was ever written.
        now: the current time, with its zone.
    """
    return {
        "home": str(settings.home),
        "artifacts": settings.resolved_artifacts_url,
        "database": None if database is None else database.shown_url,
        "tables": {} if database is None else _tables(database),
        "quarantine": [] if database is None else _quarantine(database),
        "sources": [] if database is None else _sources(database),
        "unused_ratings": None if database is None else _unused_ratings(store, database),
        "assets": {name: _asset(store, name, now) for name in CONSTITUTION_ASSETS},
        "failed_runs": _failed_runs(settings, store),
    }


def _tables(database: Database) -> dict[str, dict[str, int]]:
    """Rows in, kept and quarantined of each table over the last imports of all sources."""
    from labelaudit_dagster.store import list_sources

    sums: dict[str, dict[str, int]] = {}
    for source in list_sources(database):
        for name, counts in source.counts.items():
            row = sums.setdefault(
                name, {"rows_in": 0, "rows_kept": 0, "rows_quarantined": 0, "rows_passed": 0}
            )
            for field in row:
                row[field] += getattr(counts, field)
    return sums


def _sources(database: Database) -> list[dict[str, Any]]:
    from labelaudit_dagster.store import list_sources

    return [
        {
            "name": source.shown_name,
            "kind": source.identity.kind,
            "prefix": source.prefix,
            "imported_at": _text(source.imported_at),
            "warnings": dict(source.warnings),
        }
        for source in list_sources(database)
    ]


def _quarantine(database: Database) -> list[dict[str, Any]]:
    """Rows in quarantine by table and reason."""
    from labelaudit_dagster.store.quarantine import quarantine_counts

    return [
        {"table": table, "reason": reason, "rows": rows}
        for (table, reason), rows in sorted(quarantine_counts(database).items())
    ]


def _unused_ratings(store: ArtifactStore, database: Database) -> int | None:
    """Ratings added or changed since the snapshot of the current constitution was taken."""
    from labelaudit_dagster.store import ratings_since

    current = store.current("constitution")
    if current is None:
        return None
    snapshot = store.manifest(store.resolve_upstream(current, "ratings_export"))
    sequence = snapshot.extra.get("database_change")
    return None if sequence is None else ratings_since(database, int(sequence))


def _asset(store: ArtifactStore, name: str, now: datetime) -> dict[str, Any] | None:
    ref = store.current(name)
    if ref is None:
        return None
    manifest = store.manifest(ref)
    return {
        "version": ref.version,
        "created_at": _text(manifest.created_at),
        "age_seconds": round((now - manifest.created_at).total_seconds(), 1),
        "rows": manifest.row_count,
        "run_id": manifest.run_id,
    }


def _failed_runs(
    settings: Settings, store: ArtifactStore, limit: int = 5
) -> list[dict[str, Any]] | None:
    """Runs that failed after the current constitution was made, newest first.

    None where Dagster's storage cannot be opened (it cannot be read without writing).
    """
    if not settings.dagster_home.is_dir():
        return []
    if not is_writable(settings.dagster_home):
        return None
    current = store.current("constitution")
    since = None if current is None else store.manifest(current).created_at
    try:
        return failed_runs(settings, since=since, limit=limit)
    except HomeError:
        return None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
