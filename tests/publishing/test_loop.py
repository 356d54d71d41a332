"""The loop by the command line: ratings in, constitution out, parameters back in."""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from forked_commands import Home
from platform_server import PlatformServer
from small_community import export_of, small_export, with_one_changed_rating

from labelaudit_dagster.store import Database, add_rating, list_received, load_community

_spec = importlib.util.spec_from_file_location(
    "store_fixtures", Path(__file__).parents[1] / "store" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_store = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_store)
postgresql_server = _store.postgresql_server
postgresql_url = _store.postgresql_url

KEY = "sk-live-0123456789abcdef"

pytestmark = pytest.mark.slow


def snapshot_of(home: Home) -> dict[str, Any]:
    """Return the export that the current constitution was made from."""
    current = home.store.current("constitution")
    assert current is not None
    ref = home.store.resolve_upstream(current, "ratings_export")
    document: dict[str, Any] = json.loads(gzip.decompress(home.store.load_bytes(ref)))
    return document


def repeated_and_shuffled(export: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the export with every row 1 to 5 times, in random order, as pages may bring it."""
    draw = random.Random(seed)
    document = dict(export)
    for name in ("topics", "guidelines", "ratings", "users"):
        rows = [row for row in export[name] for _ in range(draw.randint(1, 5))]
        draw.shuffle(rows)
        document[name] = rows
    return document


def assert_carries(snapshot: dict[str, Any], payload: dict[str, Any]) -> None:
    """The export holds what was published, to the bit."""
    assert snapshot["mu"] == payload["mu"]
    for rows, side in (("guidelines", "guideline"), ("users", "user")):
        found = {row["id"]: row for row in snapshot[rows]}
        intercepts, vectors = payload[f"{side}_intercepts"], payload[f"{side}_embeddings"]
        assert intercepts
        assert {name: found[name]["intercept"] for name in intercepts} == intercepts
        assert {name: found[name]["embeddings"] for name in vectors} == vectors


def test_over_http(new_home: Callable[[str], Home]) -> None:
    with PlatformServer(export=small_export(), publishes_back=True) as platform:
        home = new_home("home").on(
            platform_url=platform.url, platform_api_key=KEY, http_attempts="1",
            http_timeout_seconds="5",
        )  # fmt: skip
        # The confirmation is lost, so that nobody knows yet whether the platform has it.
        platform.prepare(["ok", "lost_reply"])
        message = home.compute("--publish").failed("POST", "may have applied", "labelaudit publish")
        assert KEY not in message
        assert len(platform.applied) == 1
        assert [p.state for p in home.publications()] == ["begun"]
        first = home.constitution()

        # The export carries the parameters now; the very same constitution follows from it.
        home.compute("--publish").succeeded()
        payload = json.loads(platform.applied[0].body)
        assert_carries(snapshot_of(home), payload)
        assert home.constitution() == first
        posts = [request for request in platform.requests if request.method == "POST"]
        assert len(posts) == 2
        assert len({post.headers["idempotency-key"] for post in posts}) == 1
        assert len({post.body for post in posts}) == 1
        assert len(platform.applied) == 1
        assert [p.state for p in home.publications()] == ["sent"]

        # The same ratings in any order and number: the same constitution, nothing to send.
        tidy = dict(platform.export)
        platform.export = repeated_and_shuffled(tidy, seed=1)
        assert home.compute("--publish", "--json").succeeded().json["publication"]["sequence"] == 1
        assert len(snapshot_of(home)["ratings"]) > 2 * len(tidy["ratings"])
        assert home.constitution() == first
        assert not home.run("publish", "--json").succeeded().json["sent_now"]
        assert [r for r in platform.requests if r.method == "POST"] == posts

        # One person thinks again: one POST.
        platform.export = with_one_changed_rating(tidy)
        home.compute("--publish", churn_limit="1").succeeded()
        assert home.constitution() != first
        assert len(platform.applied) == 2
        assert len([r for r in platform.requests if r.method == "POST"]) == 3
        record = home.store.load_json(home.store.current("published_constitution"), "publication")
        assert record["sequence"] == 2
        assert record["idempotency_key"] == platform.applied[1].key


def loop_once(home: Home) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Compute, publish, do both again, change a rating, do both again."""
    home.compute("--publish", "--json").succeeded()
    first = home.constitution()
    answer = home.compute("--publish", "--json").succeeded()
    assert answer.json["publication"]["sequence"] == 1
    with Database.open(home.database_url) as database:
        (received,) = list_received(database)
        community = load_community(database).community
        rating = community.guideline_ratings.iloc[0]
        payload_hashes = [received.payload_hash]
    assert home.constitution() == first
    published = home.store.current("published_constitution")
    assert published is not None
    assert_carries(snapshot_of(home), home.store.load_json(published, "payload"))

    with Database.open(home.database_url) as database:
        add_rating(
            database,
            rating["participant_id"],
            rating["guideline_id"],
            not rating["helpful"],
            now=datetime.now(UTC),
        )
    home.compute("--publish", churn_limit="1").succeeded()
    with Database.open(home.database_url) as database:
        payload_hashes = [r.payload_hash for r in list_received(database)[::-1]]
    assert len(payload_hashes) == 2
    return first, home.constitution(), payload_hashes


@pytest.mark.postgres
def test_on_the_embedded_platform_of_either_kind(
    new_home: Callable[[str], Home], tmp_path: Path, postgresql_url: str
) -> None:
    (tmp_path / "export.json").write_bytes(export_of())
    homes = [new_home("sqlite"), new_home("postgresql").on(database_url=postgresql_url)]
    results = []
    for home in homes:
        home.run("import", "export", tmp_path / "export.json").succeeded()
        results.append(loop_once(home))
    assert results[0] == results[1]
    assert results[0][0] != results[0][1]
