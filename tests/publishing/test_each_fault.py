"""Every fault of the platform once, for publishing and for pulling; then the platform recovers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_constitutions import Desk
from platform_server import FAULTS, PlatformServer

from labelaudit_dagster.artifacts import ArtifactStore, Blob
from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.resources.constitution_target import PlatformTarget
from labelaudit_dagster.resources.ratings_source import (
    PlatformSource,
    RatingsSnapshot,
    UnsafeExportError,
)
from labelaudit_dagster.settings import Settings

KEY = "sk-live-0123456789abcdef"
GOOD = {"ok", "gzip_good", "redirect_home"}
APPLIED_UNCONFIRMED = {
    "error_500_after_applying", "reset_inside", "cut_length", "stall_inside", "slow_drip",
    "slow_headers", "truncated_json", "chunked_cut", "gzip_cut", "lost_reply",
}  # fmt: skip
"""Faults that hit a POST after it took effect."""

NAMED = {
    "status_401": "LABELAUDIT_PLATFORM_API_KEY",
    "status_403": "LABELAUDIT_PLATFORM_API_KEY",
    "status_404": "LABELAUDIT_PLATFORM_URL",
    "status_413": "HTTP 413",
    "status_422": "HTTP 422",
    "retry_after_day": "asked again",
    "redirect_to_stranger": "another origin",
    "gzip_bomb": "LABELAUDIT_HTTP_MAX_BYTES",
    "endless": "LABELAUDIT_HTTP_MAX_BYTES",
    "error_503": "HTTP 503",
    "stall_before": "before any answer",
    "html_200": "LABELAUDIT_PLATFORM_URL",
}
"""What the message has to say of causes that have a name."""


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_publishing(
    desk: Desk,
    platform: PlatformServer,
    make_target: Callable[..., PlatformTarget],
    fault: str,
) -> None:
    platform.prepare([fault])
    desk.target = make_target(platform.url, max_bytes=1_000_000)
    desk.make("abc")
    if fault in GOOD:
        assert desk.publish().state == "sent"
    else:
        with pytest.raises(PlatformError) as failure:
            desk.publish()
        assert "constitution" in str(failure.value)
        if fault != "html_200":
            assert NAMED.get(fault, "") in str(failure.value)
        assert KEY not in str(failure.value)
        assert desk.states() == [(1, "begun")]
        assert bool(platform.applied) == (fault in APPLIED_UNCONFIRMED)
        if fault in APPLIED_UNCONFIRMED:
            assert failure.value.may_have_been_applied
        platform.drop_rest_of_plan()
        assert desk.publish().state == "sent"
    # Whatever happened: one constitution, under one key, and nobody sends it again.
    assert desk.states() == [(1, "sent")]
    assert len({request.headers["idempotency-key"] for request in platform.requests}) == 1
    assert len({request.body for request in platform.requests}) == 1
    assert len(platform.applied) == 1
    assert platform.conflicts == []
    sent = len(platform.requests)
    assert desk.publish().state == "unchanged"
    assert len(platform.requests) == sent


def source_of(platform: PlatformServer, store: ArtifactStore) -> PlatformSource:
    settings = Settings(
        platform_url=platform.url,
        platform_api_key=KEY,
        http_timeout_seconds=0.3,
        http_deadline_seconds=1.5,
        http_attempts=1,
        http_max_bytes=1_000_000,
    )
    return PlatformSource(settings, store)


def keep(store: ArtifactStore, snapshot: RatingsSnapshot) -> None:
    """Store a snapshot as the asset does."""
    store.write(
        "ratings_export",
        Blob(gzip.compress(snapshot.body, mtime=0), ".json.gz"),
        extra={"origin": snapshot.origin, "etag": snapshot.etag, "database_change": None},
    )


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_pulling(platform: PlatformServer, store: ArtifactStore, fault: str) -> None:
    platform.etag = '"first"'
    source = source_of(platform, store)
    keep(store, source.snapshot())
    before = store.current("ratings_export")
    platform.etag = '"second"'
    platform.export = {**platform.export, "mu": 0.5}
    platform.prepare([fault])
    if fault in GOOD:
        assert json.loads(source.snapshot().body) == platform.export
    else:
        with pytest.raises(PlatformError) as failure:
            source.snapshot()
        assert NAMED.get(fault, "") in str(failure.value)
        assert KEY not in str(failure.value)
        assert not failure.value.may_have_been_applied
        assert store.current("ratings_export") == before
        platform.drop_rest_of_plan()
        recovered = source.snapshot()
        assert json.loads(recovered.body) == platform.export
        assert recovered.etag == '"second"'
    assert {request.headers.get("if-none-match") for request in platform.requests} == {'"first"'}


def test_what_has_not_changed_is_not_sent_again(
    platform: PlatformServer, store: ArtifactStore
) -> None:
    platform.etag = 'W/"v1"'
    source = source_of(platform, store)
    first = source.snapshot()
    keep(store, first)
    again = source.snapshot()
    assert (again.body, again.content_hash, again.etag) == (
        first.body,
        first.content_hash,
        'W/"v1"',
    )
    assert [r.headers.get("if-none-match") for r in platform.requests] == [None, 'W/"v1"']
    # Another platform's snapshot is no condition, and neither is one without a fingerprint.
    with PlatformServer(etag='W/"v1"') as second:
        source_of(second, store).snapshot()
        assert "if-none-match" not in second.requests[0].headers
    platform.etag = None
    keep(store, source.snapshot())
    source.snapshot()
    assert "if-none-match" not in platform.requests[-1].headers


@pytest.mark.parametrize("damage", ["data", "manifest.json", "current.json"])
@pytest.mark.parametrize("how", ["cut", "garbage", "gone"])
def test_a_damaged_snapshot_is_fetched_anew(
    platform: PlatformServer, store: ArtifactStore, tmp_path: Path, damage: str, how: str
) -> None:
    platform.etag = '"first"'
    keep(store, source_of(platform, store).snapshot())
    ref = store.current("ratings_export")
    assert ref is not None
    folder = tmp_path / "artifacts" / ref.path
    path = {
        "data": next(folder.glob("data*")),
        "manifest.json": folder / "manifest.json",
        "current.json": folder.parent / "current.json",
    }[damage]
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] if how == "cut" else b"\x00" * 40)
    # Another process comes along, which remembers nothing.
    store = ArtifactStore(tmp_path / "artifacts")
    snapshot = source_of(platform, store).snapshot()
    assert json.loads(snapshot.body) == platform.export
    assert "if-none-match" not in platform.requests[-1].headers
    keep(store, snapshot)
    source_of(platform, store).snapshot()
    assert platform.requests[-1].headers["if-none-match"] == '"first"'


def test_an_export_that_repeats_the_key_is_not_kept(
    platform: PlatformServer, store: ArtifactStore
) -> None:
    platform.export = {**platform.export, "debug": f"authorization: Bearer {KEY}"}
    platform.export["topics"] = [{"id": "debug", "title": f"Bearer {KEY}"}]
    with pytest.raises(UnsafeExportError, match="LABELAUDIT_PLATFORM_API_KEY") as failure:
        source_of(platform, store).snapshot()
    assert KEY not in str(failure.value)
