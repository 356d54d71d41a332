"""Dagster's storage in the home, and its daemon."""

from __future__ import annotations

from datetime import datetime

from labelaudit_dagster.diagnosis.finding import Finding
from labelaudit_dagster.home import is_writable
from labelaudit_dagster.settings import Settings


def check_storage(settings: Settings) -> Finding:
    """Open it and compare its schema with that of the installed Dagster."""
    if not settings.dagster_home.is_dir():
        return Finding("dagster", True, "no storage yet; the first run makes it")
    if not is_writable(settings.dagster_home):
        return Finding("dagster", True, "not looked at: its storage opens for writing only")
    from labelaudit_dagster.launch import dagster_instance

    with dagster_instance(settings) as instance:
        parts = {
            "runs": instance.run_storage,
            "events": instance.event_log_storage,
            "schedules": instance.schedule_storage,
        }
        old = []
        for name, storage in parts.items():
            read_revision = getattr(storage, "alembic_version", None)
            found, newest = (read_revision() if read_revision else None) or (None, None)
            if found != newest:
                old.append(f"{name} {found or 'without a revision'} instead of {newest}")
        kind = type(instance.run_storage).__name__
    if old:
        return Finding(
            "dagster",
            False,
            f"its storage is of another version: {', '.join(old)}",
            f"Make a backup, then: DAGSTER_HOME={settings.dagster_home} dagster instance migrate",
        )
    return Finding("dagster", True, f"{kind}, of the installed version")


def check_daemon(settings: Settings, now: datetime) -> Finding:
    """Whether it gives signs of life, and what it complains of."""
    if not is_writable(settings.dagster_home):
        return Finding("daemon", True, "not looked at")
    from labelaudit_dagster.launch import dagster_state

    state = dagster_state(settings, now=now)
    daemon = state["daemon"]
    if daemon["last_heartbeat"] is None:
        return Finding(
            "daemon",
            True,
            "it has never run here, so nothing starts by itself",
            "Start it where new ratings and labels are to be used by themselves: labelaudit "
            "dagster",
        )
    if not daemon["running"]:
        return Finding(
            "daemon",
            False,
            f"it does not run; its last sign of life was at {daemon['last_heartbeat']}",
            "Start it: labelaudit dagster (as a service: docs/operations.md)",
        )
    failing = [
        f"{one['name']}: {one['error']}"
        for one in state["sensors"]
        if one["running"] and one["error"] is not None
    ]
    if daemon["errors"] or failing:
        return Finding(
            "daemon",
            False,
            "; ".join([*daemon["errors"], *failing]),
            "It tries again by itself, and remembers an error for five minutes; the Dagster UI "
            "shows each tick with its whole message.",
        )
    return Finding("daemon", True, f"it runs; its last sign of life was {daemon['last_heartbeat']}")
