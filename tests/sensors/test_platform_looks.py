"""`new_ratings_sensor` and somebody else's platform: few requests, and few exports."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from platform_server import SMALL_EXPORT, PlatformServer
from sensor_bench import Bench

from labelaudit_dagster.sensors import ratings
from labelaudit_dagster.sensors.ratings import new_ratings_sensor
from labelaudit_dagster.settings import Settings

KEY = "a-secret-key-of-the-platform"


@pytest.fixture
def platform():
    with PlatformServer() as server:
        yield server


@pytest.fixture
def bench(make_bench, platform: PlatformServer, tmp_path: Path) -> Bench:
    settings = Settings(
        home=tmp_path,
        platform_url=platform.url,
        platform_api_key=KEY,
        ratings_min_interval_seconds=0,
        platform_poll_seconds=60,
        platform_fetch_seconds=900,
    )
    return make_bench(new_ratings_sensor, settings)


def test_a_tag_is_asked_for_every_minute_and_no_export_is_read(bench, platform):
    platform.etag = '"1"'
    assert bench.run_through()
    bench.clock.step(seconds=50)
    assert bench.look() is None
    assert len(platform.requests) == 1
    bench.clock.step(seconds=10)
    assert bench.look() is None
    assert platform.requests[1].headers["if-none-match"] == '"1"'
    platform.etag = '"2"'
    bench.clock.step(seconds=60)
    assert bench.run_through()
    platform.etag = '"1"'
    bench.clock.step(seconds=60)
    assert bench.run_through(), "A, B, A"
    assert len({request.run_key for request in bench.asked}) == 3


def test_a_platform_without_tags_is_fetched_seldom_and_compared(bench, platform):
    assert bench.run_through()
    requests = len(platform.requests)
    bench.clock.step(minutes=14)
    assert bench.look() is None
    assert len(platform.requests) == requests
    bench.clock.step(minutes=1)
    assert bench.look() is None
    assert len(platform.requests) > requests
    platform.export = {**SMALL_EXPORT, "mu": 0.5}
    bench.clock.step(minutes=15)
    assert bench.run_through()


@pytest.mark.parametrize(
    "fault",
    [
        "error_503",
        "status_401",
        "reset_before",
        "html_200",
        "retry_after_day",
        "redirect_to_stranger",
    ],
)
def test_a_platform_that_is_down_is_named_and_asked_again(bench, platform, fault):
    platform.prepare([fault, fault])
    assert bench.look() is None
    assert platform.url in bench.reason or "platform" in bench.reason
    assert KEY not in bench.reason + str(bench.cursor)
    bench.clock.step(seconds=10)
    assert bench.look() is None
    assert "again soon" in bench.reason
    platform.prepare([])
    bench.clock.step(hours=1)
    assert bench.run_through()


def test_a_platform_that_is_not_there_ends_no_tick(make_bench, tmp_path):
    settings = Settings(home=tmp_path, platform_url="http://127.0.0.1:9/api", platform_api_key=KEY)
    bench = make_bench(new_ratings_sensor, settings)
    assert bench.look() is None
    assert "127.0.0.1:9" in bench.reason
    nameless = settings.model_copy(update={"platform_api_key": None})
    bench = make_bench(new_ratings_sensor, nameless)
    assert bench.look() is None
    assert "LABELAUDIT_PLATFORM_API_KEY" in bench.reason


@pytest.mark.parametrize("hours", [48, -48])
def test_a_clock_that_is_set_does_not_silence_it(bench, platform, hours):
    platform.etag = '"1"'
    assert bench.run_through()
    platform.etag = '"2"'
    bench.clock.step(hours=hours)
    assert bench.run_through()


def test_an_export_that_is_too_slow_for_a_tick_is_left_to_a_run(bench, platform, monkeypatch):
    monkeypatch.setattr(ratings, "_TICK_SECONDS", 0.5)
    # The headers come at once, the body byte by byte.
    platform.prepare(["ok", "slow_drip"])
    began = time.monotonic()
    assert bench.run_through()
    assert time.monotonic() - began < timedelta(seconds=30).total_seconds()
    assert '"unread:' in str(bench.cursor)
