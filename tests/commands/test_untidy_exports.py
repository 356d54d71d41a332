"""Sources with bad rows in them: the bad rows are counted, the rest is used."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from home_runs import Home
from small_exports import guideline, rating, small_export, user, write_json

LONG = "x" * 300
ODD_IDS = [
    "../x",
    "/etc/passwd",
    LONG,
    "\N{SNOWMAN}\N{VARIATION SELECTOR-16}",
    "a b\tc\nd",
    "[bold]",
]


def untidy_export() -> dict[str, Any]:
    """Return the small export with one of everything that goes wrong in it."""
    document = small_export()
    document["guidelines"] += [
        *(guideline(name, f"Odd {position}") for position, name in enumerate(ODD_IDS)),
        guideline(7, "A number"),
        guideline(""),
        guideline("nul\0"),
        guideline("untitled", ""),
        guideline("nobody", "Rated by nobody"),
        guideline(None),
        "no object",
    ]
    document["users"] += [*map(user, ODD_IDS), user("silent"), user(12), user("12"), user("")]
    document["ratings"] += [
        *(rating(name, name, True) for name in ODD_IDS),
        *(rating(f"u{u}", 7, u % 2 == 0) for u in range(6)),
        rating("u0", "g0", True),  # a repeat of what the first rows say, or a contradiction of it
        rating("u1", "nul\0", True),
        rating("u1", "untitled", True),
        rating("stranger", "g0", True),
        rating("u1", "elsewhere", True),
        rating("12", "g0", True),  # 12 and "12": nobody knows who
        rating("", "g0", True),
        {"authorId": "u2", "guidelineId": "g2", "rating": None},
        {"authorId": "u2", "guidelineId": "g2", "rating": float("nan")},
        {"authorId": "u2", "guidelineId": "g2", "rating": float("inf")},
        {"authorId": "u2", "guidelineId": "g2", "rating": {"value": "helpful"}},
        {"authorId": "u2", "guidelineId": "g2", "rating": "HELPFUL"},
        {"authorId": "u2", "guidelineId": "g2"},
        None,
        rating("u3", "nobody-yet", True, createdAt="not a time"),
    ]
    return document


def reasons(rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(row["table"], row["reason"]): row["rows"] for row in rows}


@pytest.fixture(scope="module")
def untidy(untouched_home: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Any]:
    folder = tmp_path_factory.mktemp("untidy")
    home = untouched_home.copied_to(folder / "home")
    document = untidy_export()
    first = document["ratings"][0]
    assert (first["authorId"], first["guidelineId"], first["rating"]) == ("u0", "g0", "helpful")
    source = write_json(folder / "export.json", document)
    imported = home.run("import", "export", source, "--replace", "--json").succeeded().json
    home.compute().succeeded()
    return home, imported


def test_every_row_is_kept_or_counted_with_its_reason(untidy: tuple[Home, Any]):
    home, imported = untidy
    document = untidy_export()
    status = home.run("status", "--json").succeeded().json
    for tables in (imported["tables"], status["tables"]):
        for name, key in (
            ("guideline_ratings", "ratings"),
            ("guidelines", "guidelines"),
            ("participants", "users"),
            ("topics", "topics"),
        ):
            counts = tables[name]
            assert counts["rows_in"] == len(document[key])
            assert counts["rows_in"] == counts["rows_kept"] + counts["rows_quarantined"]
    expected = {
        ("guidelines", "invalid_id"): 2,
        ("guidelines", "unstorable_id"): 1,
        ("guidelines", "missing_text"): 1,
        ("guidelines", "not_an_object"): 1,
        ("participants", "ambiguous_id"): 2,
        ("participants", "invalid_id"): 1,
        ("guideline_ratings", "superseded"): 1,
        ("guideline_ratings", "unstorable_id"): 1,
        ("guideline_ratings", "unknown_guideline"): 3,
        ("guideline_ratings", "unknown_participant"): 1,
        ("guideline_ratings", "ambiguous_id"): 1,
        ("guideline_ratings", "invalid_id"): 1,
        ("guideline_ratings", "invalid_rating"): 6,
        ("guideline_ratings", "not_an_object"): 1,
    }
    assert reasons(imported["quarantined"]) == expected
    assert reasons(status["quarantine"]) == expected


def test_odd_ids_come_through_verbatim(untidy: tuple[Home, Any]):
    rows = {row["guideline_id"]: row for row in untidy[0].constitution()["guidelines"]}
    for name in ODD_IDS:
        assert rows[name]["n_ratings"] == 1
        assert rows[name]["status"] == "too_few_ratings"
    assert rows["7"]["n_ratings"] == 6
    assert rows["7"]["raw_support"] == 0.5
    assert not {"", "nul\0", "untitled"} & set(rows)


def test_guideline_that_nobody_rated_has_a_row_and_a_reason(untidy: tuple[Home, Any]):
    rows = {row["guideline_id"]: row for row in untidy[0].constitution()["guidelines"]}
    row = rows["nobody"]
    assert row["n_ratings"] == 0
    assert row["raw_support"] is row["intercept"] is row["consensus_score"] is None
    assert row["status"] == "too_few_ratings"
    assert [r["passed"] for r in row["reasons"] if r["test"] == "min_ratings"] == [False]


def test_who_rated_nothing_does_not_count(untidy: tuple[Home, Any]):
    document = untidy[0].constitution()
    assert document["n_raters"] == 24 + len(ODD_IDS)
    assert document["n_guidelines"] == 8 + len(ODD_IDS) + 2


def test_people_see_it_too(untidy: tuple[Home, Any]):
    shown = untidy[0].run("constitution", "--all").succeeded().out
    assert "Rated by nobody" in shown
    status = untidy[0].run("status").succeeded().out
    assert "6 of guideline_ratings: invalid_rating" in status
    assert "\x1b" not in shown + status


def test_bad_rows_do_not_move_the_result(untidy: tuple[Home, Any], new_home: Callable[[str], Home]):
    """The same ratings without the bad rows, in another order, give the same numbers."""
    document = untidy_export()
    bad = {"nul\0", "untitled", "elsewhere", "nobody-yet"}
    document["ratings"] = [
        row
        for row in document["ratings"]
        if row is not None
        and row.get("rating") in ("helpful", "not_helpful")
        and row["guidelineId"] not in bad
        and row["authorId"] not in ("stranger", "12", "")
    ]
    random.Random(5).shuffle(document["ratings"])
    found = new_home("tidy").filled_here(json.dumps(document).encode())
    expected = untidy[0].constitution()
    assert found["guidelines"] == expected["guidelines"]
    assert found["solver"]["loss"] == expected["solver"]["loss"]


@pytest.mark.parametrize("contradiction_first", [True, False])
def test_contradiction_without_times_is_left_out_whatever_its_order(
    new_home: Callable[[str], Home], tmp_path: Path, contradiction_first: bool
):
    document = small_export()
    extra = [rating("u0", "g0", False), rating("u0", "g0", False)]
    document["ratings"] = (
        extra + document["ratings"] if contradiction_first else document["ratings"] + extra
    )
    home = new_home("conflict")
    source = write_json(tmp_path / "export.json", document)
    report = home.here("import", "export", source, "--json").succeeded().json
    assert reasons(report["quarantined"]) == {("guideline_ratings", "conflicting"): 3}
    assert report["tables"]["guideline_ratings"]["rows_kept"] == 24 * 8 - 1


@pytest.mark.parametrize("reverse", [False, True])
def test_latest_of_repeats_with_times_counts(
    new_home: Callable[[str], Home], tmp_path: Path, reverse: bool
):
    document = small_export()
    extra = [
        rating("u0", "g0", False, createdAt="2025-03-01T00:00:00Z"),
        rating("u0", "g0", True, createdAt="2025-02-01T00:00:00Z"),
    ]
    document["ratings"] = document["ratings"][1:] + (extra[::-1] if reverse else extra)
    home = new_home("repeats")
    source = write_json(tmp_path / "export.json", document)
    report = home.here("import", "export", source, "--json").succeeded().json
    assert reasons(report["quarantined"]) == {("guideline_ratings", "superseded"): 1}
    snapshot = home.here("status", "--json").succeeded().json["tables"]["guideline_ratings"]
    assert snapshot["rows_kept"] == 24 * 8


@pytest.mark.parametrize(
    ("name", "ratings"),
    [
        ("all helpful", [rating(f"u{u}", f"g{g}", True) for u in range(24) for g in range(8)]),
        ("none helpful", [rating(f"u{u}", f"g{g}", False) for u in range(24) for g in range(8)]),
        ("one rating", [rating("u0", "g0", True)]),
    ],
)
def test_degenerate_ratings_still_give_a_constitution(
    new_home: Callable[[str], Home], tmp_path: Path, name: str, ratings: list[dict[str, Any]]
):
    home = new_home("degenerate")
    source = write_json(tmp_path / "export.json", small_export() | {"ratings": ratings})
    home.here("import", "export", source).succeeded()
    answer = home.here("run", "constitution", "--skip-uncertainty").succeeded()
    document = home.here("constitution", "--json", "--all").succeeded().json
    assert document["n_ratings"] == len(ratings)
    if name == "all helpful":
        assert {row["raw_support"] for row in document["guidelines"]} == {1.0}
    else:
        # An empty constitution is a result; the check that warns of it says so.
        assert document["accepted"] == []
        assert "0 guidelines are accepted" in answer.err
    for row in document["guidelines"]:
        assert row["status"] in ("accepted", "rejected", "too_few_ratings", "undecided")
        assert len(row["reasons"]) >= 1


def test_byte_order_mark_and_gzip_are_read(new_home: Callable[[str], Home], tmp_path: Path):
    plain = json.dumps(small_export()).encode()
    reports = []
    for position, content in enumerate((plain, b"\xef\xbb\xbf" + plain, gzip.compress(plain))):
        home = new_home(f"home{position}")
        source = tmp_path / f"export{position}"
        source.write_bytes(content)
        reports.append(home.here("import", "export", source, "--json").succeeded().json["tables"])
    assert reports[0] == reports[1] == reports[2]
    assert reports[0]["guideline_ratings"]["rows_kept"] == 24 * 8
