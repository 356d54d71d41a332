"""A real server on loopback over a real database, and what is in it."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from app_api import create_app
from app_api.listening import listen, shown_address
from app_api.serving import server_configuration
from labelaudit_dagster.importers import read_export
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, create_token, import_community

# Its fixtures give a PostgreSQL server; with importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "store_fixtures", Path(__file__).parents[1] / "store" / "conftest.py"
)
_store = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_store)
postgresql_server = _store.postgresql_server
postgresql_url = _store.postgresql_url
database_url = _store.database_url

# Likewise the homes with audits, which are modules beside the tests that use them.
for _folder in (Path(__file__).parent, Path(__file__).parents[1] / "assets"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from audited_homes import AuditedServer, copy_of, make_audited_home  # noqa: E402 - the path first
from signing_in import an_invitation, signed_in  # noqa: E402

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

EXPORT: dict[str, Any] = {
    "topics": [{"id": "t1", "title": "Tone"}],
    "guidelines": [
        {"id": "g/1 ü", "value": "Be kind.", "topicId": "t1", "embeddings": [], "intercept": None},
        {"id": "g2", "value": "Say when you are unsure.", "embeddings": [], "intercept": None},
        {"id": "g3", "value": "Flatter.", "embeddings": [], "intercept": None},
    ],
    "users": [{"id": name, "embeddings": [], "intercept": None} for name in ("ann", "bob", "cy")],
    "ratings": [
        {"authorId": "ann", "guidelineId": "g/1 ü", "rating": "helpful"},
        {"authorId": "ann", "guidelineId": "g3", "rating": "not_helpful"},
        {"authorId": "bob", "guidelineId": "g/1 ü", "rating": "helpful"},
        {"authorId": "cy", "guidelineId": "g2", "rating": "helpful"},
    ],
    "mu": 0.0,
}

ALL_PARTS = dict.fromkeys(("topics", "guidelines", "ratings", "users", "mu"), "True")


@dataclass(frozen=True)
class Running:
    """A server that answers, and what is behind it."""

    url: str
    app: FastAPI
    settings: Settings
    database: Database

    @property
    def platform(self) -> str:
        return f"{self.url}/api/openapi"

    def token(self, role: str, **options: Any) -> str:
        subject = "ann" if role in ("participant", "auditor") else None
        _, text = create_token(self.database, role, now=NOW, subject=subject, **options)
        return text

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=20, **options)

    def post(self, path: str, document: Any = None, **options: Any) -> requests.Response:
        if document is not None:
            options["json"] = document
        return requests.post(self.url + path, timeout=20, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return requests.delete(self.url + path, timeout=20, **options)

    def export(self, **options: Any) -> requests.Response:
        return requests.get(f"{self.platform}/exports", params=ALL_PARTS, timeout=20, **options)


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(server_configuration(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield shown_address(listener)
        finally:
            server.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()


def fill(database: Database, export: dict[str, Any] = EXPORT, mode: Any = "refuse") -> None:
    community = read_export(json.dumps(export).encode(), now=NOW)
    import_community(database, community, mode=mode, now=NOW)


@contextmanager
def served(home: Path, database_url: str | None = None, **options: Any) -> Iterator[Running]:
    home.mkdir(exist_ok=True)
    settings = Settings(home=home, database_url=database_url, **options)
    with Database.open(settings.resolved_database_url, busy_timeout=20) as database:
        app = create_app(settings, database=database, now=lambda: NOW)
        with running(app) as url:
            yield Running(url, app, settings, database)


@pytest.fixture
def make_server(tmp_path: Path) -> Callable[..., Any]:
    """Start a server on an empty home; a context manager."""
    return lambda **options: served(tmp_path / "home", **options)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server on a home with a small community and no token."""
    with served(tmp_path / "home") as running_server:
        fill(running_server.database)
        yield running_server


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As `server`, for tests that leave it as it was; bodies of at most 64 KiB."""
    home = tmp_path_factory.mktemp("shared") / "home"
    with served(home, http_max_bytes=64 * 1024) as running_server:
        fill(running_server.database)
        yield running_server


@pytest.fixture(scope="session")
def audited_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a constitution and two people's audits; copy it before you change it."""
    return make_audited_home(tmp_path_factory.mktemp("audited") / "home")


@pytest.fixture(scope="module")
def make_audited_server(
    audited_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> AuditedServer:
    """Start a server on a copy of `audited_home`; a context manager. No call is limited."""

    def start(**options: Any) -> Any:
        home = copy_of(audited_home, tmp_path_factory.mktemp("copied") / "home")
        unlimited = {"rate_limit_per_minute": 0, "failure_limit_per_minute": 0}
        return served(home, **{**unlimited, **options})

    return start


@pytest.fixture
def serve_home() -> Callable[[Path], Any]:
    """Start a server on a home that is there, at the real time; a context manager."""

    @contextmanager
    def start(home: Path, **options: Any) -> Iterator[str]:
        settings = Settings(home=home, rate_limit_per_minute=0, **options)
        with (
            Database.open(settings.resolved_database_url, busy_timeout=20) as database,
            running(create_app(settings, database=database)) as url,
        ):
            yield url

    return start


@pytest.fixture
def serve_settings() -> Callable[[Settings], Any]:
    """Start a server with settings on a home that is there; a context manager."""

    @contextmanager
    def start(settings: Settings) -> Iterator[Running]:
        with Database.open(settings.resolved_database_url, busy_timeout=20) as database:
            app = create_app(settings, database=database)
            with running(app) as url:
                yield Running(url, app, settings, database)

    return start


@pytest.fixture
def server_of_either_kind(tmp_path: Path, database_url: str) -> Iterator[Running]:
    """As `server`, on SQLite and on PostgreSQL."""
    with served(tmp_path / "home", database_url) as running_server:
        fill(running_server.database)
        yield running_server


@pytest.fixture
def refill() -> Callable[..., None]:
    """Import another export into a database."""
    return fill


@pytest.fixture
def payload() -> dict[str, Any]:
    """A constitution of the small community."""
    return {
        "accepted_guideline_ids": ["g/1 ü"],
        "guideline_intercepts": {"g/1 ü": 0.5, "g2": 0.25, "g3": -0.125},
        "user_intercepts": {"ann": 0.1, "bob": 0.2, "cy": -0.3},
        "guideline_embeddings": {"g/1 ü": [0.1], "g2": [0.2], "g3": [-1.5e-8]},
        "user_embeddings": {"ann": [1.0], "bob": [2], "cy": [0.1 + 0.2]},
        "guideline_scores": {"g/1 ü": 0.9},
        "mu": 0.123456789012345,
    }


@pytest.fixture
def invite(server: Any) -> Callable[..., str]:
    """Make an invitation to a server that nobody else uses."""
    return partial(an_invitation, server)


@pytest.fixture
def sign_in(server: Any) -> Callable[..., requests.Session]:
    """Sign in at a server that nobody else uses."""
    return partial(signed_in, server)
