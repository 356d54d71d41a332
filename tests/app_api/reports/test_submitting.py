"""Handing reports to AVID: no success without a confirmation, nothing twice, nothing lost."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[2] / "auditing" / "reports" / "avid_report_schema.json"
AVID = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
KEY = "ak-live/Ab+9<z>&'exxxxxxxxxxxx"


@pytest.fixture(autouse=True)
def _fresh(avid):
    avid.prepare([])


@pytest.fixture
def written(site, complete, request) -> dict[str, Any]:
    """A complete report that no other test has, since the same content is sent once."""
    return site.write(**{**complete, "title": f"For {request.node.name}"}).json()


def test_a_report_is_sent_and_its_receipt_kept(site, avid, written):
    answer = site.submit(written["report_id"], name="Ann", email="ann@example.org")
    assert answer.status_code == 200, answer.text
    (done,) = answer.json()["submitted"]
    assert done["report_id"] == written["report_id"]
    assert (done["submission_id"], done["was_submitted_before"]) == ("avid-1", False)
    (request,) = avid.requests
    assert (request.method, request.path) == ("POST", "/prod/submit")
    assert request.headers["authorization"] == KEY
    document = json.loads(request.body)
    AVID.validate(document)
    assert document["credit"] == [{"lang": "eng", "value": "Ann <ann@example.org>"}]
    assert document["affects"]["artifacts"][0]["name"] == "Forum filter 3"
    assert len(document["metrics"]) == 2
    last = site.get("/submissions").json()["submissions"][-1]
    assert last["succeeded"] is True
    assert last["submission_id"] == "avid-1"
    assert last["report_ids"] == [written["report_id"]]
    assert last["target"] == f"{avid.origin}/prod/submit"


def test_the_document_can_be_looked_at_before(site, avid, written):
    answer = site.get(f"/reports/{written['report_id']}/avid")
    AVID.validate(answer.json())
    assert "credit" not in answer.json()
    assert avid.requests == []
    site.submit(written["report_id"])
    assert avid.documents == [answer.json()]


def test_the_same_content_is_sent_once(site, avid, written):
    first = site.submit(written["report_id"]).json()["submitted"][0]
    again = site.submit(written["report_id"]).json()["submitted"][0]
    assert again == {**first, "was_submitted_before": True}
    assert len(avid.requests) == 1
    # What was changed is another report for AVID.
    site.save(written["report_id"], "*", **{**written["report"], "text_entry": "More of it."})
    assert site.submit(written["report_id"]).json()["submitted"][0]["was_submitted_before"] is False
    keys = [request.headers["idempotency-key"] for request in avid.requests]
    assert len(keys) == len(set(keys)) == 2


def test_two_clicks_send_one_report(site, avid, written):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.submit(written["report_id"]), range(4)))
    assert {one.status_code for one in answers} <= {200, 503}
    assert 200 in {one.status_code for one in answers}
    assert all("Retry-After" in one.headers for one in answers if one.status_code == 503)
    assert len(avid.requests) == 1


@pytest.mark.parametrize("fault", ["error_503", "lost_reply", "retry_after_seconds", "cut_length"])
def test_passing_faults_are_survived_with_the_same_key(site, avid, written, fault):
    avid.prepare([fault])
    assert site.submit(written["report_id"]).status_code == 200
    assert len(avid.requests) == 2
    assert len({request.headers["idempotency-key"] for request in avid.requests}) == 1


@pytest.mark.parametrize(
    ("fault", "unsure"),
    [
        ("html_200", True),
        ("status_401", False),
        ("status_422", False),
        ("json_list", True),
        ("empty_200", True),
        ("retry_after_day", False),
        ("redirect_to_stranger", False),
    ],
)
def test_no_success_without_a_confirmation(site, avid, written, fault, unsure):
    avid.prepare([fault])
    answer = site.submit(written["report_id"])
    assert answer.status_code == 502
    problem = answer.json()
    assert problem["type"] == "urn:labelaudit:problem:submission-failed"
    assert '"success"' not in answer.text
    assert KEY not in answer.text
    assert avid.origin not in answer.text
    assert ("may have taken" in problem["detail"]) == unsure
    assert "nothing was confirmed" in problem["detail"]
    waits = answer.headers.get("Retry-After", "")
    assert waits.endswith(" GMT") == (fault == "retry_after_day")
    last = site.get("/submissions").json()["submissions"][-1]
    assert last["succeeded"] is False
    assert last["submission_id"] is None
    assert last["may_have_been_applied"] == unsure
    assert KEY not in json.dumps(last)
    # And when the other side is well again, the same key settles it.
    key = avid.requests[0].headers["idempotency-key"]
    avid.prepare([])
    assert site.submit(written["report_id"]).status_code == 200
    assert avid.requests[0].headers["idempotency-key"] == key


def test_of_several_those_before_the_failure_are_kept(site, avid, complete):
    ids = [
        site.write(**{**complete, "title": f"one of three, {n}"}).json()["report_id"]
        for n in range(3)
    ]
    avid.prepare(["ok", "status_422"])
    failed = site.submit(*ids)
    assert failed.status_code == 502
    assert "report 2 of 3" in failed.json()["detail"]
    avid.prepare([])
    done = site.submit(*ids).json()["submitted"]
    assert [one["was_submitted_before"] for one in done] == [True, False, False]
    assert len(avid.requests) == 2


@pytest.mark.parametrize("missing", ["evidence", "text_entry", "sep_selection"])
def test_an_incomplete_report_is_not_sent(site, avid, complete, written, missing):
    empty = {**complete, missing: [] if missing == "evidence" else ""}
    id_ = site.write(**empty).json()["report_id"]
    answer = site.submit(written["report_id"], id_)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:labelaudit:problem:nothing-to-submit"
    assert [error["field"] for error in answer.json()["errors"]] == [f"reports.1.{missing}"]
    assert avid.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        {"report_ids": []},
        {"report_ids": ["nothing"]},
        {"report_ids": ["a", "a"]},
        {"report_ids": ["a"] * 21},
        {"name": "two\r\nlines"},
        {"name": "x" * 201},
        {"email": "no address"},
        {"email": "a@b\r\nBcc: c@d"},
        {"email": "x" * 255 + "@y"},
        {"more": 1},
    ],
)
def test_what_cannot_be_submitted_is_refused(site, avid, written, fields):
    document = {"report_ids": [written["report_id"]], **fields}
    answer = site.ask("POST", f"{site.home}/submissions", document)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert avid.requests == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, ["LABELAUDIT_AVID_URL", "LABELAUDIT_AVID_API_KEY"]),
        ({"avid_url": "http://127.0.0.1:9/prod"}, ["LABELAUDIT_AVID_API_KEY"]),
        ({"avid_api_key": "k"}, ["LABELAUDIT_AVID_URL"]),
    ],
)
def test_without_settings_nothing_is_sent_and_nothing_claimed(
    serve, person, complete, options, named
):
    with serve(**options) as server:
        site = type(person("ann"))(server)
        id_ = site.write(**complete).json()["report_id"]
        answer = site.submit(id_)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:labelaudit:problem:not-configured"
        assert all(name in answer.json()["detail"] for name in named)
        assert site.get("/submissions").json()["submissions"] == []


def test_a_secret_stays_out_of_everything_that_is_kept(site):
    stored = b"".join(
        path.read_bytes() for path in site.server.settings.home.glob("labelaudit.db*")
    )
    assert KEY.encode() not in stored
    assert json.dumps(KEY)[1:-1].encode() not in stored
