"""Removing versions of artifacts that nobody needs any more."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from labelaudit_dagster.settings import Settings


def prune_artifacts(settings: Settings) -> None:
    """Prune by the settings; a failure to do so is no failure of the run before it."""
    from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore

    store = ArtifactStore(settings.resolved_artifacts_url)
    with suppress(ArtifactError):
        store.prune(retention=settings.retention, grace=timedelta(hours=settings.prune_grace_hours))
