"""`new_ratings_sensor`: new ratings become a constitution, which is published through the gate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.automation.clocks import Clock, utc_now
from labelaudit_dagster.automation.cursor import read_cursor
from labelaudit_dagster.automation.watching import Pace, Watched, decided, settled
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.resources.constitution_target import platform_client
from labelaudit_dagster.resources.ratings_source import export_fingerprint
from labelaudit_dagster.sensors.reading import database_at_hand
from labelaudit_dagster.sensors.runs import (
    FoundRun,
    answer,
    find_run,
    is_under_way,
    new_series,
)
from labelaudit_dagster.settings import Settings

NAME = "new_ratings_sensor"
GROUP = "constitution"
_TICK_SECONDS = 20.0
"""Longest call to a platform in a tick: Dagster ends ticks after a minute."""
_SILENCE_SECONDS = 5.0
_LONGEST_RETRY_AFTER = timedelta(hours=1)
_COMMUNITY = re.compile(r"community:(.+)-(\d+)-(-?\d+)")


@dataclass(frozen=True)
class Look:
    """What there is now.

    Attributes:
        remembered: the cursor, with what looking has taught.
        fingerprint: of the ratings; None where there are none, or nobody can tell.
        new: ratings that no run has worked on; None where nobody can count them.
        problem: why there is no fingerprint.
    """

    remembered: Watched
    fingerprint: str | None = None
    new: int | None = None
    problem: str = ""


def new_ratings_sensor(settings: Settings, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings."""
    store = ArtifactStore(settings.resolved_artifacts_url)
    pace = Pace(
        min_interval=timedelta(seconds=settings.ratings_min_interval_seconds),
        min_new=settings.ratings_min_new,
        max_wait=timedelta(seconds=settings.ratings_max_wait_seconds),
        refresh=timedelta(hours=settings.ratings_refresh_hours),
    )

    @dg.sensor(
        name=NAME,
        job_name="constitution_and_publish_job" if settings.auto_publish else "constitution_job",
        minimum_interval_seconds=settings.sensor_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Asks where ratings come from whether they have changed, and then has the "
            "constitution made, and published if the gate lets it pass."
        ),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = clock()
        remembered = read_cursor(Watched, context.cursor) or Watched(series=new_series(now))
        run = find_run(context.instance, remembered.asked)
        remembered = settled(remembered, run.state, _worked_on(store, run), now)
        look = _look_at_platform if settings.platform_url is not None else _look_at_database
        found = look(settings, remembered, now)
        if found.fingerprint is None:
            return answer(found.remembered, None, found.problem)
        busy = is_under_way(context.instance, GROUP)
        decision = decided(found.remembered, found.fingerprint, found.new, pace, now, busy=busy)
        return answer(decision.remembered, decision.ask, decision.reason)

    return evaluate


def _worked_on(store: ArtifactStore, run: FoundRun) -> str | None:
    """Return the fingerprint of what a run has pulled, which may be newer than what was seen."""
    if run.state != "succeeded":
        return None
    try:
        ref = store.current("ratings_export")
        manifest = None if ref is None else store.manifest(ref)
    except ArtifactError:
        return None
    if manifest is None or manifest.run_id != run.run_id:
        return None
    found = manifest.extra.get("fingerprint")
    return found if isinstance(found, str) else None


def _look_at_database(settings: Settings, remembered: Watched, now: datetime) -> Look:
    """Read the change log of the embedded platform: a few index look-ups."""
    from labelaudit_dagster.store import fingerprint, ratings_since

    try:
        with database_at_hand(settings) as database:
            found = None if database is None else fingerprint(database)
            if database is None or found is None or not found.sequence:
                return Look(remembered, problem="No ratings were imported yet.")
            seen = export_fingerprint(None, "", found.community)
            new = ratings_since(database, _known_changes(remembered.done, seen))
            return Look(remembered, seen, new)
    except ExpectedFailure as failure:
        return Look(remembered, problem=str(failure))


def _known_changes(done: str | None, seen: str) -> int:
    """Return the number of the last change that a run worked on; 0 in another database."""
    before, now = (_COMMUNITY.fullmatch(text or "") for text in (done, seen))
    if before is None or now is None or before[1] != now[1] or int(before[2]) > int(now[2]):
        return 0
    return int(before[2])


def _look_at_platform(settings: Settings, remembered: Watched, now: datetime) -> Look:
    """Ask the platform, if it is time to: for the tag of its export, or else for the export."""
    poll = timedelta(seconds=settings.platform_poll_seconds)
    fetch = timedelta(seconds=settings.platform_fetch_seconds)
    latest = now + max(poll, fetch, _LONGEST_RETRY_AFTER)
    if remembered.look_at is not None and now < remembered.look_at <= latest:
        if remembered.seen is None:
            return Look(remembered, problem="The platform could not be asked; it is again soon.")
        return Look(remembered, remembered.seen)
    try:
        seen, etag = _asked_platform(settings, remembered.etag, now)
    except ExpectedFailure as failure:
        again = getattr(failure, "retry_at", None) or now + poll
        look_at = min(max(again, now + poll), now + _LONGEST_RETRY_AFTER)
        after = remembered.model_copy(update={"seen": None, "look_at": look_at})
        return Look(after, problem=str(failure))
    look_at = now + (fetch if etag is None else poll)
    after = remembered.model_copy(update={"seen": seen, "etag": etag, "look_at": look_at})
    return Look(after, seen)


def _asked_platform(settings: Settings, etag: str | None, now: datetime) -> tuple[str, str | None]:
    """Return the fingerprint of the platform's export, and its entity tag where it has one.

    Raises:
        PlatformError: if the platform cannot be asked.
    """
    from labelaudit_dagster.platform_client import DeadlineExceeded, NotModified

    brief = {
        "http_attempts": 1,
        "http_deadline_seconds": min(_TICK_SECONDS, settings.http_deadline_seconds),
        "http_timeout_seconds": min(_SILENCE_SECONDS, settings.http_timeout_seconds),
    }
    client = platform_client(settings.model_copy(update=brief))
    if (found := client.export_etag(etag)) is not None:
        return export_fingerprint(found, ""), found
    try:
        export = client.fetch_export()
    except DeadlineExceeded:
        # It answers and is too large for a tick: a run finds out whether anything is new.
        return f"unread:{now.isoformat()}", None
    assert not isinstance(export, NotModified)  # noqa: S101 - no condition was sent
    return export_fingerprint(export.etag, export.content_hash), export.etag
