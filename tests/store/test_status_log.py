"""The status log: append-only, in order, and brought up to date from kept constitutions."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelaudit_dagster.artifacts import ArtifactStore, Bundle
from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    constitution_document,
    decide_constitution,
    diff_constitutions,
    replayed_statuses,
)
from labelaudit_dagster.status_history import log_statuses, read_history
from labelaudit_dagster.store import (
    Database,
    DatabaseFullError,
    append_changes,
    find_logged,
    last_logged,
    last_statuses,
    list_changes,
    list_changes_of_status,
    list_logged,
    sqlite_url,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
SOLVER = {"method": "exact", "status": "converged", "loss": 0.1, "kkt": 0, "sweeps": 9,
          "seconds": 0}  # fmt: skip


class Press:
    """Writes constitutions as a run does: from the one that was current when it began."""

    def __init__(self, folder: Path) -> None:
        self.clock = START
        self.store = ArtifactStore(folder, clock=lambda: self.clock)

    def make(self, intercepts: dict[str, float], *, hours: float = 1) -> str:
        """Make a constitution current and return its version."""
        self.clock += timedelta(hours=hours)
        decisions = decide_constitution(
            pd.DataFrame(
                {"guideline_id": list(intercepts), "text": [f"Text of {k}" for k in intercepts]},
                dtype=object,
            ),
            ItemEstimates.from_arrays(
                list(intercepts), n_ratings=[10] * len(intercepts),
                n_helpful=[9] * len(intercepts), intercepts=list(intercepts.values()),
                factors=[0.0] * len(intercepts),
            ),
            AcceptanceRule(),
        )  # fmt: skip
        document = constitution_document(
            decisions, rule=AcceptanceRule(), solver=SOLVER, parameters={}, n_raters=10,
            version="run", created_at=self.clock, provenance={},
        )  # fmt: skip
        before = self.store.current("constitution")
        previous = None
        if before is not None:
            previous = {**self.store.load_json(before, "document"), "version": before.version}
        changes = diff_constitutions(previous, document)
        snapshot = self.store.write("ratings_export", {"at": str(self.clock)})
        made = self.store.write(
            "constitution", Bundle(document=document, changes=changes), inputs=[snapshot]
        )
        return made.version

    def statuses(self) -> dict[str, str]:
        """Return the statuses of the current constitution."""
        ref = self.store.current("constitution")
        rows = self.store.load_json(ref, "document")["guidelines"]
        return {row["guideline_id"]: row["status"] for row in rows}


@pytest.fixture
def press(tmp_path: Path) -> Press:
    return Press(tmp_path / "artifacts")


def replayed(db: Database) -> dict[str, str]:
    return replayed_statuses(reversed(list_changes_of_status(db)))


def test_an_empty_home_has_an_empty_log(db, press, now):
    assert log_statuses(press.store, db, now=now) == 0
    assert (last_logged(db), last_statuses(db), list_logged(db)) == (None, {}, [])
    assert read_history(press.store, db).changes == []
    assert read_history(press.store, None).constitutions == []


def test_each_constitution_is_taken_up_once(db, press, now):
    first = press.make({"a": 0.5, "b": 0.3})
    assert log_statuses(press.store, db, now=now) == 1
    assert log_statuses(press.store, db, now=now) == 0
    second = press.make({"a": 0.3, "b": 0.3, "c\x00ü": 0.5})
    third = press.make({"b": 0.3, "c\x00ü": 0.5})  # not logged: the process ended
    assert log_statuses(press.store, db, now=now) == 2
    assert [row.version for row in list_logged(db)] == [third, second, first]
    assert [row.position for row in list_logged(db, limit=2)] == [3, 2]
    assert list_logged(db, before=2)[0].version == first
    log = list_changes_of_status(db)
    assert [(row.sequence, row.version, row.guideline_id, row.status_before, row.status)
            for row in reversed(log)] == [
        (1, first, "a", None, "accepted"),
        (2, first, "b", None, "rejected"),
        (3, second, "a", "accepted", "rejected"),
        (4, second, "c\x00ü", None, "accepted"),
        (5, third, "a", "rejected", "removed"),
    ]  # fmt: skip
    left = log[2]
    assert left.created_at == START + timedelta(hours=2)
    assert (left.decided_by, left.margin) == ("intercept_threshold", pytest.approx(-0.075))
    assert (left.before["intercept"], left.after["intercept"]) == (0.5, 0.3)
    assert (list_logged(db)[1].counts["entered"], list_logged(db)[1].counts["left"]) == (1, 1)
    assert list_logged(db)[0].rule["intercept_threshold"] == 0.375
    assert [change.subject for change in list_changes(db) if change.kind == "statuses_logged"] == [
        third, second, first,
    ]  # fmt: skip
    assert replayed(db) == press.statuses()


def test_entries_are_found_by_guideline_status_and_time(db, press, now):
    press.make({"a": 0.5, "b": 0.3})
    press.make({"a": 0.3, "b": 0.5})
    log_statuses(press.store, db, now=now)
    assert [row.sequence for row in list_changes_of_status(db, guideline_id="a")] == [3, 1]
    accepted = list_changes_of_status(db, statuses=["accepted"])
    assert [row.guideline_id for row in accepted] == ["b", "a"]
    later = list_changes_of_status(db, since=START + timedelta(hours=2))
    assert [row.sequence for row in later] == [4, 3]
    assert [row.sequence for row in list_changes_of_status(db, before=4, limit=2)] == [3, 2]
    assert last_statuses(db)["a"].status == "rejected"


def test_a_reader_sees_what_is_not_stored_yet_as_it_will_be(db, press, now):
    press.make({"a": 0.5, "b": 0.3})
    log_statuses(press.store, db, now=now)
    press.make({"a": 0.3, "b": 0.3})
    press.make({"b": 0.5})
    shown = read_history(press.store, db)
    assert shown.n_unlogged == 2
    of_one = read_history(press.store, db, guideline_id="b", statuses=["accepted"])
    assert [row.status for row in of_one.changes] == ["accepted"]
    since = read_history(press.store, db, since=START + timedelta(hours=3))
    assert {row.guideline_id for row in since.changes} == {"a", "b"}
    assert len(read_history(press.store, db, limit=3).changes) == 3
    assert [row.position for row in list_logged(db)] == [1]  # nothing was written
    log_statuses(press.store, db, now=now)
    stored = read_history(press.store, db)
    assert (stored.n_unlogged, stored.changes) == (0, shown.changes)
    assert stored.constitutions == shown.constitutions
    assert read_history(press.store, None).changes == shown.changes  # from what is kept alone


def test_the_log_outlives_pruning_and_a_gap_is_closed_from_what_is_kept(db, press, now):
    first = press.make({"a": 0.5, "b": 0.3})
    log_statuses(press.store, db, now=now)
    for intercept in (0.3, 0.5, 0.3):
        press.make({"a": intercept, "b": 0.3})
    last = press.make({"b": 0.5})
    for ref in press.store.versions("constitution")[:-1]:
        shutil.rmtree(Path(press.store.location(ref)))
    press.store._manifest_at.cache_clear()
    assert log_statuses(press.store, db, now=now) == 1
    assert [row.version for row in list_logged(db)] == [last, first]
    removed = list_changes_of_status(db, guideline_id="a")[0]
    # The constitution before is gone, so that the numbers of before are those of the last entry.
    assert (removed.status, removed.before["intercept"]) == ("removed", 0.5)
    assert replayed(db) == press.statuses()


def test_the_order_is_that_of_the_constitutions_whatever_the_clock_says(db, press, now):
    versions = [press.make({"a": 0.5})]
    versions.append(press.make({"a": 0.3}, hours=48))
    versions.append(press.make({"a": 0.5}, hours=-96))
    versions.append(press.make({"a": 0.3}, hours=1))
    log_statuses(press.store, db, now=now)
    assert [row.version for row in reversed(list_logged(db))] == versions
    assert replayed(db) == press.statuses()


def test_two_that_catch_up_at_once_enter_each_constitution_once(db, press, now):
    for intercept in (0.5, 0.3) * 3:
        press.make({"a": intercept, "b": 0.5})
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: log_statuses(press.store, db, now=now), range(4)))
    assert sum(added) == 6
    assert [row.position for row in list_logged(db)] == [6, 5, 4, 3, 2, 1]
    assert [row.sequence for row in list_changes_of_status(db)] == [7, 6, 5, 4, 3, 2, 1]


def test_entries_that_were_made_for_another_end_of_the_log_are_refused(db, press, now):
    version = press.make({"a": 0.5})
    log_statuses(press.store, db, now=now)
    options = {"created_at": now, "rule": {}, "counts": {}, "entries": [], "now": now}
    assert not append_changes(db, "other", after=None, **options)
    assert not append_changes(db, version, after=version, **options)
    assert append_changes(db, "other", after=version, **options)
    assert find_logged(db, "other").position == 2


def test_a_failure_between_two_constitutions_keeps_the_first(db, press, now, monkeypatch):
    from labelaudit_dagster import store

    press.make({"a": 0.5})
    press.make({"a": 0.3})
    whole, calls = store.append_changes, []

    def fail_later(*args, **options):
        calls.append(args)
        if len(calls) == 2:
            raise DatabaseFullError("full")
        return whole(*args, **options)

    monkeypatch.setattr(store, "append_changes", fail_later)
    with pytest.raises(DatabaseFullError):
        log_statuses(press.store, db, now=now)
    monkeypatch.undo()
    assert [row.position for row in list_logged(db)] == [1]
    assert log_statuses(press.store, db, now=now) == 1
    assert replayed(db) == press.statuses()


LIVES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from([0.3, 0.375, 0.5]), min_size=1),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(life=LIVES)
def test_whatever_was_left_out_replaying_gives_the_current_statuses(life, tmp_path_factory, now):
    folder = tmp_path_factory.mktemp("life")
    press = Press(folder / "artifacts")
    with Database.open(sqlite_url(folder / "labelaudit.db")) as db:
        for intercepts, logged in life:
            press.make(intercepts)
            if logged:
                log_statuses(press.store, db, now=now)
                assert replayed(db) == press.statuses()
        shown = [asdict(row) for row in read_history(press.store, db).changes]
        log_statuses(press.store, db, now=now)
        assert replayed(db) == press.statuses()
        assert [asdict(row) for row in list_changes_of_status(db)] == shown
