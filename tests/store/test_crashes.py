"""Real processes: many writers at once, and writers killed at random moments."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    current_labels,
    import_community,
    import_corpus,
    list_changes,
    load_community,
)

RATER = """
import sys
from datetime import UTC, datetime
from labelaudit_dagster.store import Database, add_rating
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Database.open(url) as db:
    for number in range(count):
        add_rating(db, f"{name}-{number}", "g0", number % 2 == 0, now=datetime.now(UTC))
        print(f"{name}-{number}", flush=True)
"""

IMPORTER = """
import sys
from datetime import UTC, datetime
import pandas as pd
from labelaudit_dagster.importers import *
from labelaudit_dagster.store import Database, import_community

def community(generation, rows):
    participants = [f"p{i:05d}" for i in range(rows)]
    frames = {
        "participants": pd.DataFrame({"participant_id": pd.Series(participants, dtype="str")}),
        "topics": empty_table("topics"),
        "guidelines": pd.DataFrame({
            "guideline_id": pd.Series(["g0", "g1"], dtype="str"),
            "topic_id": pd.Series([None, None], dtype="str"),
            "text": pd.Series(["text of g0", "text of g1"], dtype="str"),
            "author_id": pd.Series([None, None], dtype="str"),
            "created_at": pd.Series([None, None], dtype="datetime64[us, UTC]"),
        }),
        "guideline_ratings": pd.DataFrame({
            "participant_id": pd.Series(participants, dtype="str"),
            "guideline_id": pd.Series(["g1"] * rows, dtype="str"),
            "helpful": [generation % 2 == 0] * rows,
            "rated_at": pd.Series([None] * rows, dtype="datetime64[us, UTC]"),
        }),
    }
    return Community(
        **frames,
        quarantine=empty_table("quarantine"),
        counts={name: TableCounts(len(f), len(f), 0) for name, f in frames.items()},
        identity=SourceIdentity("polis", "https://pol.is/first", ()),
    )

url, rows, generations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with Database.open(url) as db:
    print("open", flush=True)
    for generation in range(generations):
        import_community(db, community(generation, rows), now=datetime.now(UTC))
        print(generation, flush=True)
"""


def _start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _check_nothing_torn(db: Database) -> None:
    with db.read() as connection:
        if db.dialect == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        pairs = text(
            "SELECT count(*) FROM (SELECT 1 FROM ratings WHERE ended_change IS NULL "
            "GROUP BY participant_key, guideline_key HAVING count(*) > 1) AS doubles"
        )
        assert connection.scalar(pairs) == 0
        strays = text(
            "SELECT count(*) FROM ratings WHERE recorded_change NOT IN "
            "(SELECT sequence FROM changes)"
        )
        assert connection.scalar(strays) == 0


@pytest.fixture
def filled_url(database_url: str, make_community, now) -> str:
    with Database.open(database_url) as db:
        community = make_community([("a", "g0", True, None)], texts={"g1": "text of g1"})
        import_community(db, community, now=now)
    return database_url


def test_many_processes_write_at_once(filled_url: str) -> None:
    count, rows, generations = 40, 3000, 4
    processes = [_start(RATER, filled_url, name, count) for name in "xyz"]
    processes.append(_start(IMPORTER, filled_url, rows, generations))
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, outputs
    with Database.open(filled_url) as db:
        _check_nothing_torn(db)
        ratings = load_community(db).community.guideline_ratings
        assert len(ratings) == 3 * count + rows
        assert not ratings.loc[ratings["guideline_id"] == "g1", "helpful"].any()
        log = list_changes(db, limit=1000)
        assert [change.sequence for change in log] == list(range(len(log), 0, -1))
        assert sum(change.kind == "rating_added" for change in log) == 3 * count
        assert log[-1].kind == "community_imported"


def test_killed_raters_lose_nothing_acknowledged(filled_url: str) -> None:
    seeded = random.Random(3)
    acknowledged: set[str] = set()
    for attempt in range(5):
        process = _start(RATER, filled_url, f"k{attempt}", 10**6)
        assert process.stdout is not None
        for _ in range(seeded.randrange(1, 30)):
            acknowledged.add(process.stdout.readline().strip())
        time.sleep(seeded.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        # The last line may be cut off by the kill; what is whole was acknowledged.
        acknowledged.update(line.strip() for line in rest.splitlines(keepends=True)
                            if line.endswith("\n"))  # fmt: skip
        assert process.returncode == -signal.SIGKILL
        with Database.open(filled_url) as db:
            _check_nothing_torn(db)
            people = set(load_community(db).community.guideline_ratings["participant_id"])
        assert acknowledged <= people
        # At most the one that was being stored when the process died is there besides.
        assert len(people - acknowledged - {"a"}) <= attempt + 1


def test_killed_imports_leave_all_or_nothing(filled_url: str) -> None:
    seeded = random.Random(4)
    rows, finished = 10_000, 0
    for attempt in range(6):
        process = _start(IMPORTER, filled_url, rows, 10**6)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        # From the third attempt on one or two imports are waited for before the kill.
        acknowledged = 0
        for _ in range(min(attempt // 2, 2)):
            acknowledged = int(process.stdout.readline()) + 1
        time.sleep(seeded.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        with Database.open(filled_url) as db:
            _check_nothing_torn(db)
            stored = load_community(db)
            log = list_changes(db, limit=10**6)
        ratings = stored.community.guideline_ratings
        imported = ratings.loc[ratings["guideline_id"] == "g1", "helpful"]
        imports = len(log) - 1
        assert imports >= finished + acknowledged
        finished = imports
        if finished:
            assert (len(imported), len(ratings)) == (rows, rows)
            assert imported.nunique() == 1
        else:
            assert len(ratings) == 1
        altering = [change.sequence for change in log if change.alters_community]
        assert altering[0] == stored.fingerprint.sequence
    assert finished >= 6


LABELLER = """
import sys
from datetime import UTC, datetime
from labelaudit_dagster.store import Database, Label, add_labels
url, name = sys.argv[1], sys.argv[2]
with Database.open(url) as db:
    for number in range(10**6):
        batch = [Label(0, float(number % 5)), Label(1, float(-(number + 1) % 5))]
        receipt = add_labels(db, name, "m", batch, now=datetime.now(UTC))
        print(receipt.sequence, number, flush=True)
"""


def test_killed_labellers_lose_nothing_acknowledged(database_url: str, make_corpus, now) -> None:
    seeded = random.Random(5)
    with Database.open(database_url) as db:
        import_corpus(db, make_corpus({0: "zero", 1: "one"}), now=now)
    for attempt in range(3):
        name, other = f"k{attempt}", f"other{attempt}"
        processes = [_start(LABELLER, database_url, who) for who in (name, other)]
        heard = [processes[0].stdout.readline() for _ in range(seeded.randrange(1, 20))]
        time.sleep(seeded.random() * 0.01)
        outputs = {}
        for who, process in zip((name, other), processes, strict=True):
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate(timeout=30)
            # The last line may be cut off by the kill; what is whole was acknowledged.
            whole = [line for line in rest.splitlines(keepends=True) if line[-1] == "\n"]
            outputs[who] = [*heard, *whole] if who == name else whole
        assert outputs[name]
        with Database.open(database_url) as db:
            for who, lines in outputs.items():
                if not lines:
                    continue
                sequence, number = map(int, lines[-1].split())
                # The acknowledged batch is there whole, at its number; a later one may be.
                acknowledged = current_labels(db, who, up_to=sequence)["rating"].tolist()
                assert acknowledged == [number % 5, -(number + 1) % 5]
            with db.read() as connection:
                halves = text(
                    "SELECT count(*) FROM (SELECT 1 FROM labels GROUP BY recorded_change "
                    "HAVING count(*) <> 2) AS torn"
                )
                assert connection.scalar(halves) == 0
