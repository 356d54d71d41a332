"""The public data sets import with exactly these counts; docs/data.md explains them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from labelaudit_dagster.importers import (
    Community,
    polis_files,
    read_export,
    read_polis,
    same_source,
    write_export,
)

pytestmark = pytest.mark.realdata
NOW = datetime(2026, 6, 1, tzinfo=UTC)

# Folder: (kept, quarantined) participants and guidelines, (in, kept, quarantined, passed) votes.
LONG = {
    "polis-seattle-15-per-hour": ((339, 0), (31, 23), (2336, 2257, 79, 659)),
    "polis-vtaiwan-uberx": ((1921, 0), (119, 78), (43373, 42830, 543, 6624)),
}
WIDE = {
    "ccai": ((1002, 0), (275, 0), (31821, 31821, 0, 2742)),
    "polis-seattle-15-per-hour": ((339, 0), (31, 23), (2280, 2257, 23, 592)),
    "polis-vtaiwan-uberx": ((1921, 0), (119, 78), (42923, 42830, 93, 6520)),
}
VOTE_REASONS = {
    "polis-seattle-15-per-hour": {"moderated": 23, "superseded": 56},
    "polis-vtaiwan-uberx": {"moderated": 111, "superseded": 432},
}


def read_folder(folder: Path, *, long: bool = True, wide: bool = True, **options) -> Community:
    files = polis_files(folder)
    return read_polis(
        files.comments.read_bytes(),
        files.votes.read_bytes() if long and files.votes else None,
        files.participants_votes.read_bytes() if wide and files.participants_votes else None,
        files.summary.read_bytes() if files.summary else None,
        now=NOW,
        **options,
    )


def counts_of(community: Community):
    people, items, votes = (
        community.counts[name] for name in ("participants", "guidelines", "guideline_ratings")
    )
    return (
        (people.rows_kept, people.rows_quarantined),
        (items.rows_kept, items.rows_quarantined),
        (votes.rows_in, votes.rows_kept, votes.rows_quarantined, votes.rows_passed),
    )


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("with_wide", [True, False])
def test_long_votes(data_root: Path, name: str, with_wide: bool):
    community = read_folder(data_root / name, wide=with_wide)
    community.validate()
    assert counts_of(community) == LONG[name]
    assert community.warnings == {}
    votes = community.quarantine[community.quarantine["table"] == "guideline_ratings"]
    assert votes["reason"].value_counts().to_dict() == VOTE_REASONS[name]


@pytest.mark.parametrize("name", WIDE)
def test_wide_votes(data_root: Path, name: str):
    community = read_folder(data_root / name, long=False)
    community.validate()
    assert counts_of(community) == WIDE[name]
    assert community.warnings == {}


@pytest.mark.parametrize("name", LONG)
def test_long_and_wide_hold_the_same_ratings(data_root: Path, name: str):
    long = read_folder(data_root / name, include_moderated=True)
    wide = read_folder(data_root / name, long=False, include_moderated=True)
    columns = ["participant_id", "guideline_id", "helpful"]
    assert long.guideline_ratings[columns].equals(wide.guideline_ratings[columns])
    assert long.participants.equals(wide.participants)


@pytest.mark.parametrize("name", LONG)
def test_numbers_of_the_summary(data_root: Path, name: str):
    summary = pd.read_csv(data_root / name / "summary.csv", header=None, index_col=0)[1]
    community = read_folder(data_root / name)
    assert community.counts["participants"].rows_kept == int(summary["voters"])
    assert community.counts["guidelines"].rows_in == int(summary["comments"])
    assert community.identity.name == summary["url"]
    assert community.topics["title"].tolist() == [summary["topic"]]


def test_ccai_export_holds_the_votes_of_the_ccai_folder(data_root: Path):
    content = (data_root / "energize" / "export-ccai.json").read_bytes()
    export = read_export(content, now=NOW)
    export.validate()
    assert counts_of(export) == ((1002, 0), (275, 0), (31821, 31821, 0, 0))
    assert export.published is None
    assert export.warnings == {}
    folder = read_folder(data_root / "ccai").guideline_ratings
    renamed = folder.assign(
        participant_id="user-" + folder["participant_id"],
        guideline_id="guideline-" + folder["guideline_id"],
    ).sort_values(["participant_id", "guideline_id"], ignore_index=True)
    assert renamed.equals(export.guideline_ratings)


@pytest.mark.parametrize("name", WIDE)
def test_round_trip_through_an_export(data_root: Path, name: str):
    community = read_folder(data_root / name)
    stream = io.BytesIO()
    write_export(community, stream)
    back = read_export(stream.getvalue(), now=NOW)
    assert back.equals(community)
    assert same_source(back.identity, community.identity)


def test_conversations_are_told_apart(data_root: Path):
    communities = [read_folder(data_root / name) for name in WIDE]
    for i, first in enumerate(communities):
        for j, second in enumerate(communities):
            assert same_source(first.identity, second.identity) == (i == j)


def test_import_time_of_vtaiwan(data_root: Path):
    folder = data_root / "polis-vtaiwan-uberx"
    read_folder(folder)  # loads modules
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        read_folder(folder)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1.0


def test_counts_do_not_depend_on_hash_seeds(data_root: Path):
    script = (
        "import sys, hashlib, io; from pathlib import Path; from datetime import UTC, datetime\n"
        "from labelaudit_dagster.importers import *\n"
        "folder = Path(sys.argv[1])\n"
        "community = read_polis((folder / 'comments.csv').read_bytes(),"
        " (folder / 'votes.csv').read_bytes(), now=datetime(2026, 6, 1, tzinfo=UTC))\n"
        "stream = io.BytesIO(); write_export(community, stream)\n"
        "print(hashlib.sha256(stream.getvalue()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(data_root / "polis-seattle-15-per-hour")],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
