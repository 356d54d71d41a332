"""What every command needs first: settings, the store, the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelaudit_dagster.settings import Settings, load_settings

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore
    from labelaudit_dagster.store import Database


def settings() -> Settings:
    """Read the settings; a bad one ends the command with its name."""
    return load_settings()


def artifact_store(configured: Settings) -> ArtifactStore:
    """Open the artifact store of the home; reading needs no permission to write."""
    from labelaudit_dagster.artifacts import ArtifactStore

    return ArtifactStore(configured.resolved_artifacts_url)


@contextmanager
def reading_database(configured: Settings) -> Iterator[Database | None]:
    """Open the database for reading; None where nothing was ever written."""
    from labelaudit_dagster.store import Database, DatabaseMissingError

    try:
        database = Database.open(configured.resolved_database_url, read_only=True)
    except DatabaseMissingError:
        yield None
        return
    with database:
        yield database
