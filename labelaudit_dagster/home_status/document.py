"""What a home holds: what is current, how old it is, what was left out, what failed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.home import HomeError, is_writable
from labelaudit_dagster.home_status.row_counts import (
    all_sources,
    imported_rows,
    pulled_rows,
    quarantined,
)
from labelaudit_dagster.home_status.sizes import home_sizes
from labelaudit_dagster.launch import dagster_state, failed_runs
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_partitions import partition_key

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
AUDIT_ASSETS = (
    "comments",
    "comment_topics",
    "system_ratings",
    "rating_splits",
    "comment_model",
)
_AUDIT_JOBS = frozenset({"audit_job", "audit_users_job", "personal_audit_job"})


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
        "tables": _tables(settings, store, database),
        "quarantine": [] if database is None else quarantined(database),
        "sources": [] if database is None else _sources(database),
        "unused_ratings": None if database is None else _unused_ratings(store, database),
        "assets": {
            name: _asset(store, name, now) for name in (*CONSTITUTION_ASSETS, *AUDIT_ASSETS)
        },
        "audit": None if database is None else _audit(store, database),
        "waiting": {
            "ratings": None if database is None else _ratings_waiting(store, database),
            "labels": None if database is None else _labels_waiting(database),
        },
        "publications": [] if database is None else _publications(database),
        "failed_studies": [] if database is None else _failed_studies(settings, database),
        "failed_runs": _failed_runs(settings, store),
        "dagster": _dagster(settings, now),
        "sizes": home_sizes(settings),
    }


def _tables(
    settings: Settings, store: ArtifactStore, database: Database | None
) -> dict[str, dict[str, Any]]:
    """Rows in, kept and quarantined of each table, of the platform's export where one is pulled."""
    imported = {} if database is None else imported_rows(database)
    return {**imported, **({} if settings.platform_url is None else pulled_rows(store))}


def _sources(database: Database) -> list[dict[str, Any]]:
    return [
        {
            "name": source.shown_name,
            "kind": source.identity.kind,
            "of": "comments" if "comments" in source.counts else "guidelines",
            "prefix": source.prefix,
            "imported_at": _text(source.imported_at),
            "warnings": dict(source.warnings),
        }
        for source in all_sources(database)
    ]


def _audit(store: ArtifactStore, database: Database) -> dict[str, Any] | None:
    """Who has labelled, and whose results are not those of the newest labels and corpus.

    None where there is no corpus.
    """
    from labelaudit_dagster.store import (
        corpus_fingerprint,
        corpus_scale,
        list_models,
        list_trainings,
        users_labelled_since,
    )

    scale = corpus_scale(database)
    if scale is None:
        return None
    users = users_labelled_since(database, 0)
    newest: dict[str, datetime] = {}
    for training in list_trainings(database):
        before = newest.get(training.user_id, training.trained_at)
        newest[training.user_id] = max(training.trained_at, before)
    model, tables = store.current("comment_model"), store.current("comments")
    made = [user for user in users if _is_made_with(store, user, model, newest.get(user))]
    prepared = None if tables is None else store.manifest(tables).extra.get("corpus_fingerprint")
    return {
        "scale": scale.to_document(),
        "corpus_is_prepared": prepared == corpus_fingerprint(database),
        "users": len(users),
        "users_never_trained": len(set(users) - set(newest)),
        "users_without_current_results": len(users) - len(made),
        "models": len(list_models(database)),
    }


def _is_made_with(
    store: ArtifactStore, user: str, model: ArtifactRef | None, trained: datetime | None
) -> bool:
    """Whether a user's results are of the current comment model and no older than the training.

    Told from the manifests alone, so that thousands of users take a second.
    """
    ref = store.current("personal_audit", partition_key(user))
    if ref is None or model is None or trained is None:
        return False
    manifest = store.manifest(ref)
    return manifest.inputs.get("comment_model") == model.version and manifest.created_at >= trained


def _unused_ratings(store: ArtifactStore, database: Database) -> int | None:
    """Ratings added or changed since the snapshot of the current constitution was taken."""
    from labelaudit_dagster.store import ratings_since

    current = store.current("constitution")
    if current is None:
        return None
    snapshot = store.manifest(store.resolve_upstream(current, "ratings_export"))
    sequence = snapshot.extra.get("database_change")
    return None if sequence is None else ratings_since(database, int(sequence))


def _ratings_waiting(store: ArtifactStore, database: Database) -> dict[str, Any] | None:
    """Ratings that the current constitution has not seen; None where a platform has them."""
    from labelaudit_dagster.store import ratings_since, ratings_wait_since

    current, sequence = store.current("constitution"), 0
    if current is not None:
        snapshot = store.manifest(store.resolve_upstream(current, "ratings_export"))
        if snapshot.extra.get("database_change") is None:
            return None
        sequence = int(snapshot.extra["database_change"])
    since = ratings_wait_since(database, sequence)
    return {
        "n": ratings_since(database, sequence),
        "since": None if since is None else _text(since),
    }


def _labels_waiting(database: Database) -> dict[str, Any]:
    from labelaudit_dagster.store import waiting_labels

    found = waiting_labels(database)
    return {
        "n": found.labels,
        "models": found.models,
        "users": found.users,
        "since": None if found.since is None else _text(found.since),
    }


def _publications(database: Database) -> list[dict[str, Any]]:
    """What is held, approved and not sent, or begun and not confirmed."""
    from labelaudit_dagster.store import unfinished_publications

    return [
        {
            "sequence": one.sequence,
            "target": one.target,
            "state": one.state,
            "since": _text(one.begun_at or one.created_at),
            "because": list(one.held_because or ()),
            "approved": one.approved_at is not None,
            "declined": one.declined_at is not None,
        }
        for one in unfinished_publications(database)
    ]


def _failed_studies(settings: Settings, database: Database) -> list[dict[str, Any]]:
    """Studies at Prolific whose demographics could not be fetched or sent, and not since.

    Those for the present target alone: nobody asks for those of another one again.
    """
    from labelaudit_dagster.resources.demographics import target_name
    from labelaudit_dagster.store import failed_studies

    return [
        {"study_id": one.study_id, "since": _text(one.since), "problem": one.problem}
        for one in failed_studies(database, target=target_name(settings))
    ]


def _dagster(settings: Settings, now: datetime) -> dict[str, Any] | None:
    """What the daemon and the sensors do; None where Dagster's storage cannot be opened."""
    if not is_writable(settings.dagster_home):
        return None
    try:
        return dagster_state(settings, now=now)
    except HomeError:
        return None


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
    """Runs that failed after the current result of their half was made, newest first.

    None where Dagster's storage cannot be opened (it cannot be read without writing).
    """
    if not settings.dagster_home.is_dir():
        return []
    if not is_writable(settings.dagster_home):
        return None
    made = {asset: _made_at(store, asset) for asset in ("constitution", "comment_model")}
    moments = [moment for moment in made.values() if moment is not None]
    since = min(moments) if len(moments) == len(made) else None
    try:
        found = failed_runs(settings, since=since, limit=10 * limit)
    except HomeError:
        return None
    return [
        run
        for run in found
        if (moment := made["comment_model" if run["job"] in _AUDIT_JOBS else "constitution"])
        is None
        or datetime.fromisoformat(run["at"]) > moment
    ][:limit]


def _made_at(store: ArtifactStore, asset: str) -> datetime | None:
    ref = store.current(asset)
    return None if ref is None else store.manifest(ref).created_at


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
