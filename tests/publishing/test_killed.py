"""`kill -9` at every step of publishing; a rerun gives what an undisturbed run would have given."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from forked_commands import Command, Death, Home
from platform_exchange import Exchange
from platform_server import PlatformServer
from small_community import small_export, with_one_changed_rating

KEY = "sk-live-0123456789abcdef"
STORE = "labelaudit_dagster.store"
STEPS = "labelaudit_dagster.store.publications"
CLIENT = "labelaudit_dagster.platform_client.client"
COMMIT = "labelaudit_dagster.artifacts.version_commit"
FILES = "labelaudit_dagster.artifacts.local_storage"

pytestmark = pytest.mark.slow

# Where it dies before anything is promised.
EARLY_DEATHS: dict[str, Death] = {
    "with the lock": (STORE, "Database.open", "before", 1),
    "before it looks": (STORE, "find_publication", "before", 1),
    "after it looked": (STORE, "find_publication", "after", 1),
    "before the pin": ("labelaudit_dagster.artifacts", "ArtifactStore.pin", "before", 1),
    "after the pin": ("labelaudit_dagster.artifacts", "ArtifactStore.pin", "after", 1),
    "before the number": (STORE, "begin_publication", "before", 1),
    "inside the transaction of the number": (STEPS, "add_change", "after", 1),
}

# Where it dies then, what the database knows, and how often the platform has applied it.
DEATHS: dict[str, tuple[Death, list[str], int]] = {
    "between number and request": ((STORE, "begin_publication", "after", 1), ["begun"], 0),
    "as the request begins": (
        (CLIENT, "PlatformClient.publish_constitution", "before", 1), ["begun"], 0,
    ),
    "as the reply is there": (
        (CLIENT, "PlatformClient.publish_constitution", "after", 1), ["begun"], 1,
    ),
    "between reply and receipt": ((STORE, "finish_publication", "before", 1), ["begun"], 1),
    "inside the transaction of the receipt": ((STEPS, "add_change", "after", 2), ["begun"], 1),
    "after the receipt": ((STORE, "finish_publication", "after", 1), ["sent"], 1),
    "before the artifact": ((COMMIT, "VersionCommitter.commit", "before", 1), ["sent"], 1),
    "before the artifact is current": ((FILES, "LocalStorage.replace", "before", 2), ["sent"], 1),
    "after the artifact": ((COMMIT, "VersionCommitter.commit", "after", 1), ["sent"], 1),
}  # fmt: skip

APPROVAL_DEATHS: dict[str, tuple[Death, list[str]]] = {
    "before holding": ((STORE, "hold_publication", "before", 1), ["sent"]),
    "after holding": ((STORE, "hold_publication", "after", 1), ["sent", "held"]),
    "inside the transaction of the approval": ((STEPS, "add_change", "after", 2), ["sent", "held"]),
    "after the approval": ((STORE, "approve_publication", "after", 1), ["sent", "held"]),
    "after the approved number": ((STORE, "begin_publication", "after", 1), ["sent", "begun"]),
}


@pytest.fixture
def home(made_home: Home, platform: PlatformServer) -> Home:
    return made_home.on(platform_url=platform.url, platform_api_key=KEY)


def states(home: Home) -> list[str]:
    """Return the states of all publications, after looking whether the database is whole."""
    with closing(sqlite3.connect(home.path / "labelaudit.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return [publication.state for publication in home.publications()]


def assert_undisturbed(home: Home, platform: PlatformServer, *, sequence: int = 1) -> None:
    """Everything is as if nobody had killed anything; one application on the platform."""
    last = home.publications()[-1]
    assert (last.sequence, last.state) == (sequence, "sent")
    assert [post.key for post in platform.applied][-1] == last.idempotency_key
    assert len(platform.applied) == sequence
    assert platform.conflicts == []
    keys = {r.headers["idempotency-key"] for r in platform.requests if r.method == "POST"}
    assert len(keys) == sequence
    ref = home.store.current("published_constitution")
    assert ref is not None
    home.store.verify(ref)
    assert home.store.load_json(ref, "publication")["sequence"] == sequence
    assert home.store.load_json(ref, "payload") == json.loads(platform.applied[-1].body)


def test_publishes_that_die_early(home: Home, platform: PlatformServer) -> None:
    """One after the other on one home, each getting further than the one before."""
    for where, death in EARLY_DEATHS.items():
        assert home.run("publish", die=death).code == -signal.SIGKILL, where
        assert states(home) == [], where
        assert platform.requests == [], where
    home.run("publish").succeeded()
    assert_undisturbed(home, platform)
    assert len(platform.requests) == 1


@pytest.mark.parametrize("where", DEATHS)
def test_a_publish_that_dies(home: Home, platform: PlatformServer, where: str) -> None:
    death, known, applied = DEATHS[where]
    assert home.run("publish", die=death).code == -signal.SIGKILL
    assert states(home) == known
    assert len(platform.applied) == applied
    home.run("publish").succeeded()
    assert_undisturbed(home, platform)
    assert len(platform.requests) == (2 if known == ["begun"] and applied else 1)


@pytest.fixture(scope="module")
def changed(
    _made_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Home, PlatformServer]]:
    """A home that has published once, and whose new constitution is too different."""
    with PlatformServer(export=small_export()) as platform:
        home = _made_home.copied_to(tmp_path_factory.mktemp("changed") / "home")
        home = home.on(platform_url=platform.url, platform_api_key=KEY)
        home.run("publish").succeeded()
        rows = home.constitution()["guidelines"]
        best, second, *_ = sorted((row["intercept"] for row in rows), reverse=True)
        threshold = str((best + second) / 2)
        home.compute("--intercept-threshold", threshold).succeeded()
        yield home, platform


@pytest.mark.parametrize("where", APPROVAL_DEATHS)
def test_an_approval_that_dies(
    changed: tuple[Home, PlatformServer], tmp_path_factory: pytest.TempPathFactory, where: str
) -> None:
    made, platform = changed
    home = made.copied_to(tmp_path_factory.mktemp("approval") / "home")
    first = platform.applied[:1]
    platform.prepare([])
    platform.applied.extend(first)
    death, known = APPROVAL_DEATHS[where]
    approve = ("publish", "--approve", "--why", "the council wants it", "--by", "Ada")
    assert home.run(*approve, die=death, churn_limit="0").code == -signal.SIGKILL
    assert states(home) == known
    assert len(platform.applied) == 1
    again = home.run(*approve, "--json", churn_limit="0").succeeded().json
    assert again["approved_by"] == "Ada"
    assert again["sent_now"]
    assert [p.sequence for p in home.publications()] == [1, 2]
    assert len(platform.applied) == 2
    assert platform.applied[1].key == again["idempotency_key"]


@pytest.mark.parametrize("taken", [False, True])
def test_killed_while_the_platform_is_silent(
    home: Home, platform: PlatformServer, taken: bool
) -> None:
    """The request is over there; whether it took effect, nobody here can know."""
    arrived: list[bool] = []

    def stall(exchange: Exchange) -> None:
        if taken:
            exchange.platform.apply(exchange.request)
        arrived.append(True)
        exchange.wait_for_hangup()

    platform.prepare([stall])
    command = home.start("publish")
    wait_until(lambda: bool(arrived), command)
    assert states(home) == ["begun"]
    command.kill()
    assert command.wait().code == -signal.SIGKILL
    assert len(platform.applied) == taken
    home.run("publish").succeeded()
    assert_undisturbed(home, platform)
    assert len(platform.requests) == 2


def wait_until(condition: Callable[[], bool], command: Command, timeout: float = 60) -> None:
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, command.err.read_text()
        time.sleep(0.005)


RUN_DEATHS: dict[str, Death] = {
    "before the snapshot is current": (FILES, "LocalStorage.replace", "before", 1),
    "while solving": ("labelaudit_dagster.assets.factorization", "factorize", "after", 1),
    "before the constitution": (
        "labelaudit_dagster.assets.constitution", "make_document", "after", 1,
    ),
    "between number and request": (STORE, "begin_publication", "after", 1),
    "between reply and receipt": (STORE, "finish_publication", "before", 1),
}  # fmt: skip


def test_runs_that_die(home: Home, platform: PlatformServer) -> None:
    """One home, killed in run after run; what readers get stays whole, and the end is the same."""
    platform.export = small_export()
    platform.publishes_back = True
    first = home.store.current("constitution")
    for where, death in RUN_DEATHS.items():
        before = home.store.current("constitution")
        arguments = ("run", "constitution", "--skip-uncertainty", "--publish")
        assert home.run(*arguments, die=death).code == -signal.SIGKILL, where
        after = home.store.current("constitution")
        assert after is not None
        home.store.verify(after)
        # Killed before the constitution is done, it is the one of before.
        assert (after == before) == (not where.startswith("between")), where
        if after == first:
            assert states(home) == []
    assert states(home) == ["begun"]
    home.compute("--publish").succeeded()
    assert_undisturbed(home, platform)


def test_killed_at_any_time(home: Home, platform: PlatformServer) -> None:
    """Moments that nobody chose, from the start of the command to its end."""
    platform.export = with_one_changed_rating(small_export())
    started = time.monotonic()
    home.copied_to(home.path.with_name("measured")).run("publish").succeeded()
    whole = time.monotonic() - started
    platform.prepare([])
    for tenth in (2, 5, 7, 9):
        command = home.start("publish")
        time.sleep(whole * tenth / 10)
        command.kill()
        assert command.wait().code in (-signal.SIGKILL, 0)
        assert states(home) in ([], ["begun"], ["sent"])
        assert len(platform.applied) <= 1
    home.run("publish").succeeded()
    assert_undisturbed(home, platform)


def test_two_at_once(home: Home, platform: PlatformServer) -> None:
    together: list[Any] = [home.start("publish", "--json") for _ in range(3)]
    answers = [command.wait().succeeded().json for command in together]
    assert {answer["sequence"] for answer in answers} == {1}
    assert len(platform.requests) == 1
    assert_undisturbed(home, platform)
