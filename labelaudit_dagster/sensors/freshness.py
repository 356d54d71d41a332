"""`freshness_sensor`: evaluates the freshness checks without starting a run for it."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.assets.freshness import CHECK, judged, oldest_rating
from labelaudit_dagster.automation.clocks import Clock, utc_now
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.sensors.reading import database_at_hand
from labelaudit_dagster.settings import Settings

NAME = "freshness_sensor"
_EVERY_SECONDS = 300


def freshness_sensor(settings: Settings, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings."""
    store = ArtifactStore(settings.resolved_artifacts_url)

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=max(_EVERY_SECONDS, settings.sensor_interval_seconds),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Says by the checks `up_to_date` whether ratings or labels wait for longer than they "
            "should for a result that holds them."
        ),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from labelaudit_dagster.store import waiting_labels_since

        now = clock()
        try:
            with database_at_hand(settings) as database:
                if database is None:
                    return dg.SensorResult(skip_reason="Nothing was imported yet.")
                waiting = {
                    "constitution": oldest_rating(settings, store, database),
                    "personal_audit": waiting_labels_since(database),
                }
        except ExpectedFailure as failure:
            return dg.SensorResult(skip_reason=str(failure))
        events = [
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(asset),
                check_name=CHECK,
                **{**(fields := judged(since, settings, now)), "metadata": _metadata(fields)},
            )
            for asset, since in waiting.items()
        ]
        late = [event.asset_key.to_user_string() for event in events if not event.passed]
        reason = f"Late: {', '.join(late)}." if late else "Nothing waits for too long."
        return dg.SensorResult(skip_reason=reason, asset_events=events)

    return evaluate


def _metadata(fields: dict[str, object]) -> dict[str, dg.MetadataValue]:
    found = fields["metadata"]
    assert isinstance(found, dict)  # noqa: S101 - as `judged` returns it
    return {name: dg.MetadataValue.int(value) for name, value in found.items()}
