"""Where ratings come from: somebody's platform over HTTP, or the home's own database."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.resources.constitution_target import platform_client
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
        etag: the platform's entity tag of it, where there is one.
    """

    body: bytes
    origin: str
    content_hash: str
    database_change: int | None = None
    etag: str | None = None


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


@dataclass(frozen=True)
class PlatformSource:
    """A platform over HTTP, asked conditionally: an export that has not changed is not sent again.

    Attributes:
        settings: name the platform and its key; the key is needed at the first call only.
        store: artifact store, which holds the snapshot before.
    """

    settings: Settings
    store: ArtifactStore

    def snapshot(self) -> RatingsSnapshot:
        """Fetch the export, or take the one at hand where the platform says it is current.

        Raises:
            PlatformError: if no acceptable export arrived.
        """
        from labelaudit_dagster.platform_client import NotModified

        client = platform_client(self.settings)
        before = self._before(client.base_url)
        answer = client.fetch_export(None if before is None else before.etag)
        if isinstance(answer, NotModified):
            assert before is not None  # noqa: S101 - without one no condition was sent
            return before
        return RatingsSnapshot(answer.body, client.base_url, answer.content_hash, etag=answer.etag)

    def _before(self, origin: str) -> RatingsSnapshot | None:
        """Return the snapshot at hand, if it is whole, of this platform, and has an entity tag."""
        ref = self.store.current("ratings_export")
        if ref is None:
            return None
        extra = self.store.manifest(ref).extra
        etag = extra.get("etag")
        if extra.get("origin") != origin or not isinstance(etag, str):
            return None
        try:
            body = gzip.decompress(self.store.load_bytes(ref))
        except (ArtifactError, OSError, EOFError):
            return None  # damaged: fetch it anew
        return RatingsSnapshot(body, origin, hashlib.sha256(body).hexdigest(), etag=etag)


def ratings_source(settings: Settings, store: ArtifactStore) -> RatingsSource:
    """Return the source that the settings name."""
    if settings.platform_url is None:
        return DatabaseSource(settings.resolved_database_url)
    return PlatformSource(settings, store)
