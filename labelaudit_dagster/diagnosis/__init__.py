"""Checks of an installation, each with what to do about it."""

from __future__ import annotations

from datetime import datetime

from labelaudit_dagster.diagnosis.dagster_storage import check_daemon, check_storage
from labelaudit_dagster.diagnosis.finding import Finding, guarded
from labelaudit_dagster.diagnosis.installation import (
    check_pictures,
    check_settings,
    check_solver,
    check_time_zone,
    check_versions,
)
from labelaudit_dagster.diagnosis.place import check_home, check_locks, check_space
from labelaudit_dagster.diagnosis.services import check_keys, check_platform
from labelaudit_dagster.diagnosis.stored import check_artifacts, check_database, check_times
from labelaudit_dagster.settings import Settings

__all__ = ["Finding", "diagnose"]


def diagnose(settings: Settings, *, now: datetime) -> list[Finding]:
    """Run all checks; none of them raises, or leaves anything in the home.

    Args:
        settings: of the installation.
        now: the time, with a zone.
    """
    return [
        guarded("versions", check_versions),
        guarded("settings", check_settings),
        guarded("keys", lambda: check_keys(settings)),
        guarded("home", lambda: check_home(settings)),
        guarded("free space", lambda: check_space(settings)),
        guarded("locks", lambda: check_locks(settings)),
        guarded("artifacts", lambda: check_artifacts(settings)),
        guarded("database", lambda: check_database(settings)),
        guarded("dagster", lambda: check_storage(settings)),
        guarded("daemon", lambda: check_daemon(settings, now)),
        guarded("platform", lambda: check_platform(settings, now)),
        guarded("clock", lambda: check_times(settings, now)),
        guarded("time zone", lambda: check_time_zone(now)),
        guarded("solver", check_solver),
        guarded("pictures", check_pictures),
    ]
