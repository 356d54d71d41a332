"""Demographics once a day, where there is a key for Prolific."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.settings import Settings

CRON = "20 4 * * *"
"""At a time when few people rate; minutes that not everybody takes."""


def demographics_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the daily schedule; it is on by default only where it can do something."""
    has_key = settings.prolific_api_key is not None
    return dg.ScheduleDefinition(
        name="daily_demographics",
        job_name="demographics_job",
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING
        if has_key
        else dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Collects demographics from Prolific every day at 4:20 UTC. On by default where "
            "LABELAUDIT_PROLIFIC_API_KEY is set."
        ),
    )
