"""The application: routes, rights, problems and what surrounds them, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from app_api.access import ACCESS, PAGES
from app_api.audit import AuditReader
from app_api.authentication import authorise
from app_api.client_files import ClientFiles
from app_api.consent_text import consent_text
from app_api.constitution_cache import ConstitutionCache
from app_api.export_cache import ExportCache
from app_api.guard import Guard
from app_api.home_figures import HomeFigures
from app_api.metrics import Metrics
from app_api.openapi_document import completed_openapi
from app_api.problem_handlers import install_problem_handlers
from app_api.rate_limits import RateLimits
from app_api.request_frame import RequestFrame
from app_api.routers import ROUTERS
from app_api.services import Services, utc_now
from app_api.training import Trainer
from app_api.web.pages import PAGE_ROUTERS
from app_api.web.web_files import WebFiles
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database

_DESCRIPTION = (
    "The embedded ratings platform and the current constitution. Errors are problem documents "
    "(RFC 9457) in one shape."
)


class Api(FastAPI):
    """FastAPI with our additions to the OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed_openapi(super().openapi())
        return self.openapi_schema


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """Return the application of one installation.

    Args:
        settings: Of the installation.
        database: Its database, open for writing; the caller closes it. By default it is
            opened here, created or upgraded where needed, and closed when the server stops.
        now: Returns the time in UTC.

    Raises:
        StoreError: The database cannot be opened.
        SettingsError: The folder of the web client holds none, or the file with the text of
            consent none.
        RuntimeError: A route has no entry in the table of rights, or an entry no route.
    """
    consent = consent_text(settings.consent_file)
    opened = None if database is not None else Database.open(settings.resolved_database_url)
    used = database or opened
    assert used is not None  # noqa: S101 - for the type checker; one of the two is there
    artifacts = ArtifactStore(settings.resolved_artifacts_url)
    audit = AuditReader(artifacts)
    trainer = Trainer(settings, used, audit, now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        trainer.close()
        if opened is not None:
            opened.close()

    app = Api(
        title="LabelAudit",
        version=version("labelaudit"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        dependencies=[Depends(authorise)],
    )
    client = None
    if settings.client_dir is not None:
        # Asked where no route fits, so that routes win and wrong methods stay wrong.
        client = app.router.default = ClientFiles(settings.client_dir, app.router.default)
    metrics = Metrics()
    HomeFigures(settings, used, artifacts, now).add_to(metrics)
    app.state.services = Services(
        settings=settings,
        database=used,
        artifacts=artifacts,
        exports=ExportCache(used),
        constitutions=ConstitutionCache(artifacts),
        audit=audit,
        trainer=trainer,
        guard=Guard(used),
        limits=RateLimits(settings.rate_limit_per_minute, settings.failure_limit_per_minute),
        metrics=metrics,
        now=now,
        client=client,
        consent=consent,
        web=WebFiles(settings.cache_folder),
    )
    for router in (*ROUTERS, *PAGE_ROUTERS):
        app.include_router(router)
    _check_access_table()
    install_problem_handlers(app)
    app.add_middleware(RequestFrame, metrics=metrics)
    return app


def _check_access_table() -> None:
    declared = {
        f"{method} {route.path}"
        for router in (*ROUTERS, *PAGE_ROUTERS)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    table = {*ACCESS, *PAGES}
    if declared != table:
        raise RuntimeError(f"routes and the table of rights differ: {sorted(declared ^ table)}")
