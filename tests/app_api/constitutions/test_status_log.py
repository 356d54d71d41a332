"""The status log over HTTP: pages, filters, tables, charts, and what a run left out of it."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

AWKWARD = 'g/1 ü, "quoted"'
LOG = "/v1/constitution/history"
OF_AWKWARD = f"/v1/constitution/guidelines/{quote(AWKWARD, safe='')}/history"


def test_the_log_tells_what_changed_and_why(settled):
    log = settled.ask(LOG, params={"limit": 1000})
    assert log["next"] is None
    changes = log["changes"]
    assert [row["sequence"] for row in changes] == list(range(len(changes), 0, -1))
    document = settled.ask("/v1/constitution")
    first = [row for row in changes if row["version"] == settled.first]
    assert len(first) == len(settled.ask(f"/v1/constitutions/{settled.first}")["guidelines"])
    assert all(row["status_before"] is None for row in first)
    replayed = {row["guideline_id"]: row["status"] for row in reversed(changes)}
    assert replayed == {row["guideline_id"]: row["status"] for row in document["guidelines"]}

    left, entered = settled.ask(OF_AWKWARD)["changes"]
    assert (left["version"], entered["version"]) == (settled.second, settled.first)
    assert (left["status_before"], left["status"]) == ("accepted", "rejected")
    assert (left["decided_by"], left["margin"]) == ("min_support", pytest.approx(-0.3))
    assert (left["raw_support_before"], left["raw_support"]) == (1.0, 0.5)
    assert left["created_at"].endswith("Z")
    assert left["text"] == "=cmd|' /C calc'!A0"
    assert left in changes


def test_the_log_comes_in_pages_and_filtered(settled):
    whole = settled.ask(LOG, params={"limit": 1000})["changes"]
    found, after = [], None
    while True:
        page = settled.ask(LOG, params={"limit": 40, **({"after": after} if after else {})})
        found += page["changes"]
        after = page["next"]
        if after is None:
            break
    assert found == whole
    rejected = settled.ask(LOG, params={"status": "rejected", "limit": 1000})["changes"]
    assert rejected == [row for row in whole if row["status"] == "rejected"]
    two = settled.ask(LOG, params={"status": ["accepted", "removed"], "limit": 1000})["changes"]
    assert two == [row for row in whole if row["status"] in ("accepted", "removed")]
    one = settled.ask(LOG, params={"guideline": AWKWARD})
    assert one == settled.ask(OF_AWKWARD)
    newest = whole[0]["created_at"]
    later = settled.ask(LOG, params={"since": newest, "limit": 1000})["changes"]
    assert later == [row for row in whole if row["created_at"] >= newest]
    naive = settled.ask(LOG, params={"since": newest.removesuffix("Z"), "limit": 1000})
    assert naive["changes"] == later
    assert settled.ask(LOG, params={"since": "2999-01-01T00:00:00Z"}) == {
        "changes": [], "next": None,
    }  # fmt: skip
    assert settled.ask(LOG, params={"guideline": "nobody"})["changes"] == []


def test_the_log_is_a_table_too(settled):
    answer = settled.get(LOG, params={"format": "csv", "guideline": AWKWARD})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["status"] for row in rows] == ["rejected", "accepted"]
    assert rows[0]["text"].startswith("'=")
    parquet = settled.get(LOG, headers={"Accept": "application/vnd.apache.parquet"},
                          params={"limit": 2})  # fmt: skip
    table = pq.read_table(io.BytesIO(parquet.content))
    assert table.num_rows == 2
    assert str(table.schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    assert parquet.headers["X-Next-After"] == str(table.column("sequence")[1].as_py())
    empty = settled.get(LOG, params={"format": "parquet", "guideline": "nobody"})
    assert pq.read_table(io.BytesIO(empty.content)).schema == table.schema
    held = settled.get(LOG, headers={"If-None-Match": settled.get(LOG).headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


@pytest.mark.parametrize(
    "query", ["status=nonsense", "since=yesterday", "after=0", "limit=0", "limit=1001",
              "since=0001-01-01T00:00:00%2B23:00"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(settled, query):
    answer = settled.get(f"{LOG}?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json()["errors"][0]["field"]


def test_a_guideline_that_nobody_knew_is_not_found(settled):
    for path in ("guidelines/nobody/history", "charts/history/nobody"):
        assert settled.get(f"/v1/constitution/{path}").status_code == 404


def test_charts_over_time(settled):
    versions = settled.ask("/v1/constitution/charts/history")
    counts = next(rows for rows in versions["datasets"].values() if "way" not in rows[0])
    assert [row["position"] for row in counts] == [1, 2]
    assert counts[1]["accepted"] == len(settled.ask("/v1/constitution")["accepted"])
    one = settled.ask(f"/v1/constitution/charts/history/{quote(AWKWARD, safe='')}")
    (rows,) = one["datasets"].values()
    assert [row["status"] for row in rows] == ["accepted", "rejected"]
    assert rows[0]["low"] < rows[0]["intercept"] < rows[0]["high"]  # the first has its uncertainty
    assert rows[1]["low"] is None
    assert rows[0]["threshold"] == 0.375


def test_before_the_first_constitution(server):
    assert server.get(LOG).json() == {"changes": [], "next": None}
    assert "There is no constitution yet" in server.get("/v1/constitution/charts/history").text


def test_a_reader_enters_what_a_run_left_out(own):
    whole = own.ask(LOG, params={"limit": 1000})
    with own.server.database.exclusive() as connection:
        connection.execute(text("DELETE FROM status_log WHERE position = 2"))
        connection.execute(text("DELETE FROM logged_constitutions WHERE position = 2"))
    assert own.ask(LOG, params={"limit": 1000}) == whole
    with own.server.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM logged_constitutions")) == 2


def test_the_log_outlives_its_constitutions(own):
    import shutil

    chart = f"/v1/constitution/charts/history/{quote(AWKWARD, safe='')}"
    whole = own.ask(LOG, params={"limit": 1000})
    shutil.rmtree(own.server.settings.home / "artifacts" / "constitution" / own.first)
    own.server.app.state.services.artifacts._manifest_at.cache_clear()
    assert own.ask(LOG, params={"limit": 1000}) == whole
    (rows,) = own.ask(chart)["datasets"].values()
    # From the log: the status that it changed, and the numbers of then.
    assert [row["status"] for row in rows] == ["accepted", "rejected"]
    assert json.dumps(rows[0]["low"]) == "null"
