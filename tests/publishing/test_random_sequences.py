"""Seeded random lives of a home: constitutions come and go, the platform fails, we crash.

Each life is compared with a small model of what must be sent under which key.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from made_constitutions import Desk
from platform_exchange import Exchange
from platform_faults import zeros_in_gzip
from platform_server import FAULTS, SMALL_EXPORT, PlatformServer
from virtual_clock import VirtualClock

from labelaudit_dagster.artifacts import ArtifactStore, Blob
from labelaudit_dagster.platform_client import HttpPolicy, PlatformClient, PlatformError
from labelaudit_dagster.resources.constitution_target import PlatformTarget
from labelaudit_dagster.resources.ratings_source import PlatformSource, RatingsSnapshot
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, last_published, list_publications, sqlite_url

KEY = "sk-live-0123456789abcdef"
BLOCKS, LIVES = 3, 70
PULLS = 60
# These take real time, so that lives see few of them.
SLOW = {"slow_drip", "slow_headers", "stall_before", "stall_inside", "endless_trailer"}


class Crash(BaseException):
    """Stands for the end of our process."""


@dataclass
class Script:
    """Steps that the platform takes, filled while it runs."""

    steps: deque[str] = field(default_factory=deque)

    def __call__(self, exchange: Exchange) -> None:
        FAULTS[self.steps.popleft() if self.steps else "ok"](exchange)


@dataclass
class CrashingTarget:
    """A target around which our process may end."""

    inner: PlatformTarget
    crash: str = ""

    @property
    def name(self) -> str:
        return self.inner.name

    def send(
        self, database: Database, payload: Mapping[str, Any], idempotency_key: str, now: datetime
    ) -> dict[str, Any]:
        if self.crash == "before the request":
            raise Crash
        receipt = self.inner.send(database, payload, idempotency_key, now)
        if self.crash == "after the reply":
            raise Crash
        return receipt


def draw_steps(generator: random.Random) -> list[str]:
    """Draw up to four steps, mostly quick ones."""
    quick = sorted(FAULTS.keys() - SLOW)
    steps = [generator.choice(quick) for _ in range(generator.randrange(5))]
    if generator.random() < 0.1:
        steps.append(generator.choice(sorted(SLOW)))
    # After more than five redirects in a row the client gives up for good reason.
    return [s for i, s in enumerate(steps) if s != "redirect_home" or s not in steps[:i]]


@dataclass
class Model:
    """What must be: the content that was tried last, its key, and whether it is confirmed."""

    content: str = ""
    key: str = ""
    confirmed: bool = False
    keys: set[str] = field(default_factory=set)


def live(seed: int, folder: Path, template: Path) -> set[str]:
    """Live one life, assert everything that has to hold, and return how its steps ended."""
    generator = random.Random(seed)
    shutil.copyfile(template, folder / "labelaudit.db")
    clock, script, model = VirtualClock(), Script(), Model()
    endings: set[str] = set()
    said: list[str] = []
    with (
        PlatformServer() as stranger,
        PlatformServer(
            plan=[script] * 400, clock=clock, now=clock.now, pause=clock.advance, drip_seconds=1.0
        ) as platform,
        Database.open(sqlite_url(folder / "labelaudit.db")) as database,
    ):
        platform.stranger_url = stranger.origin
        policy = HttpPolicy(
            timeout_seconds=0.6,
            deadline_seconds=generator.choice([2.5, 20.0]),
            attempts=generator.randint(1, 3),
            max_bytes=256 * 1024,
        )
        target = CrashingTarget(
            PlatformTarget(
                PlatformClient(platform.url, KEY, policy, clock=clock, sleep=clock.sleep,
                               random=generator.random, now=clock.now)
            )
        )  # fmt: skip
        desk = Desk(ArtifactStore(folder / "artifacts"), database, target, churn_limit=1.0)

        def publish_once(content: str) -> None:
            if generator.random() < 0.5 or model.content != content:
                desk.make(content)
            began = len(platform.requests)
            try:
                ending = desk.publish().state
            except PlatformError as error:
                ending = "failed"
                said.append(str(error))
            except Crash:
                ending = "crashed"
            sent = platform.requests[began:]
            if model.content == content and model.confirmed:
                assert ending == "unchanged"
                assert sent == []
                return
            # At most one key and one document, and those of the last time if it is resumed.
            keys = {request.headers["idempotency-key"] for request in sent}
            newest = list_publications(database, limit=1)[0]
            if model.content == content:
                assert newest.idempotency_key == model.key
            else:
                assert newest.idempotency_key not in model.keys
            assert keys <= {newest.idempotency_key}
            assert len({request.body for request in sent}) <= 1
            assert (newest.state == "sent") == (ending == "sent")
            if ending == "sent":
                assert platform.applied[-1].key == newest.idempotency_key
            model.content, model.key = content, newest.idempotency_key
            model.confirmed = ending == "sent"
            model.keys.add(model.key)
            endings.add(ending)

        for _ in range(generator.randint(2, 4)):
            script.steps.extend(draw_steps(generator))
            target.crash = generator.choice(["", "", "", "before the request", "after the reply"])
            # The same again is what happens most.
            again = model.content and generator.random() < 0.5
            publish_once(model.content if again else generator.choice(["abc", "abd", "fgh"]))
            script.steps.clear()
        # The platform recovers, and we come back.
        target.crash = ""
        publish_once(model.content)
        assert model.confirmed

        applied = {post.key: json.loads(post.body) for post in platform.applied}
        assert len(applied) == len(platform.applied)  # a key took effect once
        assert platform.conflicts == []  # and never came with two documents
        assert not stranger.requests
        assert KEY not in "".join(said)
        assert applied.keys() <= model.keys
        assert "".join(applied[model.key]["accepted_guideline_ids"]) == model.content
        last = last_published(database, target=platform.url)
        assert last is not None
        assert last.idempotency_key == model.key == platform.applied[-1].key
        states = [publication.state for publication in list_publications(database)]
        assert set(states) <= {"sent", "begun"}
    return endings


def in_threads(lives: Callable[[int, Path], set[str]], seeds: range, folder: Path) -> set[str]:
    """Run lives side by side, since most of their time is waiting.

    On a busy machine an honest answer can come later than the client waits for it; what failed
    side by side is judged by a second life, alone.
    """
    failed: dict[int, BaseException] = {}
    doubtful: list[int] = []
    endings: set[str] = set()
    with ThreadPoolExecutor(max_workers=20) as pool:
        running = {}
        for seed in seeds:
            place = folder / str(seed)
            place.mkdir()
            running[seed] = pool.submit(lives, seed, place)
        for seed, future in running.items():
            if future.exception() is None:
                endings |= future.result()
            else:
                doubtful.append(seed)
    for seed in doubtful:
        place = folder / f"{seed} again"
        place.mkdir()
        try:
            endings |= lives(seed, place)
        except Exception as problem:
            failed[seed] = problem
    if failed:
        seed, problem = next(iter(failed.items()))
        raise AssertionError(f"{len(failed)} lives failed, first seed {seed}") from problem
    return endings


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "labelaudit.db"
    Database.open(sqlite_url(path)).close()
    zeros_in_gzip()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_publishing(block: int, template: Path, tmp_path: Path) -> None:
    seeds = range(block * LIVES, (block + 1) * LIVES)
    endings = in_threads(lambda seed, place: live(seed, place, template), seeds, tmp_path)
    assert endings == {"sent", "failed", "crashed"}  # the lives were worth living


def attempt(source: PlatformSource) -> tuple[RatingsSnapshot | None, str]:
    """Pull once; return the snapshot, or None and what was said."""
    try:
        return source.snapshot(), ""
    except PlatformError as error:
        return None, str(error)


def pull(seed: int, folder: Path) -> set[str]:
    """Pull again and again while the export changes and the platform fails."""
    generator = random.Random(seed)
    store, script = ArtifactStore(folder), Script()
    endings: set[str] = set()
    kept: tuple[bytes, str | None] | None = None
    with PlatformServer(plan=[script] * 100) as platform:
        source = PlatformSource(
            Settings(
                platform_url=platform.url,
                platform_api_key=KEY,
                http_timeout_seconds=1.0,
                http_deadline_seconds=2.5,
                http_attempts=generator.randint(1, 2),
                http_max_bytes=256 * 1024,
            ),
            store,
        )
        for round_number in range(5):
            if generator.random() < 0.6 or round_number == 0:
                platform.export = {**SMALL_EXPORT, "mu": generator.random()}
                platform.etag = generator.choice([None, f'"{generator.randrange(10**9)}"'])
            if round_number < 4:
                script.steps.extend(s for s in draw_steps(generator) if s not in SLOW)
            began, before = len(platform.requests), store.current("ratings_export")
            snapshot, problem = attempt(source)
            if snapshot is None:
                assert round_number < 4, problem  # the platform has recovered then
                assert KEY not in problem
                assert store.current("ratings_export") == before
                endings.add("failed")
            else:
                assert json.loads(snapshot.body) == platform.export
                reused = kept is not None and (snapshot.body, snapshot.etag) == kept
                endings.add("reused" if reused else "fetched")
                store.write(
                    "ratings_export",
                    Blob(gzip.compress(snapshot.body, mtime=0), ".json.gz"),
                    extra={"origin": snapshot.origin, "etag": snapshot.etag},
                )
            known = None if kept is None else kept[1]
            for request in platform.requests[began:]:
                assert request.headers.get("if-none-match") == known
            if snapshot is not None:
                kept = (snapshot.body, snapshot.etag)
            script.steps.clear()
    return endings


@pytest.mark.slow
def test_pulling(tmp_path: Path, template: Path) -> None:
    assert in_threads(pull, range(PULLS), tmp_path) == {"failed", "reused", "fetched"}
