"""Platforms, databases and homes from which constitutions are published."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from platform_server import PlatformServer

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from forked_commands import Forker, Home
from made_constitutions import Desk
from small_community import export_of

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.platform_client import HttpPolicy, PlatformClient
from labelaudit_dagster.resources.constitution_target import PlatformTarget
from labelaudit_dagster.store import Database, sqlite_url

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def platform() -> Iterator[PlatformServer]:
    """A platform that behaves well until a test gives it a plan."""
    with PlatformServer() as server:
        yield server


@pytest.fixture
def make_target() -> Callable[..., PlatformTarget]:
    """Make a target that gives up quickly; options are those of the policy."""

    def make(url: str, **policy: float) -> PlatformTarget:
        limits = {"timeout_seconds": 0.3, "deadline_seconds": 1.5, "attempts": 1, **policy}
        return PlatformTarget(PlatformClient(url, KEY, HttpPolicy(**limits)))

    return make


@pytest.fixture
def desk(
    platform: PlatformServer, make_target: Callable[..., PlatformTarget], tmp_path: Path
) -> Iterator[Desk]:
    """A store, a database and the platform."""
    with Database.open(sqlite_url(tmp_path / "labelaudit.db")) as database:
        yield Desk(ArtifactStore(tmp_path / "artifacts"), database, make_target(platform.url))


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """A process that has loaded everything and forks one for each command."""
    with Forker() as running:
        yield running


@pytest.fixture(scope="session")
def _made_home(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a small community and its constitution, not published; only to be copied."""
    folder = tmp_path_factory.mktemp("publishing")
    (folder / "export.json").write_bytes(export_of())
    home = Home(folder / "home", forker)
    home.run("import", "export", folder / "export.json").succeeded()
    home.compute().succeeded()
    return home


@pytest.fixture
def made_home(_made_home: Home, tmp_path: Path) -> Home:
    """A copy of the home with a constitution, free to change."""
    return _made_home.copied_to(tmp_path / "home")


@pytest.fixture
def new_home(_made_home: Home, tmp_path: Path) -> Callable[[str], Home]:
    """Make an empty home under a name; what was compiled before is in it."""

    def make(name: str) -> Home:
        home = Home(tmp_path / name, _made_home.forker)
        home.take_compiled_from(_made_home)
        return home

    return make
