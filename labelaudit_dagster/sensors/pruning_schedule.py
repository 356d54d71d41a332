"""Pruning once a day: records of runs take ten megabytes each, and nobody else removes them."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.assets.pruning import JOB
from labelaudit_dagster.settings import Settings

NAME = "daily_pruning"
CRON = "50 3 * * *"
"""Before demographics; at a time when few people rate."""


def pruning_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the daily schedule; on from the start where the settings do not switch it off."""
    return dg.ScheduleDefinition(
        name=NAME,
        job_name=JOB,
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING
        if settings.prune_daily
        else dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Removes old versions of results and the records of runs older than "
            "LABELAUDIT_RUN_RETENTION_DAYS, every day at 3:50 UTC. Off with "
            "LABELAUDIT_PRUNE_DAILY=false."
        ),
    )
