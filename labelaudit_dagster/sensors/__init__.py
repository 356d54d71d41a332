"""What starts runs by itself."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.settings import Settings


def all_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Return the sensors of an installation; on from the start, but for one without webhook."""
    from labelaudit_dagster.sensors.corpus import new_corpus_sensor
    from labelaudit_dagster.sensors.freshness import freshness_sensor
    from labelaudit_dagster.sensors.labels import new_labels_sensor
    from labelaudit_dagster.sensors.lost_runs import lost_runs_sensor
    from labelaudit_dagster.sensors.ratings import new_ratings_sensor
    from labelaudit_dagster.sensors.run_failures import run_failure_sensor

    return [
        new_ratings_sensor(settings),
        new_corpus_sensor(settings),
        new_labels_sensor(settings),
        freshness_sensor(settings),
        lost_runs_sensor(settings),
        run_failure_sensor(settings),
    ]
