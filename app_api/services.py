"""What routes work with: settings, database, artifacts, caches and the clock of one application."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from app_api.audit import AuditReader
from app_api.client_files import ClientFiles
from app_api.consent_text import ConsentText
from app_api.constitution_cache import ConstitutionCache
from app_api.export_cache import ExportCache
from app_api.guard import Guard
from app_api.metrics import Metrics
from app_api.rate_limits import RateLimits
from app_api.training import Trainer
from app_api.web.web_files import WebFiles
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False)
class Services:
    """The parts of one application.

    Attributes:
        settings: Of the installation.
        database: The application database, open for writing.
        artifacts: The artifact store, read only from here.
        exports: Export bodies at hand.
        constitutions: The current constitution's document at hand.
        audit: The corpus and people's audits at hand.
        trainer: Trains personal models.
        guard: Whether callers must say who they are.
        limits: How often somebody may ask.
        metrics: Figures for Prometheus.
        consent: What people agree to before they rate.
        web: Files that the pages of the web app load.
        now: Returns the time in UTC.
        client: A foreign web client's files, where one is served at `/`.
        large_bodies: Held while a large document is parsed, so that memory holds one at a time.
    """

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    exports: ExportCache
    constitutions: ConstitutionCache
    audit: AuditReader
    trainer: Trainer
    guard: Guard
    limits: RateLimits
    metrics: Metrics
    consent: ConsentText
    web: WebFiles
    now: Callable[[], datetime] = utc_now
    client: ClientFiles | None = None
    large_bodies: threading.Lock = field(default_factory=threading.Lock)


def services_of(request: Request) -> Services:
    """Return the parts of the application that a request came to."""
    return cast(Services, request.app.state.services)


Provided = Annotated[Services, Depends(services_of)]
"""Parameter type of routes that need the application's parts."""
