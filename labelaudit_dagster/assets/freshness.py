"""Freshness: what people read must not lag behind what they gave.

A result may be as old as the ratings and labels that it is of. What counts is how long the oldest
of those waits that no result holds; that is what the checks say.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.automation.clocks import shown, utc_now
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

CHECK = "up_to_date"


def freshness_checks() -> list[dg.AssetChecksDefinition]:
    """Return a check of the constitution and one of the personal audits."""

    @dg.asset_check(
        asset="constitution",
        name=CHECK,
        description="No rating on the embedded platform waits too long for a constitution with it.",
    )
    def constitution_up_to_date(
        settings: dg.ResourceParam[Settings], artifact_store: dg.ResourceParam[ArtifactStore]
    ) -> dg.AssetCheckResult:
        from labelaudit_dagster.store import Database

        with explained(), Database.open(settings.resolved_database_url) as database:
            since = oldest_rating(settings, artifact_store, database)
        return dg.AssetCheckResult(**judged(since, settings, utc_now()))

    @dg.asset_check(
        asset="personal_audit",
        name=CHECK,
        description="No label waits too long for a training that has seen it.",
    )
    def personal_audits_up_to_date(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
        from labelaudit_dagster.store import Database, waiting_labels_since

        with explained(), Database.open(settings.resolved_database_url) as database:
            since = waiting_labels_since(database)
        return dg.AssetCheckResult(**judged(since, settings, utc_now()))

    return [constitution_up_to_date, personal_audits_up_to_date]


def with_freshness(settings: Settings, assets: list[Any]) -> list[Any]:
    """Give the constitution a freshness policy, where it is made anew regularly."""
    hours = settings.ratings_refresh_hours
    if not hours:
        return assets
    policy = dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=3 * hours), warn_window=timedelta(hours=2 * hours)
    )
    named = {dg.AssetKey("ratings_export"), dg.AssetKey("constitution")}

    def fresh(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(freshness_policy=policy) if spec.key in named else spec

    return [one.map_asset_specs(fresh) for one in assets]


def oldest_rating(settings: Settings, store: ArtifactStore, database: Database) -> datetime | None:
    """Return when the oldest rating was given that the current constitution does not hold.

    None where there is none, or the ratings lie on a platform elsewhere.

    Raises:
        ExpectedFailure: if database or artifacts cannot be read.
    """
    from labelaudit_dagster.store import waiting_ratings_since

    if settings.platform_url is not None:
        return None
    current, known = store.current("constitution"), 0
    if current is not None:
        snapshot = store.manifest(store.resolve_upstream(current, "ratings_export"))
        known = int(snapshot.extra.get("database_change") or 0)
    return waiting_ratings_since(database, known)


def judged(since: datetime | None, settings: Settings, now: datetime) -> dict[str, Any]:
    """Return the fields of a check's result.

    Args:
        since: since when something waits.
        settings: say how long it may.
        now: the time.
    """
    waited = timedelta(0) if since is None else max(now - since, timedelta(0))
    text = "Nothing waits." if since is None else f"The oldest waits for {shown(waited)}."
    return {
        "passed": waited <= timedelta(hours=settings.stale_after_hours),
        "severity": dg.AssetCheckSeverity.WARN,
        "description": text,
        "metadata": {"waits for (seconds)": round(waited.total_seconds())},
    }
