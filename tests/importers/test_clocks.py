"""Times of sources under a clock that is wrong, in zones of all kinds, across daylight saving."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from labelaudit_dagster.importers import RatingColumns, read_export, read_polis, read_ratings

COLUMNS = RatingColumns(rater="rater", item="item", rating="rating", text="text", time="time")
NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
STEPS = [timedelta(), timedelta(hours=48), timedelta(hours=-48)]

AGES = [timedelta(hours=hours) for hours in (-72, -50, -47, -24, 0, 24, 47, 50, 72)]
"""When each of the ratings was given, from `NOW`."""


def export_of(moments: list[str | int]) -> bytes:
    """Return an export with one rating of each time, by a person each."""
    people = [f"u{i}" for i in range(len(moments))]
    return json.dumps(
        {
            "topics": [],
            "guidelines": [{"id": "g", "value": "Be kind.", "embeddings": [], "intercept": None}],
            "users": [{"id": key, "embeddings": [], "intercept": None} for key in people],
            "ratings": [
                {"authorId": key, "guidelineId": "g", "rating": "helpful", "createdAt": moment}
                for key, moment in zip(people, moments, strict=True)
            ],
            "mu": None,
        }
    ).encode()


def polis_of(moments: list[datetime]) -> tuple[bytes, bytes]:
    """Return a Polis conversation with one vote of each time, by a person each."""
    comments = "timestamp,comment-id,author-id,agrees,disagrees,moderated,comment-body\n"
    votes = "timestamp,datetime,comment-id,voter-id,vote\n" + "".join(
        f"{int(moment.timestamp() * 1000)},x,0,v{i},1\n" for i, moment in enumerate(moments)
    )
    row = f"1000,0,a,{len(moments)},0,1,Be kind.\n"
    return (comments + row).encode(), votes.encode()


def table_of(moments: list[str]) -> bytes:
    """Return a ratings table with one rating of each time, by a person each."""
    rows = [f"r{i},c{i % 3},text {i % 3},{i % 5},{moment}" for i, moment in enumerate(moments)]
    return ("\n".join(["rater,item,text,rating,time", *rows]) + "\n").encode()


@pytest.mark.parametrize("step", STEPS, ids=["right", "ahead", "behind"])
def test_a_time_that_our_clock_has_not_reached_is_quarantined_and_counted(step: timedelta) -> None:
    now = NOW + step
    moments = [NOW + age for age in AGES] + [now + timedelta(minutes=5)]
    moments.append(now + timedelta(minutes=5, microseconds=1000))
    future = sum(moment > now + timedelta(minutes=5) for moment in moments)
    assert future >= 1
    texts = [moment.isoformat() for moment in moments]
    found = {
        "export": read_export(export_of(texts), now=now),
        "polis": read_polis(*polis_of(moments), now=now),
        "table": read_ratings(table_of(texts), columns=COLUMNS, now=now, name="t.csv"),
    }
    for name, tables in found.items():
        table = "comment_ratings" if name == "table" else "guideline_ratings"
        counts = tables.counts[table]
        assert (tables.quarantine["reason"] == "future_time").sum() == future, name
        assert counts.rows_in == counts.rows_kept + counts.rows_quarantined == len(moments), name
        assert counts.rows_quarantined == future, name


def test_what_was_in_the_future_is_kept_once_the_clock_is_right() -> None:
    source = export_of([NOW.isoformat()])
    behind = read_export(source, now=NOW - timedelta(hours=48))
    assert behind.guideline_ratings.empty
    assert len(read_export(source, now=NOW).guideline_ratings) == 1


def test_a_time_without_a_zone_is_utc_and_one_that_is_none_is_dropped_with_a_warning() -> None:
    texts = ["2026-03-08T02:30:00", "2026-03-08T02:30:00Z", "2026-03-07T21:30:00-05:00"]
    community = read_export(export_of([*texts, "yesterday", "2026-13-45", {}]), now=NOW)
    times = community.guideline_ratings["rated_at"]
    assert set(times.dropna()) == {pd.Timestamp("2026-03-08T02:30:00Z")}
    assert len(times) == 6
    assert community.warnings == {"invalid_time": 3}


SCRIPT = """
import json, sys
from datetime import UTC, datetime
from io import BytesIO
sys.path.insert(0, sys.argv[1])
from test_clocks import COLUMNS, export_of, polis_of, table_of, awkward_moments
from labelaudit_dagster.importers import read_export, read_polis, read_ratings, write_export
from labelaudit_dagster.store import (
    Database, create_invitation, import_community, list_changes, load_community, redeem_invitation,
    sqlite_url,
)
now = datetime(2026, 12, 1, tzinfo=UTC)
texts, moments = awkward_moments()
export = read_export(export_of(texts), now=now, name="x")
polis = read_polis(*polis_of(moments), now=now)
table = read_ratings(table_of(texts), columns=COLUMNS, now=now, name="t.csv")
shown = [str(export.guideline_ratings), str(polis.guideline_ratings), str(table.comment_ratings)]
shown += [export.warnings, polis.warnings, table.warnings]
with Database.open(sqlite_url(sys.argv[2])) as db:
    import_community(db, export, now=moments[0])
    buffer = BytesIO()
    write_export(load_community(db).community, buffer)
    _, link = create_invitation(db, "participant", "ann", None, moments[0])
    session, _ = redeem_invitation(db, link, moments[0])
    shown += [buffer.getvalue().decode(), str(session.expires_at), str(list_changes(db)[0].at)]
print(json.dumps(shown))
"""


def awkward_moments() -> tuple[list[str], list[datetime]]:
    """Return times around both changes of New York's clocks, as text and as moments.

    On 2026-03-08 there is no 02:30 there, on 2026-11-01 there is 01:30 twice.
    """
    texts, moments = [], []
    for day in ("2026-03-08", "2026-11-01"):
        for hour in range(9):
            text = f"{day}T{hour:02d}:30:00"
            texts += [text, f"{text}-05:00", f"{text}-04:00", f"{text}Z"]
            moments.append(datetime.fromisoformat(f"{text}+00:00"))
    return texts, moments


def test_the_zone_of_the_machine_does_not_matter(tmp_path: Path) -> None:
    answers = []
    for zone in ("UTC", "America/New_York"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, str(Path(__file__).parent),
             str(tmp_path / f"{zone.replace('/', '-')}.db")],
            env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    export = json.loads(answers[0][6])
    given = {row["authorId"]: row["createdAt"] for row in export["ratings"]}
    texts, _ = awkward_moments()
    for place, text in enumerate(texts):
        wanted = datetime.fromisoformat(text)
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
        assert datetime.fromisoformat(given[f"u{place}"]) == wanted


def test_a_clock_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 8)
    with pytest.raises(ValueError, match="time zone"):
        read_export(BytesIO(export_of([])), now=naive)
