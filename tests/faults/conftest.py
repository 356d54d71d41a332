"""Fixtures around the misbehaving platform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from platform_server import PlatformServer
from virtual_clock import VirtualClock

from labelaudit_dagster.platform_client import HttpPolicy, PlatformClient

KEY = "sk-live/Ab+9<z>&'exxxxxxxxxxxx"

POLICY = HttpPolicy(timeout_seconds=0.4, deadline_seconds=60, attempts=4, max_bytes=1024 * 1024)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def stranger() -> Iterator[PlatformServer]:
    with PlatformServer() as server:
        yield server


@pytest.fixture
def platform(clock: VirtualClock, stranger: PlatformServer) -> Iterator[PlatformServer]:
    server = PlatformServer(
        stranger_url=stranger.origin,
        clock=clock,
        pause=clock.advance,
        drip_seconds=1.0,
        now=clock.now,
    )
    with server:
        yield server


@pytest.fixture
def api_key() -> str:
    """A key with characters that URLs, HTML and JSON write differently."""
    return KEY


@pytest.fixture
def make_client(platform: PlatformServer, clock: VirtualClock) -> Callable[..., PlatformClient]:
    """Make a client of the platform on the virtual clock; options replace the defaults."""

    def make(**options: Any) -> PlatformClient:
        arguments: dict[str, Any] = {
            "base_url": platform.url,
            "api_key": KEY,
            "policy": POLICY,
            "clock": clock,
            "sleep": clock.sleep,
            "random": lambda: 0.5,
            "now": clock.now,
        }
        return PlatformClient(**{**arguments, **options})

    return make
