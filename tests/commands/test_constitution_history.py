"""`constitution --history`: the status log, whatever happened between a run and its log."""

from __future__ import annotations

import sqlite3
from typing import Any

from home_runs import Home

RUN = ("run", "constitution", "--skip-uncertainty")


def history(home: Home, *options: str) -> list[dict[str, Any]]:
    answer = home.here("constitution", "--history", "--json", *options).succeeded()
    found: list[dict[str, Any]] = answer.json
    return found


def test_history_tells_each_version_and_each_change(small_home: Home):
    first = small_home.here("constitution", "--json").json
    small_home.here(*RUN, "--intercept-threshold", "0.9").succeeded()
    second = small_home.here("constitution", "--json").json
    entries = history(small_home)
    assert [entry["version"] for entry in entries] == [second["version"], first["version"]]
    assert [entry["position"] for entry in entries] == [2, 1]
    assert entries[0]["created_at"] == second["created_at"] > entries[1]["created_at"]
    assert entries[0]["run_id"] == second["provenance"]["run_id"]
    assert entries[0]["changes"]["previous_version"] == first["version"]
    assert entries[0]["rule"]["intercept_threshold"] == 0.9
    assert len(entries[1]["statuses"]) == first["n_guidelines"]
    left = {change["guideline_id"]: change for change in entries[0]["statuses"]}
    assert sorted(left) == first["accepted"] == ["g0", "g1", "g2"]
    assert (entries[0]["counts"]["entered"], entries[0]["counts"]["left"]) == (0, 3)
    change = left["g0"]
    assert (change["status_before"], change["status"]) == ("accepted", "rejected")
    assert change["decided_by"] == "intercept_threshold"
    assert change["margin"] == change["after"]["intercept"] - 0.9 < 0

    shown = small_home.here("constitution", "--history").succeeded().out
    assert shown.index(second["version"]) < shown.index(first["version"])
    assert "The rule changed: intercept_threshold from 0.375 to 0.9." in shown
    assert "g0 (Guideline number 0): accepted -> rejected. Its support across" in shown
    assert "3 of 8 guidelines accepted: 3 entered, 0 left." in shown

    assert [entry["version"] for entry in history(small_home, "--limit", "1")] == [
        second["version"]
    ]
    of_one = history(small_home, "--guideline", "g0")
    assert [[c["status"] for c in entry["statuses"]] for entry in of_one] == [
        ["rejected"], ["accepted"],
    ]  # fmt: skip
    (only_the_first,) = history(small_home, "--guideline", "g7")
    assert only_the_first["version"] == first["version"]
    small_home.here("constitution", "--history", "--guideline", "nobody").failed("'nobody'")
    misused = small_home.here("constitution", "--guideline", "g0")
    assert misused.code == 2
    assert "--history" in misused.err


def test_a_run_that_ended_before_its_log_is_told_and_made_good(small_home: Home):
    small_home.here(*RUN, "--intercept-threshold", "0.9").succeeded()
    whole = history(small_home)
    with sqlite3.connect(small_home.path / "labelaudit.db") as database:
        database.execute("DELETE FROM status_log WHERE position = 2")
        database.execute("DELETE FROM logged_constitutions WHERE position = 2")
    database.close()
    told = small_home.here("constitution", "--history", "--json").succeeded()
    assert told.json == whole
    assert "1 of these constitutions are not stored in the log yet" in told.err
    small_home.here(*RUN).succeeded()
    made_good = small_home.here("constitution", "--history", "--json").succeeded()
    assert made_good.err == ""
    assert made_good.json[1:] == whole
    assert {change["guideline_id"] for change in made_good.json[0]["statuses"]} == {
        "g0", "g1", "g2",
    }  # fmt: skip
