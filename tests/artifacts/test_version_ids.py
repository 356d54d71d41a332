"""Versions sort by creation and never collide."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from labelaudit_dagster.artifacts import ArtifactKeyError, ArtifactRef
from labelaudit_dagster.artifacts.version_ids import VersionIssuer, is_version, version_time

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_versions_increase_though_the_clock_stands_still_or_goes_back() -> None:
    times = iter([NOON, NOON, NOON - timedelta(days=400), NOON + timedelta(seconds=1)])
    issuer = VersionIssuer(lambda: next(times))
    versions = [issuer.issue() for _ in range(4)]
    assert versions == sorted(versions)
    assert [version_time(v) - NOON for v in versions] == [
        timedelta(0),
        timedelta(microseconds=1),
        timedelta(microseconds=2),
        timedelta(seconds=1),
    ]


def test_a_version_is_later_than_the_ones_named_though_the_clock_is_behind() -> None:
    before = VersionIssuer(lambda: NOON).issue()
    after = VersionIssuer(lambda: NOON - timedelta(hours=1)).issue(after=[before])
    assert after > before


def test_other_time_zones_mean_the_same_moment() -> None:
    issuer = VersionIssuer(lambda: NOON.astimezone(timezone(timedelta(hours=5))))
    assert version_time(issuer.issue()) == NOON


def test_writers_that_share_a_microsecond_do_not_collide() -> None:
    versions: list[str] = []

    def issue() -> None:
        issuer = VersionIssuer(lambda: NOON)
        versions.extend(issuer.issue() for _ in range(200))

    threads = [threading.Thread(target=issue) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(versions)) == 1600


@pytest.mark.parametrize("text", ["", "current", "20260131T120000Z-9f8e7d6c5b", "../x", "a/b"])
def test_what_is_no_version_is_refused(text: str) -> None:
    assert not is_version(text)
    with pytest.raises(ArtifactKeyError, match="take it from a manifest"):
        version_time(text)
    with pytest.raises(ArtifactKeyError, match="take it from a manifest"):
        ArtifactRef("asset", None, text)
