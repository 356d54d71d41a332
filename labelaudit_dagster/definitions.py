"""Dagster's entry point: assets, checks, jobs, sensors and resources of one installation."""

from __future__ import annotations

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.assets import audit_assets, constitution_assets
from labelaudit_dagster.assets.audit_jobs import audit_jobs
from labelaudit_dagster.assets.freshness import freshness_checks, with_freshness
from labelaudit_dagster.assets.jobs import constitution_jobs
from labelaudit_dagster.assets.prolific_demographics import (
    demographics_jobs,
    prolific_demographics,
)
from labelaudit_dagster.assets.pruning import pruning_jobs
from labelaudit_dagster.personal_audit import CorpusSides
from labelaudit_dagster.progress_log import progress_logger
from labelaudit_dagster.resources.artifact_io_manager import ArtifactIOManager
from labelaudit_dagster.resources.ratings_source import ratings_source
from labelaudit_dagster.run_executor import locking_executor
from labelaudit_dagster.sensors import all_sensors
from labelaudit_dagster.sensors.demographics_schedule import demographics_schedule
from labelaudit_dagster.sensors.pruning_schedule import pruning_schedule
from labelaudit_dagster.settings import Settings, load_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Assemble everything for the given settings."""
    store = ArtifactStore(settings.resolved_artifacts_url)
    assets = [*constitution_assets(), *audit_assets(), prolific_demographics]
    return dg.Definitions(
        assets=with_freshness(settings, assets),
        asset_checks=freshness_checks(),
        jobs=[*constitution_jobs(), *audit_jobs(), *demographics_jobs(), *pruning_jobs()],
        schedules=[demographics_schedule(settings), pruning_schedule(settings)],
        resources={
            "settings": settings,
            "artifact_store": store,
            "io_manager": ArtifactIOManager(root=settings.resolved_artifacts_url),
            "corpus_sides": CorpusSides(store),
            "ratings_source": ratings_source(settings, store),
        },
        # Steps are short; a process for each would cost more than it does.
        executor=locking_executor(settings, assets),
        sensors=all_sensors(settings),
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
    )


defs = build_definitions(load_settings())
