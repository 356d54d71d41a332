"""The platform's key is in nothing that we write or say, whatever the platform does."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from forked_commands import Home
from key_search import places_of
from platform_exchange import Exchange
from platform_server import FAULTS, PlatformServer
from small_community import small_export

CANARY = "canary-7f3a9c51e2b84d60-yellow"


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    hidden = f"before {CANARY} after"
    (tmp_path / "plain.log").write_text(hidden)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(hidden.encode()))
    pd.DataFrame({"text": ["a" * 40, hidden]}).to_parquet(tmp_path / "table.parquet")
    with closing(sqlite3.connect(tmp_path / "base.db")) as database:
        database.execute("CREATE TABLE packed (body BLOB)")
        database.execute("INSERT INTO packed VALUES (?)", [zlib.compress(hidden.encode())])
        database.commit()
    found = places_of(CANARY, tmp_path)
    assert {Path(place.split(":")[0]).name for place in found} == {
        "plain.log", "packed.json.gz", "table.parquet", "base.db",
    }  # fmt: skip
    assert places_of("canary of another colour", tmp_path) == []


def etag_of_the_key(exchange: Exchange) -> None:
    body = exchange.good_body()
    echo = exchange.request.headers["authorization"].removeprefix("Bearer ")
    exchange.answer(200, body, ETag=f'"{echo}"', X_Echo=echo)


def export_with_the_key(exchange: Exchange) -> None:
    echo = exchange.request.headers["authorization"].encode()
    exchange.answer(200, exchange.good_body()[:-1] + b', "debug": "' + echo + b'"}')


def receipt_with_the_key(exchange: Exchange) -> None:
    exchange.platform.apply(exchange.request)
    echo = exchange.request.headers["authorization"].encode()
    exchange.answer(200, b'{"success": true, "by": "' + echo + b'"}')


@pytest.mark.slow
def test_no_trace_of_the_key(made_home: Home, platform: PlatformServer) -> None:
    platform.export = small_export()
    home = made_home.on(
        platform_url=platform.url,
        platform_api_key=CANARY,
        http_attempts="2",
        http_timeout_seconds="0.5",
        http_deadline_seconds="3",
    )
    run = ("run", "constitution", "--skip-uncertainty", "--publish")
    said = []
    for code, arguments, plan in (
        (1, run, ["status_401"]),
        (1, run, ["error_500", "error_500"]),
        (1, run, [export_with_the_key]),
        (1, ("publish",), ["status_403"]),
        (1, ("publish", "--json"), ["error_500", "lost_reply"]),
        (1, ("publish",), ["redirect_to_stranger"]),
        (1, ("import", "export", platform.url, "--replace"), ["status_404"]),
        (0, ("import", "export", platform.url, "--replace"), [etag_of_the_key]),
        (0, run, [etag_of_the_key, receipt_with_the_key]),
        (0, ("publish", "--dry-run", "--json"), []),
        (0, ("status", "--json"), []),
        (0, ("doctor",), ["ok"] * 3),
    ):
        platform.drop_rest_of_plan()
        applied = list(platform.applied)
        platform.prepare(plan)
        platform.applied.extend(applied)
        answer = home.run(*arguments)
        said.append(answer.out + answer.err)
        assert (answer.code, "Traceback" in answer.err) == (code, False), (arguments, answer)
    assert len(platform.applied) == 1
    assert "[key removed]" in "".join(said)  # the platform did repeat it
    assert CANARY not in "".join(said)
    assert places_of(CANARY, home.path.parent) == []


@pytest.mark.parametrize("arguments", [("publish",), ("publish", "--dry-run")])
def test_a_missing_key_is_named_before_anything_is_sent(
    made_home: Home, platform: PlatformServer, arguments: tuple[str, ...]
) -> None:
    home = made_home.on(platform_url=platform.url)
    home.run(*arguments).failed("LABELAUDIT_PLATFORM_API_KEY", "not set")
    assert platform.requests == []
    assert home.publications() == []


def test_a_missing_key_of_an_import(made_home: Home, platform: PlatformServer) -> None:
    made_home.run("import", "export", platform.url).failed("LABELAUDIT_PLATFORM_API_KEY")
    assert platform.requests == []


def test_line_ends_around_a_key_and_inside(made_home: Home, platform: PlatformServer) -> None:
    home = made_home.on(platform_url=platform.url)
    inside = CANARY[:8] + "\n" + CANARY[8:]
    answer = home.run("publish", platform_api_key=inside)
    assert "copy the key again" in answer.failed("LABELAUDIT_PLATFORM_API_KEY")
    assert CANARY[:8] not in answer.err
    assert CANARY[8:] not in answer.err
    assert platform.requests == []
    home.run("publish", platform_api_key=f"{CANARY}\r\n").succeeded()
    assert platform.requests[0].headers["authorization"] == f"Bearer {CANARY}"


CAUSES = {
    "status_401": ("HTTP 401", "LABELAUDIT_PLATFORM_API_KEY"),
    "error_503": ("HTTP 503", "run it again later"),
    "stall_before": ("silence",),
    "html_200": ("not JSON", "LABELAUDIT_PLATFORM_URL"),
    "wrong_schema": ("LABELAUDIT_PLATFORM_URL",),
    "redirect_to_stranger": ("another origin",),
}


@pytest.mark.slow
def test_a_failed_pull_leaves_everything_as_it_was(
    made_home: Home, platform: PlatformServer
) -> None:
    home = made_home.on(
        platform_url=platform.url, platform_api_key=CANARY, http_attempts="1",
        http_timeout_seconds="0.5",
    )  # fmt: skip
    names = ("ratings_export", "guideline_ratings", "factorization", "constitution")
    before = {name: home.store.current(name) for name in names}
    assert set(CAUSES) <= set(FAULTS)
    for fault, words in CAUSES.items():
        platform.prepare([fault])
        message = home.compute("--publish").failed(f"GET {platform.url}/exports", *words)
        assert "What was current before is unchanged" in message
        assert {name: home.store.current(name) for name in names} == before
        assert [request.method for request in platform.requests] == ["GET"]
    for ref in before.values():
        assert ref is not None
        home.store.verify(ref)


@pytest.mark.slow
def test_an_import_from_an_address(new_home: Callable[[str], Home]) -> None:
    with PlatformServer(export=small_export()) as platform:
        home = new_home("home").on(platform_api_key=CANARY, http_attempts="1")
        first = home.run("import", "export", platform.url, "--json").succeeded().json
        assert first["source"] == platform.url
        assert first["tables"]["guideline_ratings"]["rows_kept"] == len(small_export()["ratings"])
        # The address of the export is the same source.
        again = home.run("import", "export", f"{platform.url}/exports", "--json").succeeded().json
        assert (again["source"], again["is_new"]) == (platform.url, False)
        assert again["ratings"]["unchanged"] == len(small_export()["ratings"])
        assert {request.path for request in platform.requests} == {"/api/openapi/exports"}
        assert {request.query for request in platform.requests} == {
            "topics=True&guidelines=True&ratings=True&users=True&mu=True"
        }
        requests = len(platform.requests)
        for address, word in (
            (f"{platform.url}/exports?topics=True", "query"),
            (platform.url.replace("http://", "http://ann:secret-word@"), "credentials"),
            ("http://", "no host"),
        ):
            message = home.run("import", "export", address).failed(word)
            assert "secret-word" not in message
        assert len(platform.requests) == requests
        before = home.run("status", "--json").json["tables"]
        for fault in ("truncated_json", "status_403", "wrong_schema", "deep_nesting"):
            platform.prepare([fault])
            home.run("import", "export", platform.url).failed("/exports")
        assert home.run("status", "--json").json["tables"] == before
        with PlatformServer(export=small_export()) as second:
            home.run("import", "export", second.url).failed(platform.url, "--replace")
