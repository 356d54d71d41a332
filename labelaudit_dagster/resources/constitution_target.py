"""Where a constitution is published: somebody's platform, or the home's own database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.platform_client import PlatformClient
    from labelaudit_dagster.store import Database


class ConstitutionTarget(Protocol):
    """Anything that takes a constitution."""

    @property
    def name(self) -> str:
        """Name of the target in the publication log; never with credentials."""
        ...

    def send(
        self, database: Database, payload: Mapping[str, Any], idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Hand over a constitution and return the receipt; sending it again is harmless.

        Raises:
            ExpectedFailure: if the target did not confirm it.
        """
        ...


@dataclass(frozen=True)
class EmbeddedTarget:
    """The embedded platform of this home."""

    name: str = "embedded"

    def send(
        self, database: Database, payload: Mapping[str, Any], idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Store the constitution as received."""
        from labelaudit_dagster.store import receive_constitution

        received = receive_constitution(database, payload, idempotency_key=idempotency_key, now=now)
        return {"received_as": received.sequence, "was_new": received.is_new}


@dataclass(frozen=True)
class PlatformTarget:
    """A platform over HTTP.

    Attributes:
        client: knows its address, its key and our manners.
    """

    client: PlatformClient

    @property
    def name(self) -> str:
        """Its base address."""
        return self.client.base_url

    def send(
        self, database: Database, payload: Mapping[str, Any], idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        """Post the constitution."""
        receipt = self.client.publish_constitution(payload, idempotency_key)
        return {
            "status": receipt.status,
            "attempts": receipt.attempts,
            "payload_sha256": receipt.payload_sha256,
            "confirmed_at": receipt.confirmed_at.isoformat(),
        }


def platform_client(settings: Settings) -> PlatformClient:
    """Return a client of the platform that the settings name.

    Raises:
        Misconfigured: if the key is missing or the address cannot work.
    """
    from labelaudit_dagster.platform_client import HttpPolicy, PlatformClient

    key = settings.platform_api_key
    return PlatformClient(
        settings.platform_url,
        None if key is None else key.get_secret_value(),
        HttpPolicy(
            timeout_seconds=settings.http_timeout_seconds,
            deadline_seconds=settings.http_deadline_seconds,
            attempts=settings.http_attempts,
            max_bytes=settings.http_max_bytes,
        ),
    )


def constitution_target(settings: Settings) -> ConstitutionTarget:
    """Return the target that the settings name.

    Raises:
        Misconfigured: if a platform is named and its key is missing.
    """
    if settings.platform_url is None:
        return EmbeddedTarget()
    return PlatformTarget(platform_client(settings))
