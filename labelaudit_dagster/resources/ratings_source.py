"""Where ratings come from: somebody's platform over HTTP, or the home's own database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings


class NoRatingsError(ExpectedFailure, RuntimeError):
    """There is nothing to compute from yet."""


@dataclass(frozen=True)
class RatingsSnapshot:
    """One export, as received.

    Attributes:
        body: the JSON document, uncompressed.
        origin: where it came from, for people; never with credentials.
        content_hash: SHA-256 of the body, hexadecimal.
        database_change: number of the last change of the home's database that it holds; None
            where it came from elsewhere.
    """

    body: bytes
    origin: str
    content_hash: str
    database_change: int | None = None


class RatingsSource(Protocol):
    """Anything that gives the current export."""

    def snapshot(self) -> RatingsSnapshot:
        """Return the current export.

        Raises:
            ExpectedFailure: if there is none, or it cannot be had.
        """
        ...


@dataclass(frozen=True)
class DatabaseSource:
    """The embedded platform: the community in the application database.

    Attributes:
        database_url: SQLAlchemy URL of the database.
    """

    database_url: str

    def snapshot(self) -> RatingsSnapshot:
        """Write the community in the database as an export.

        Raises:
            NoRatingsError: if nothing has been imported.
            StoreError: if the database cannot be read.
        """
        from labelaudit_dagster.importers import write_export
        from labelaudit_dagster.store import Database, load_community

        with Database.open(self.database_url) as database:
            stored = load_community(database)
        community = stored.community
        if community.guidelines.empty and community.guideline_ratings.empty:
            raise NoRatingsError(
                "This home holds no guidelines yet. Load some with `labelaudit import export "
                "FILE` or `labelaudit import polis FOLDER`, or try `labelaudit demo`."
            )
        stream = BytesIO()
        write_export(community, stream)
        body = stream.getvalue()
        return RatingsSnapshot(
            body,
            "the embedded platform",
            hashlib.sha256(body).hexdigest(),
            stored.fingerprint.sequence,
        )


def ratings_source(settings: Settings) -> RatingsSource:
    """Return the source that the settings name."""
    return DatabaseSource(settings.resolved_database_url)
