"""Inertia, the second churn limit and the status log in homes, driven by the command."""

from __future__ import annotations

import signal
from typing import Any

from forked_commands import Home
from made_constitutions import START

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.publishing import in_force
from labelaudit_dagster.status_history import log_statuses
from labelaudit_dagster.store import Database, list_logged


def whole(home: Home) -> dict[str, Any]:
    document: dict[str, Any] = home.run("constitution", "--json", "--all").succeeded().json
    return document


def row_of(document: dict[str, Any], guideline_id: str) -> dict[str, Any]:
    return next(row for row in document["guidelines"] if row["guideline_id"] == guideline_id)


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    left_out = ("version", "created_at", "provenance")
    plain = {key: value for key, value in document.items() if key not in left_out}
    return {**plain, "solver": {**plain["solver"], "seconds": 0}}


def test_what_is_published_is_kept_and_nothing_else_counts(made_home: Home) -> None:
    first = whole(made_home)
    rows = [row_of(first, key) for key in first["accepted"]]
    weakest = min(rows, key=lambda row: row["intercept"])
    key, above = weakest["guideline_id"], str(weakest["intercept"] + 0.005)
    options = ("--intercept-threshold", above, "--inertia", "0.01")

    # Nothing is published yet, so that nothing is kept.
    made_home.compute(*options).succeeded()
    unpublished = whole(made_home)
    assert row_of(unpublished, key)["status"] == "rejected"
    assert unpublished["provenance"]["inertia_from"] == {"publication": None, "version": None}

    made_home.compute("--publish").succeeded()
    published = whole(made_home)
    assert "inertia_from" not in published["provenance"]
    assert comparable(published) == comparable(first)
    made_home.compute("--intercept-threshold", above).succeeded()  # a trial: it leaves no trace
    assert row_of(whole(made_home), key)["status"] == "rejected"
    made_home.compute(*options).succeeded()
    kept = whole(made_home)
    assert (row_of(kept, key)["status"], row_of(kept, key)["kept_by_inertia"]) == ("accepted", True)
    assert "it is kept" in row_of(kept, key)["reasons"][2]["sentence"]
    assert kept["provenance"]["inertia_from"] == {
        "publication": 1, "version": published["version"],
    }  # fmt: skip
    assert kept["parameters"]["inertia"] == 0.01
    assert kept["provenance"]["ratings_sha256"] == published["provenance"]["ratings_sha256"]
    made_home.compute(*options).succeeded()
    assert comparable(whole(made_home)) == comparable(kept)

    # Beyond the band it leaves; no rating has changed, so that a person has to look at it.
    beyond = str(weakest["intercept"] + 0.02)
    held = made_home.compute(
        "--intercept-threshold", beyond, "--inertia", "0.01", "--publish", "--json"
    )
    assert held.code == 3
    assert key not in held.json["accepted"]
    (reason,) = held.json["publication"]["held_because"]
    assert "no rating has changed since the last publication" in reason


def test_a_run_that_is_killed_before_its_log_is_made_good_by_the_next(made_home: Home) -> None:
    death = ("labelaudit_dagster.assets.constitution", "log_statuses", "before", 1)
    died = made_home.compute("--intercept-threshold", "0.9", die=death)
    assert died.code == -signal.SIGKILL
    current = whole(made_home)
    shown = made_home.run("constitution", "--history", "--json").succeeded().json
    assert shown[0]["version"] == current["version"]
    with Database.open(made_home.database_url) as database:
        assert len(list_logged(database)) == 1
    made_home.compute().succeeded()
    with Database.open(made_home.database_url) as database:
        logged = [row.version for row in list_logged(database)]
        assert logged == [whole(made_home)["version"], current["version"], shown[1]["version"]]
        store = ArtifactStore(str(made_home.path / "artifacts"))
        assert log_statuses(store, database, now=START) == 0
    again = made_home.run("constitution", "--history", "--json").succeeded().json
    assert again[1:] == shown


def test_a_document_that_does_not_name_its_ratings_is_judged_by_its_matrix(desk) -> None:
    """As documents of earlier versions of the program."""
    import pandas as pd

    ratings = pd.DataFrame(
        {"participant_id": ["u", "v"], "guideline_id": ["a", "b"], "helpful": [True, False]}
    )
    matrices = [
        desk.store.write("response_matrix", _bundle(ResponseMatrix.from_ratings(frame)))
        for frame in (ratings, ratings.iloc[::-1], ratings.assign(helpful=True))
    ]
    limits = {"churn_limit": 0.5, "churn_limit_unchanged": 0.0}
    desk.make("abcd", inputs=[matrices[0]])
    assert desk.publish(**limits).state == "sent"
    assert in_force(desk.database, desk.target.name).accepted == set("abcd")
    desk.make("abc", inputs=[matrices[1]])
    assert desk.publish(**limits).state == "held"
    desk.make("abc", inputs=[matrices[2]])
    assert desk.publish(**limits).state == "sent"


def _bundle(matrix: ResponseMatrix) -> Any:
    from labelaudit_dagster.artifacts import Bundle

    return Bundle(matrix.members())
