"""Pictures of the constitution over time, for the Dagster UI."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from labelaudit_dagster.artifacts import ArtifactError, ArtifactRef, ArtifactStore
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.status_history import guideline_rows, read_history, version_rows

_MOST_READ: Final = 10
"""Earlier constitutions that are read for the picture of one guideline."""


def history_pictures(
    store: ArtifactStore,
    settings: Settings,
    document: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    """Return pictures of the log with a constitution that is about to be stored.

    A log that cannot be read must not keep a constitution from being made; then there are none.

    Args:
        store: the artifact store.
        settings: of the installation.
        document: the new constitution.
        changes: what it changes against the one before.
    """
    from labelaudit_dagster.constitution.charts import guideline_history_chart, versions_chart
    from labelaudit_dagster.store import Database

    now = {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "accepted": len(document["accepted"]),
        "entered": len(changes["entered"]),
        "left": len(changes["left"]),
    }
    nearest = _nearest(document)
    guideline_id = None if nearest is None else nearest["guideline_id"]
    try:
        with Database.open(settings.resolved_database_url) as database:
            history = read_history(store, database, guideline_id=guideline_id)
    except ExpectedFailure:
        return {}
    constitutions = history.constitutions
    now["position"] = 1 + (constitutions[0].position if constitutions else 0)
    found = {
        "over time": picture(
            versions_chart([*version_rows(constitutions), now]),
            "Accepted guidelines by constitution, and how many entered and left",
        )
    }
    if nearest is not None:
        parameters = document["parameters"]
        threshold = parameters["intercept_threshold"]
        rows = guideline_rows(
            constitutions[:_MOST_READ],
            history.changes,
            lambda version: _record(store, version, nearest["guideline_id"]),
        )
        last = {
            **now,
            "status": nearest["status"],
            "intercept": nearest["intercept"],
            "low": None,
            "high": None,
            "threshold": threshold,
            "keeping": threshold - parameters["inertia"],
        }
        found["nearest to the threshold, over time"] = picture(
            guideline_history_chart(nearest["text"], [*rows, last]),
            "Intercept of the guideline nearest to the threshold by constitution",
        )
    return found


def _nearest(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the guideline nearest to the threshold that only the intercept decides."""
    threshold = document["parameters"]["intercept_threshold"]
    return min(
        (
            row
            for row in document["guidelines"]
            if all(
                r["passed"] for r in row["reasons"] if r["test"] in ("min_ratings", "min_support")
            )
        ),
        key=lambda row: (abs(row["intercept"] - threshold), row["guideline_id"]),
        default=None,
    )


def _record(store: ArtifactStore, version: str, guideline_id: str) -> Mapping[str, Any] | None:
    """Return a guideline in an earlier constitution; None where it is not there, or pruned."""
    try:
        document = store.load_json(ArtifactRef("constitution", None, version), "document")
    except ArtifactError:
        return None
    rows = document["guidelines"]
    return next((row for row in rows if row["guideline_id"] == guideline_id), None)
