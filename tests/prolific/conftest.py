"""Prolific and a platform on loopback, both misbehaving when they are told to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))
if str(Path(__file__).parents[1] / "publishing") not in sys.path:
    sys.path.insert(0, str(Path(__file__).parents[1] / "publishing"))

from forked_commands import Forker, Home
from platform_server import PlatformServer
from prolific_server import ProlificServer
from virtual_clock import VirtualClock

from labelaudit_dagster.platform_client import HttpCaller, HttpPolicy, PlatformClient
from labelaudit_dagster.prolific_client import PROLIFIC, ProlificClient

PROLIFIC_KEY = "prolific-token-0123456789"
PLATFORM_KEY = "platform-key-0123456789"


@pytest.fixture
def prolific_key() -> str:
    return PROLIFIC_KEY


@pytest.fixture
def platform_key() -> str:
    return PLATFORM_KEY


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def stranger() -> Iterator[PlatformServer]:
    with PlatformServer() as server:
        yield server


@pytest.fixture
def prolific(clock: VirtualClock, stranger: PlatformServer) -> Iterator[ProlificServer]:
    server = ProlificServer(
        stranger_url=stranger.origin,
        clock=clock,
        pause=clock.advance,
        drip_seconds=1.0,
        now=clock.now,
    )
    with server:
        yield server


@pytest.fixture
def platform() -> Iterator[PlatformServer]:
    with PlatformServer() as server:
        yield server


@pytest.fixture
def options(clock: VirtualClock) -> dict[str, Any]:
    """Options of a caller on the virtual clock."""
    return {"clock": clock, "sleep": clock.sleep, "random": lambda: 0.5, "now": clock.now}


@pytest.fixture
def make_client(prolific: ProlificServer, options: dict[str, Any]) -> Callable[..., ProlificClient]:
    """Make a client of Prolific; options are those of the policy."""

    def make(key: str | None = PROLIFIC_KEY, **policy: Any) -> ProlificClient:
        limits = {"timeout_seconds": 0.4, "deadline_seconds": 60, "attempts": 3,
                  "max_bytes": 1024 * 1024, **policy}  # fmt: skip
        return ProlificClient(
            HttpCaller(PROLIFIC, prolific.url, key, HttpPolicy(**limits), **options)
        )

    return make


@pytest.fixture
def platform_client(platform: PlatformServer, options: dict[str, Any]) -> PlatformClient:
    policy = HttpPolicy(timeout_seconds=0.4, deadline_seconds=60, attempts=1)
    return PlatformClient(platform.url, PLATFORM_KEY, policy, **options)


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """A process that has loaded everything and forks one for each command."""
    with Forker() as running:
        yield running


@pytest.fixture
def home(forker: Forker, prolific: ProlificServer, tmp_path: Path) -> Home:
    """A new home whose Prolific is the one on loopback."""
    settings = {
        "prolific_url": prolific.url,
        "prolific_api_key": PROLIFIC_KEY,
        "http_attempts": "1",
        "http_timeout_seconds": "5",
    }
    return Home(tmp_path / "home", forker, settings)
