"""`new_corpus_sensor`: an imported corpus gets topics, system ratings, splits and a model."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.automation.clocks import Clock, utc_now
from labelaudit_dagster.automation.cursor import read_cursor
from labelaudit_dagster.automation.watching import Pace, Watched, decided, settled
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.sensors.reading import database_at_hand
from labelaudit_dagster.sensors.runs import (
    answer,
    find_run,
    is_under_way,
    new_series,
)
from labelaudit_dagster.settings import Settings

NAME = "new_corpus_sensor"
GROUP = "audit"


def new_corpus_sensor(settings: Settings, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings."""
    store = ArtifactStore(settings.resolved_artifacts_url)
    pace = Pace(quiet=timedelta(seconds=settings.quiet_seconds))

    @dg.sensor(
        name=NAME,
        job_name="audit_job",
        minimum_interval_seconds=settings.sensor_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Has the corpus side made anew when comments, their ratings or the system's scores "
            "were imported; the results of people follow by new_labels_sensor."
        ),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = clock()
        remembered = read_cursor(Watched, context.cursor) or Watched(series=new_series(now))
        run = find_run(context.instance, remembered.asked)
        remembered = settled(remembered, run.state, None, now)
        try:
            fingerprint = imported_corpus(settings)
            prepared = prepared_corpus(store)
        except ExpectedFailure as failure:
            return answer(remembered, None, str(failure))
        if fingerprint is None:
            return answer(remembered, None, "No comments were imported yet.")
        # What counts is what the current comment model was made from, whoever made it.
        fresh: dict[str, object] = {"done": prepared}
        if prepared == fingerprint:
            fresh |= {"failures": 0, "failed_at": None}
        remembered = remembered.model_copy(update=fresh)
        busy = is_under_way(context.instance, GROUP)
        decision = decided(remembered, fingerprint, None, pace, now, busy=busy)
        return answer(decision.remembered, decision.ask, decision.reason)

    return evaluate


def imported_corpus(settings: Settings) -> str | None:
    """Return the fingerprint of the corpus in the database; None where there is none.

    Raises:
        StoreError: if the database cannot be read.
    """
    from labelaudit_dagster.store import corpus_fingerprint, corpus_scale

    with database_at_hand(settings) as database:
        if database is None or corpus_scale(database) is None:
            return None
        return corpus_fingerprint(database)


def prepared_corpus(store: ArtifactStore) -> str | None:
    """Return the fingerprint of the corpus that the current comment model was made from."""
    try:
        model = store.current("comment_model")
        if model is None:
            return None
        comments = store.resolve_upstream(model, "comments")
        found = store.manifest(comments).extra.get("corpus_fingerprint")
    except ArtifactError:
        return None  # damaged: made anew
    return found if isinstance(found, str) else None
