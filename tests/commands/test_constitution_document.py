"""`constitution --json --all`: its fields, and the same document from the same ratings."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from home_runs import Home, reproducible, with_cache
from small_exports import small_export, write_json

from labelaudit_dagster.importers import PublishedParameters, read_export, write_export

FIELDS = [
    "version",
    "created_at",
    "provenance",
    "solver",
    "parameters",
    "n_raters",
    "n_guidelines",
    "n_ratings",
    "accepted",
    "guidelines",
]
SOLVER_FIELDS = ["method", "status", "loss", "kkt", "sweeps", "seconds"]
GUIDELINE_FIELDS = [
    "guideline_id",
    "text",
    "n_ratings",
    "raw_support",
    "intercept",
    "factor",
    "consensus_score",
    "status",
    "reasons",
]
CCAI_ACCEPTED = [f"guideline-{n}" for n in (280, 717, 763, 807, 857, 901)]


def check_contract(document: dict[str, Any]) -> None:
    """Check what every document promises."""
    assert list(document)[: len(FIELDS)] == FIELDS
    assert list(document["solver"])[: len(SOLVER_FIELDS)] == SOLVER_FIELDS
    assert document["solver"]["status"] == "converged"
    assert 0 <= document["solver"]["kkt"] <= document["parameters"]["tolerance"]
    assert document["n_guidelines"] == len(document["guidelines"])
    assert document["n_ratings"] == sum(row["n_ratings"] for row in document["guidelines"])
    accepted = [r["guideline_id"] for r in document["guidelines"] if r["status"] == "accepted"]
    assert sorted(accepted) == document["accepted"]
    rule = document["parameters"]
    for row in document["guidelines"]:
        assert list(row)[: len(GUIDELINE_FIELDS)] == GUIDELINE_FIELDS
        assert all(isinstance(reason["sentence"], str) for reason in row["reasons"])
        if row["status"] == "accepted":
            assert row["intercept"] > rule["intercept_threshold"]
            assert row["n_ratings"] >= rule["min_ratings"]
            assert row["raw_support"] >= rule["min_support"]


def test_small_document_keeps_the_contract(untouched_home: Home):
    document = untouched_home.constitution()
    check_contract(document)
    assert document["accepted"] == ["g0", "g1", "g2"]
    assert (document["n_raters"], document["n_guidelines"], document["n_ratings"]) == (24, 8, 192)


def test_without_all_only_accepted_guidelines_are_listed(untouched_home: Home):
    everything = untouched_home.constitution()
    short = untouched_home.run("constitution", "--json").succeeded().json
    assert [row["guideline_id"] for row in short["guidelines"]] == [
        row["guideline_id"] for row in everything["guidelines"] if row["status"] == "accepted"
    ]
    assert {**short, "guidelines": None} == {**everything, "guidelines": None}


def test_json_is_strict_and_alone_on_standard_output(untouched_home: Home):
    answer = untouched_home.run("constitution", "--json", "--all").succeeded()
    json.loads(answer.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert answer.out.endswith("}\n")
    assert answer.err == ""


def test_provenance_leads_to_the_snapshot(untouched_home: Home):
    provenance = untouched_home.constitution()["provenance"]
    snapshot = untouched_home.store.current("ratings_export")
    assert snapshot is not None
    assert provenance["snapshot"] == snapshot.version
    manifest = untouched_home.store.manifest(snapshot)
    assert provenance["snapshot_sha256"] == manifest.content_hash
    assert provenance["run_id"] == manifest.run_id


def test_table_names_every_accepted_guideline(untouched_home: Home):
    shown = untouched_home.run("constitution").succeeded().out
    assert "3 of 8 guidelines accepted, from 192 ratings by 24 people" in shown
    assert [f"Guideline number {g}" in shown for g in range(8)] == [True] * 3 + [False] * 5


def shuffled(document: dict[str, Any], _home: Home, draw: random.Random) -> bytes:
    """Return the export with ratings, users and guidelines in another order."""
    lists = ("ratings", "users", "guidelines", "topics")
    mixed = {name: draw.sample(document[name], len(document[name])) for name in lists}
    return json.dumps({**document, **mixed}).encode()


def repeated(document: dict[str, Any], _home: Home, draw: random.Random) -> bytes:
    """Return the export with every rating one to five times, in random order."""
    rows = [row for row in document["ratings"] for _ in range(draw.randint(1, 5))]
    draw.shuffle(rows)
    return json.dumps({**document, "ratings": rows}).encode()


def published(document: dict[str, Any], home: Home, _draw: random.Random) -> bytes:
    """Return the export after the solution was published: with its parameters in it."""
    ref = home.store.current("factorization")
    assert ref is not None
    solution: Any = home.store.load(ref)
    sides = {
        side: solution[member].set_index(key)
        for side, member, key in (
            ("user", "raters", "participant_id"),
            ("guideline", "guidelines", "guideline_id"),
        )
    }
    parameters = PublishedParameters(
        mu=solution["model"]["mu"],
        **{f"{side}_intercepts": frame["intercept"] for side, frame in sides.items()},
        **{
            f"{side}_embeddings": frame[["factor_0"]].set_axis([0], axis="columns")
            for side, frame in sides.items()
        },
    )
    assert isinstance(parameters.user_embeddings, pd.DataFrame)
    community = read_export(json.dumps(document).encode(), now=datetime.now(UTC))
    stream = BytesIO()
    write_export(replace(community, published=parameters), stream)
    return stream.getvalue()


Variant = Callable[[dict[str, Any], Home, random.Random], bytes]
VARIANTS = [shuffled, repeated, published]


@pytest.mark.parametrize("variant", VARIANTS)
def test_same_ratings_give_the_same_small_document(
    untouched_home: Home, new_home: Callable[[str], Home], variant: Variant
):
    content = variant(small_export(), untouched_home, random.Random(3))
    found = new_home("variant").filled_here(content)
    expected = untouched_home.constitution()
    assert found["version"] != expected["version"]
    assert json.dumps(reproducible(found)) == json.dumps(reproducible(expected))


@pytest.mark.realdata
@pytest.mark.slow
def test_ccai_constitution(ccai_home: Home):
    document = ccai_home.constitution()
    check_contract(document)
    assert document["accepted"] == CCAI_ACCEPTED
    counts = (document["n_raters"], document["n_guidelines"], document["n_ratings"])
    assert counts == (1002, 275, 31_821)
    assert document["solver"]["loss"] == pytest.approx(0.1265314662, abs=5e-11)


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_same_ratings_give_the_same_ccai_document(
    ccai_home: Home, tmp_path: Path, compiled: Path, data_root: Path, variant: Variant
):
    original = json.loads((data_root / "energize" / "export-ccai.json").read_bytes())
    content = variant(original, ccai_home, random.Random(4))
    found = with_cache(Home(tmp_path / "home"), compiled).filled_here(content)
    assert found["accepted"] == CCAI_ACCEPTED
    expected = ccai_home.constitution()
    assert json.dumps(reproducible(found)) == json.dumps(reproducible(expected))


def test_home_can_be_moved(untouched_home: Home, tmp_path: Path):
    """Nothing in a home knows where it lies."""
    moved = untouched_home.copied_to(tmp_path / "elsewhere")
    assert moved.constitution() == untouched_home.constitution()
    write_json(tmp_path / "again.json", small_export())
    report = moved.run("import", "export", tmp_path / "again.json", "--json").succeeded().json
    assert report["ratings"] == {"added": 0, "changed": 0, "ended": 0, "unchanged": 192}
    moved.here("run", "constitution", "--skip-uncertainty").succeeded()
    assert reproducible(moved.constitution()) == reproducible(untouched_home.constitution())
