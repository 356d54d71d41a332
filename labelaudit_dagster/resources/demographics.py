"""Where demographics come from and where they go: Prolific, and a platform or this home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from labelaudit_dagster.resources.constitution_target import platform_client
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.importers import DemographicColumns
    from labelaudit_dagster.platform_client import PlatformClient
    from labelaudit_dagster.prolific_client import ProlificClient
    from labelaudit_dagster.store import Database

Rows = Sequence[Mapping[str, str | None]]


class DemographicsTarget(Protocol):
    """Anything that takes the demographics of a study."""

    @property
    def name(self) -> str:
        """Name of the target in the log of what was sent; never with credentials."""
        ...

    def send(
        self, database: Database, study_id: str, rows: Rows, idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Hand over a study's rows and return the receipt; sending them again is harmless.

        Raises:
            ExpectedFailure: if the target did not confirm them.
        """
        ...


@dataclass(frozen=True)
class EmbeddedDemographics:
    """The embedded platform of this home."""

    name: str = "embedded"

    def send(
        self, database: Database, study_id: str, rows: Rows, idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Keep the rows as received."""
        return _keep(database, study_id, rows, idempotency_key, now)


@dataclass(frozen=True)
class PlatformDemographics:
    """A platform over HTTP. This home keeps what the platform has, to say who took part.

    Attributes:
        client: knows its address, its key and our manners.
    """

    client: PlatformClient

    @property
    def name(self) -> str:
        """Its base address."""
        return self.client.base_url

    def send(
        self, database: Database, study_id: str, rows: Rows, idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Post the rows, and keep them here once the platform has them."""
        payload = {"studyIdToDemoData": {study_id: [dict(row) for row in rows]}}
        receipt = self.client.post_demographics(payload, idempotency_key)
        kept = _keep(database, study_id, rows, idempotency_key, now)
        return {
            **kept,
            "status": receipt.status,
            "attempts": receipt.attempts,
            "payload_sha256": receipt.payload_sha256,
            "confirmed_at": receipt.confirmed_at.isoformat(),
        }


def _keep(
    database: Database, study_id: str, rows: Rows, idempotency_key: str, now: datetime
) -> dict[str, Any]:
    from labelaudit_dagster.store import receive_demographics

    received = receive_demographics(
        database, {study_id: rows}, idempotency_key=idempotency_key, now=now
    )
    return {"was_new": received.is_new}


def demographics_target(settings: Settings) -> DemographicsTarget:
    """Return the target that the settings name.

    Raises:
        Misconfigured: if a platform is named and its key is missing.
    """
    if settings.platform_url is None:
        return EmbeddedDemographics()
    return PlatformDemographics(platform_client(settings))


def target_name(settings: Settings) -> str:
    """Return the name of the target that the settings name; no key is needed for it.

    Raises:
        Misconfigured: if the platform's address cannot work.
    """
    from labelaudit_dagster.platform_client.address import parse_base_url

    if settings.platform_url is None:
        return EmbeddedDemographics().name
    return parse_base_url(settings.platform_url, "LABELAUDIT_PLATFORM_URL").url


def prolific_client(settings: Settings) -> ProlificClient:
    """Return a client of Prolific.

    Raises:
        Misconfigured: if the key is missing or the address cannot work.
    """
    from labelaudit_dagster.platform_client import HttpCaller, HttpPolicy
    from labelaudit_dagster.prolific_client import PROLIFIC, ProlificClient

    key = settings.prolific_api_key
    return ProlificClient(
        HttpCaller(
            PROLIFIC,
            settings.prolific_url,
            None if key is None else key.get_secret_value(),
            HttpPolicy(
                timeout_seconds=settings.http_timeout_seconds,
                deadline_seconds=settings.http_deadline_seconds,
                attempts=settings.http_attempts,
                max_bytes=settings.http_max_bytes,
            ),
        )
    )


def demographic_columns(settings: Settings) -> DemographicColumns:
    """Return the allow-list of the settings."""
    from labelaudit_dagster.importers import DemographicColumns

    return DemographicColumns.parse(settings.prolific_columns)
