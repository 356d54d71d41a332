"""Where ratings come from: somebody's platform over HTTP, or the home's own database."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol
from urllib.parse import urlsplit

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.resources.constitution_target import platform_client
from labelaudit_dagster.settings import Settings

_LOOKED_FOR = 16


class NoRatingsError(ExpectedFailure, RuntimeError):
    """There is nothing to compute from yet."""


class UnsafeExportError(ExpectedFailure, RuntimeError):
    """An export must not be kept as it is."""


class ExportAddressError(ExpectedFailure, ValueError):
    """An address is not one of a platform's export."""


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
        community: fingerprint of the community in the home's database; None likewise.
    """

    body: bytes
    origin: str
    content_hash: str
    database_change: int | None = None
    etag: str | None = None
    community: str | None = None

    @property
    def fingerprint(self) -> str:
        """A short text that differs where the source holds something else."""
        return export_fingerprint(self.etag, self.content_hash, self.community)


def export_fingerprint(etag: str | None, content_hash: str, community: str | None = None) -> str:
    """Return the fingerprint of an export: what can be asked for with the least effort."""
    if community is not None:
        return f"community:{community}"
    return f"sha256:{content_hash}" if etag is None else f"etag:{etag}"


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
            community=stored.fingerprint.community,
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
        _refuse_key(answer.body, self.settings)
        return RatingsSnapshot(answer.body, client.base_url, answer.content_hash, etag=answer.etag)

    def _before(self, origin: str) -> RatingsSnapshot | None:
        """Return the snapshot at hand, if it is whole, of this platform, and has an entity tag."""
        try:
            ref = self.store.current("ratings_export")
            if ref is None:
                return None
            extra = self.store.manifest(ref).extra
            etag = extra.get("etag")
            if extra.get("origin") != origin or not isinstance(etag, str):
                return None
            body = gzip.decompress(self.store.load_bytes(ref))
        except (ArtifactError, OSError, EOFError, zlib.error):
            return None  # damaged: fetch it anew
        return RatingsSnapshot(body, origin, hashlib.sha256(body).hexdigest(), etag=etag)


def export_base(address: str) -> str:
    """Return a platform's base address, given that or the address of its export.

    Raises:
        ExportAddressError: if it is neither; credentials in it are not repeated.
    """
    try:
        parts = urlsplit(address.strip())
        host, credentials = parts.hostname, "@" in parts.netloc
    except ValueError:
        host, credentials = None, False
    if host is None:
        raise ExportAddressError("The address of the export names no host; check it.")
    if credentials:
        raise ExportAddressError(
            "The address of the export holds credentials; leave them out and put the key into "
            "LABELAUDIT_PLATFORM_API_KEY."
        )
    if parts.query or parts.fragment:
        raise ExportAddressError(
            f"The address {parts.scheme}://{parts.netloc}{parts.path} of the export is followed "
            "by a query or a fragment; leave it out, everything is asked for anyway."
        )
    return address.strip().rstrip("/").removesuffix("/exports").rstrip("/")


def fetch_snapshot(settings: Settings, base_url: str) -> RatingsSnapshot:
    """Fetch the export of the platform at an address, whichever platform the settings name.

    Raises:
        PlatformError: if the key is missing or no acceptable export arrived.
    """
    from labelaudit_dagster.platform_client import NotModified

    client = platform_client(settings.model_copy(update={"platform_url": base_url}))
    answer = client.fetch_export()
    assert not isinstance(answer, NotModified)  # noqa: S101 - no condition was sent
    _refuse_key(answer.body, settings)
    return RatingsSnapshot(answer.body, client.base_url, answer.content_hash, etag=answer.etag)


def _refuse_key(body: bytes, settings: Settings) -> None:
    """Refuse an export in which the platform repeats our key: snapshots are kept as they came.

    Raises:
        UnsafeExportError: if it does. A short key could be an innocent word, and is not looked for.
    """
    key = settings.platform_api_key
    if key is None or len(key) < _LOOKED_FOR:
        return
    if key.get_secret_value().encode() in body:
        raise UnsafeExportError(
            "The platform's export holds the key LABELAUDIT_PLATFORM_API_KEY itself, so it was "
            "not kept; tell the platform's operator, and replace the key."
        )


def ratings_source(settings: Settings, store: ArtifactStore) -> RatingsSource:
    """Return the source that the settings name."""
    if settings.platform_url is None:
        return DatabaseSource(settings.resolved_database_url)
    return PlatformSource(settings, store)
