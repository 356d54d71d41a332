"""Sources from which nothing sensible can be computed: refused, and nothing changes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from home_runs import Home
from small_exports import rating, small_export, write_json


@pytest.fixture(scope="module")
def home(untouched_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One copy for all refused imports, since a refused import changes nothing."""
    return untouched_home.copied_to(tmp_path_factory.mktemp("refused") / "home")


def contents(home: Home) -> dict[str, bytes]:
    """Return what an import could change: the database's rows and the constitution."""
    kept = {
        str(path.relative_to(home.path)): path.read_bytes()
        for path in sorted((home.path / "artifacts").rglob("*"))
        if path.is_file()
    }
    database = sqlite3.connect(f"file:{home.path / 'labelaudit.db'}?mode=ro", uri=True)
    with closing(database):
        kept["database"] = "\n".join(database.iterdump()).encode()
    return kept


def text_of(document: Any) -> bytes:
    return json.dumps(document).encode()


def without(key: str) -> bytes:
    document = small_export()
    del document[key]
    return text_of(document)


def with_ratings(ratings: Any) -> bytes:
    return text_of(small_export() | {"ratings": ratings})


UNUSABLE: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty file": (b"", ("empty",)),
    "blank file": (b" \n\t ", ("empty",)),
    "empty object": (b"{}", ("no list", "topics")),
    "an array": (b"[]", ("array", "object")),
    "null": (b"null", ("null", "object")),
    "no ratings": (with_ratings([]), ("no usable rating",)),
    "empty lists": (
        text_of({"topics": [], "guidelines": [], "ratings": [], "users": [], "mu": 0}),
        ("no usable rating",),
    ),
    "missing guidelines": (without("guidelines"), ("no list 'guidelines'",)),
    "missing ratings": (without("ratings"), ("no list 'ratings'",)),
    "missing users": (without("users"), ("no list 'users'",)),
    "missing topics": (without("topics"), ("no list 'topics'",)),
    "ratings no list": (with_ratings({"u0": "helpful"}), ("ratings", "list")),
    "every rating neither value": (
        with_ratings([{"authorId": "u0", "guidelineId": f"g{g}", "rating": 5} for g in range(8)]),
        ("8 invalid_rating", "neither of its two values"),
    ),
    "every user unknown": (
        with_ratings([rating(f"stranger{u}", "g0", True) for u in range(8)]),
        ("8 unknown_participant",),
    ),
    "every guideline unknown": (
        with_ratings([rating(f"u{u}", "elsewhere", True) for u in range(8)]),
        ("8 unknown_guideline",),
    ),
    "most ratings unusable": (
        with_ratings(
            [rating(f"u{u}", "g0", True) for u in range(4)]
            + [rating(f"u{u}", "elsewhere", True) for u in range(3)]
            + [{"authorId": f"u{u}", "guidelineId": "g1", "rating": "maybe"} for u in range(2)]
        ),
        (
            "5 of 9 ratings",
            "3 unknown_guideline",
            "2 invalid_rating",
            "LABELAUDIT_MAX_QUARANTINED_SHARE",
        ),
    ),
    "every pair contradicts itself": (
        with_ratings([rating("u0", "g0", value) for value in (True, False) * 3]),
        ("6 conflicting",),
    ),
    "truncated JSON": (text_of(small_export())[:4000], ("not valid JSON", "line 1", "cut off")),
    "truncated after NaN": (b'{"mu": NaN, "topics": [', ("not valid JSON",)),
    "truncated gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", ("gzip",)),
    "HTML": (b"<!doctype html><title>Sign in</title>", ("HTML", "address and the key")),
    "HTML after a byte-order mark": (b"\xef\xbb\xbf\n<html>", ("HTML",)),
    "not UTF-8": (b'{"topics": ["\xff\xfe"]}', ("UTF-8",)),
    "UTF-16": ('{"topics": []}'.encode("utf-16"), ("not valid JSON",)),
    "bottomless": (b"[" * 100_000, ("JSON",)),
    "numbers": (b"7", ("number", "object")),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_export_is_refused_and_changes_nothing(home: Home, tmp_path: Path, name: str):
    content, parts = UNUSABLE[name]
    source = tmp_path / "export.json"
    source.write_bytes(content)
    before = contents(home)

    message = home.run("import", "export", source, "--replace").failed(*parts)

    assert str(source) in message
    assert contents(home) == before


def test_previous_constitution_is_served_after_all_that(home: Home, untouched_home: Home):
    assert home.constitution() == untouched_home.constitution()


def test_missing_file_and_folder_for_file(home: Home, tmp_path: Path):
    message = home.run("import", "export", tmp_path / "absent.json").failed("No such file")
    assert str(tmp_path / "absent.json") in message
    home.run("import", "export", tmp_path).failed("directory", str(tmp_path))
    (tmp_path / "file").write_text("x")
    home.run("import", "polis", tmp_path / "file").failed(str(tmp_path / "file"))
    home.run("import", "polis", tmp_path / "absent").failed(str(tmp_path / "absent"))


def test_polis_folder_without_votes(home: Home, tmp_path: Path):
    home.run("import", "polis", tmp_path).failed("comments.csv", str(tmp_path))
    (tmp_path / "comments.csv").write_text("comment-id,comment-body\n1,text\n")
    home.run("import", "polis", tmp_path).failed("votes.csv")


def test_both_choices_are_refused(home: Home, tmp_path: Path):
    source = write_json(tmp_path / "export.json", small_export())
    answer = home.run("import", "export", source, "--replace", "--merge")
    answer.failed("--replace", "--merge", "choose one", code=2)


def test_refusals_give_no_json_either(home: Home, tmp_path: Path):
    home.run("import", "export", tmp_path / "absent.json", "--json").failed("absent.json")


def test_refused_import_leaves_no_home_behind(new_home: Callable[[str], Home], tmp_path: Path):
    home = new_home("never")
    shutil.rmtree(home.path)
    home.run("import", "export", tmp_path / "absent.json").failed("absent.json")
    assert not home.path.exists()


def test_nothing_imported(new_home: Callable[[str], Home]):
    home = new_home("empty")
    home.compute().failed("labelaudit import", "labelaudit demo")
    home.run("constitution", "--json").failed("no constitution yet", "labelaudit run constitution")
    home.run("constitution", "--history").failed("no constitution yet")
    home.run("instability").failed("no response matrix yet")
    status = home.run("status", "--json").succeeded().json
    assert status["assets"]["constitution"] is None
    assert status["sources"] == []
    assert "never" in home.run("status").succeeded().out
