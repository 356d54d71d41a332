"""Versions of the constitution over HTTP, and what changed between them."""

from __future__ import annotations

import shutil

import pytest

AWKWARD = 'g/1 ü, "quoted"'


def test_the_history_tells_what_was_published_and_what_changed(settled):
    newer, older = settled.ask("/v1/constitutions")["versions"]
    assert (newer["version"], older["version"]) == (settled.second, settled.first)
    assert (newer["is_current"], older["is_current"]) == (True, False)
    assert newer["published"] is None
    assert older["published"]["sequence"] == 1
    assert older["published"]["at"].endswith("Z")
    assert (older["previous_version"], older["churn"]) == (None, None)
    assert newer["previous_version"] == settled.first
    assert newer["n_left"] >= 1
    both = newer["n_accepted"] + newer["n_left"]
    assert newer["churn"] == pytest.approx((newer["n_entered"] + newer["n_left"]) / both)
    assert (
        older["n_accepted"]
        == older["n_entered"]
        == len(settled.ask(f"/v1/constitutions/{settled.first}")["accepted"])
    )


def test_the_history_comes_in_pages(settled):
    first = settled.ask("/v1/constitutions?limit=1")
    assert [row["version"] for row in first["versions"]] == [settled.second]
    rest = settled.ask("/v1/constitutions", params={"limit": 1, "after": first["next"]})
    assert ([row["version"] for row in rest["versions"]], rest["next"]) == ([settled.first], None)
    lost = settled.get("/v1/constitutions?after=nowhere")
    assert lost.status_code == 422
    assert lost.json()["errors"][0]["field"] == "after"


def test_a_version_is_the_document_with_its_own_uncertainty(settled):
    current = settled.get("/v1/constitution").json()
    assert settled.ask(f"/v1/constitutions/{settled.second}") == current
    assert all(row["p_accepted"] is None for row in current["guidelines"])
    older = settled.get(f"/v1/constitutions/{settled.first}")
    assert older.json()["version"] == settled.first
    rated = [row for row in older.json()["guidelines"] if row["n_ratings"]]
    assert all(0 <= row["p_accepted"] <= 1 for row in rated)
    held = settled.get(
        f"/v1/constitutions/{settled.first}", headers={"If-None-Match": older.headers["ETag"]}
    )
    assert (held.status_code, held.content) == (304, b"")
    assert older.headers["Cache-Control"].startswith("private")


def test_changes_name_what_left_and_why(settled):
    changes = settled.ask("/v1/constitution/changes")
    assert changes == settled.ask(f"/v1/constitutions/{settled.second}/changes")
    assert changes == settled.ask(f"/v1/constitution/changes?since={settled.first}")
    assert changes["previous_version"] == settled.first
    (left,) = [row for row in changes["left"] if row["guideline_id"] == AWKWARD]
    assert left["before"]["raw_support"] == 1.0
    assert left["after"]["raw_support"] == 0.5
    assert "min_support" in left["changed_tests"]
    assert "from 100% to 50%" in left["sentence"]
    assert left["sentence"] in changes["sentences"]


def test_changes_are_told_backwards_too(settled):
    back = settled.ask(f"/v1/constitutions/{settled.first}/changes?since={settled.second}")
    assert (back["previous_version"], back["new_version"]) == (settled.second, settled.first)
    assert AWKWARD in [row["guideline_id"] for row in back["entered"]]
    same = settled.ask(f"/v1/constitution/changes?since={settled.second}")
    assert (same["churn"], same["entered"], same["left"]) == (0.0, [], [])
    assert "Nothing changed" in same["sentences"][0]
    first = settled.ask(f"/v1/constitutions/{settled.first}/changes")
    assert first["sentences"][0].startswith("This is the first constitution")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/constitutions/nonsense",
        "/v1/constitutions/20200101T000000.000000Z-0123456789",
        "/v1/constitutions/..",
        "/v1/constitutions/20200101T000000.000000Z-0123456789/changes",
        "/v1/constitution/changes?since=20200101T000000.000000Z-0123456789",
        "/v1/constitution/guidelines?version=x",
        "/v1/constitution/charts/tests?version=x",
        "/v1/constitution/charts/nonsense?version=x",
    ],
)
def test_what_is_not_there_is_not_found(settled, path):
    answer = settled.get(path)
    assert answer.status_code in ((404, 422) if "nonsense?" in path else (404,))
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_before_the_first_constitution(server):
    assert server.get("/v1/constitutions").json() == {"versions": [], "next": None}
    for path in ("constitution/changes", "constitution/guidelines", "constitution/charts/tests"):
        answer = server.get(f"/v1/{path}")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith(":no-constitution")


def test_a_pruned_version_is_gone_and_the_rest_stays(own):
    home = own.server.settings.home
    shutil.rmtree(home / "artifacts" / "constitution" / own.first)
    own.server.app.state.services.artifacts._manifest_at.cache_clear()
    assert [row["version"] for row in own.ask("/v1/constitutions")["versions"]] == [own.second]
    assert own.get(f"/v1/constitutions/{own.first}").status_code == 404
    assert own.ask("/v1/constitution/changes")["previous_version"] == own.first
