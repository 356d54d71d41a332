"""Ratings that come in over HTTP."""

from __future__ import annotations

import pytest

from labelaudit_dagster.store import fingerprint, load_community

RATING = {"participant_id": "ann", "guideline_id": "g2", "rating": "helpful"}


def test_a_rating_is_in_the_next_export(server_of_either_kind):
    server = server_of_either_kind
    answer = server.post("/v1/ratings", RATING)
    assert answer.status_code == 200
    assert answer.json() == {
        **RATING,
        "rated_at": "2026-03-01T12:00:00Z",
        "is_new": True,
        "tags": [],
    }
    rows = [
        row
        for row in server.export().json()["ratings"]
        if (row["authorId"], row["guidelineId"]) == ("ann", "g2")
    ]
    assert [row["rating"] for row in rows] == ["helpful"]

    assert server.post("/v1/ratings", RATING).json()["is_new"] is False
    changed = server.post("/v1/ratings", RATING | {"rating": "not_helpful"}).json()
    assert (changed["rating"], changed["is_new"]) == ("not_helpful", True)
    table = load_community(server.database).community.guideline_ratings
    chosen = table[(table["participant_id"] == "ann") & (table["guideline_id"] == "g2")]
    assert chosen["helpful"].tolist() == [False]


@pytest.mark.parametrize("name", ["dee", "ü/../🙂", " ", "x\x00y", "7", "a\r\nb"])
def test_a_new_participant_is_kept_verbatim(server, name):
    answer = server.post("/v1/ratings", RATING | {"participant_id": name})
    assert answer.json()["participant_id"] == name
    assert name in [user["id"] for user in server.export().json()["users"]]


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        ({"guideline_id": "nowhere"}, "guideline_id", "unknown-id"),
        ({"guideline_id": "g\ud800"}, "guideline_id", "invalid-value"),
        ({"guideline_id": 2}, "guideline_id", "invalid-value"),
        ({"guideline_id": ""}, "guideline_id", "invalid-value"),
        ({"participant_id": ""}, "participant_id", "invalid-value"),
        ({"participant_id": None}, "participant_id", "invalid-value"),
        ({"participant_id": "\udfff"}, "participant_id", "invalid-value"),
        ({"participant_id": "ü" * 1001}, "participant_id", "invalid-value"),
        ({"rating": "Helpful"}, "rating", "invalid-value"),
        ({"rating": True}, "rating", "invalid-value"),
        ({"rating": ["helpful"]}, "rating", "invalid-value"),
        ({"extra": 1}, "extra", "invalid-value"),
    ],
)
def test_a_wrong_rating_is_refused_by_field(shared_server, change, field, kind):
    before = fingerprint(shared_server.database)
    answer = shared_server.post("/v1/ratings", RATING | change)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, f"urn:labelaudit:problem:{kind}")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert fingerprint(shared_server.database) == before


@pytest.mark.parametrize("missing", list(RATING))
def test_a_missing_field_is_named(shared_server, missing):
    rating = {name: value for name, value in RATING.items() if name != missing}
    answer = shared_server.post("/v1/ratings", rating)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


def test_a_huge_rating_is_refused(shared_server):
    answer = shared_server.post("/v1/ratings", RATING | {"participant_id": "x" * 70_000})
    assert answer.status_code == 413


def test_a_rating_that_was_taken_back_is_in_no_export(server):
    server.post("/v1/ratings", RATING)
    before = server.export()
    answer = server.delete("/v1/ratings/g2?participant_id=ann")
    assert (answer.status_code, answer.json()) == (
        200, {"participant_id": "ann", "guideline_id": "g2", "was": "helpful"},
    )  # fmt: skip
    after = server.export()
    assert after.headers["ETag"] != before.headers["ETag"]
    left = [(row["authorId"], row["guidelineId"]) for row in after.json()["ratings"]]
    assert ("ann", "g2") not in left
    assert len(left) == len(before.json()["ratings"]) - 1
    assert server.delete("/v1/ratings/g2?participant_id=ann").json()["was"] is None
    unknown = server.delete("/v1/ratings/nothing?participant_id=ann")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "guideline_id")
    assert server.delete("/v1/ratings/g2").json()["errors"][0]["field"] == "participant_id"


def test_tags_come_with_a_rating_and_are_in_no_export(server):
    answer = server.post("/v1/ratings", RATING | {"tags": ["fair", "clear"]})
    assert answer.json()["tags"] == ["clear", "fair"]
    path = "/v1/users/ann/ratings"
    (row,) = [row for row in server.get(path).json()["ratings"] if row["guideline_id"] == "g2"]
    assert row["tags"] == ["clear", "fair"]
    tag, export = server.get(path).headers["ETag"], server.export().headers["ETag"]
    server.post("/v1/ratings", RATING | {"tags": []})
    assert server.get(path).headers["ETag"] != tag
    assert server.export().headers["ETag"] == export
    assert '"tags"' not in server.export().text
    for tags in (["unclear"], ["no such"], ["clear", "harmful"], ["<b>"]):
        refused = server.post("/v1/ratings", RATING | {"tags": tags})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "tags")


def test_nobody_takes_back_what_others_said(server):
    token = server.token("participant")
    headers = {"Authorization": f"Bearer {token}"}
    server.post("/v1/ratings", {"guideline_id": "g2", "rating": "helpful"}, headers=headers)
    others = server.delete("/v1/ratings/g2?participant_id=cy", headers=headers)
    assert others.status_code == 403
    assert server.delete("/v1/ratings/g2", headers=headers).json()["was"] == "helpful"
