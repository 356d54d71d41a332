"""Participants rate for themselves, what matters most first."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
import pytest

AWKWARD = 'g/1 ü, "quoted"'
NEW = "late"
NEXT = "/v1/guidelines/next"


def test_guidelines_to_rate_tell_what_i_said_and_nothing_of_others(settled):
    found = settled.ask("/v1/guidelines?limit=1000")
    rows = {row["guideline_id"]: row for row in found["guidelines"]}
    assert list(rows) == sorted(rows)
    assert rows[NEW]["rating"] is None
    assert rows[AWKWARD]["rating"] in ("helpful", "not_helpful")
    assert set(rows[NEW]) == {"guideline_id", "text", "topic_id", "topic", "rating"}
    for role in ("operator", "analyst", "pipeline"):
        theirs = settled.ask("/v1/guidelines?limit=1000", role)["guidelines"]
        assert {row["rating"] for row in theirs} == {None}
    unrated = settled.ask("/v1/guidelines?unrated=true&limit=1000")
    assert unrated["n_selected"] == sum(row["rating"] is None for row in rows.values())
    page = settled.ask("/v1/guidelines?limit=2")
    assert [row["guideline_id"] for row in page["guidelines"]] == list(rows)[:2]
    assert page["next"] == list(rows)[1]


def test_next_is_never_one_that_i_have_rated_and_begins_with_what_nobody_has(settled):
    found = settled.ask(f"{NEXT}?n=50")
    assert found["participant_id"] == settled.subject
    ids = [row["guideline_id"] for row in found["guidelines"]]
    assert len(ids) == len(set(ids)) == min(50, found["n_left"])
    assert (ids[0], found["guidelines"][0]["why"]) == (NEW, "few_ratings")
    mine = settled.ask(f"/v1/users/{settled.subject}/ratings?limit=1000")
    assert mine["n_ratings"] == found["n_rated"] == len(mine["ratings"])
    assert not set(ids) & {row["guideline_id"] for row in mine["ratings"]}
    assert settled.ask(f"{NEXT}?n=50") == found
    assert settled.ask(NEXT)["guidelines"] == found["guidelines"][:1]
    assert all(row["sentence"] for row in found["guidelines"])


def test_a_participant_rates_for_themselves_through_the_whole_list(own):
    before = own.ask(NEXT)
    first = before["guidelines"][0]["guideline_id"]
    answer = own.rate({"guideline_id": first, "rating": "helpful"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["participant_id"] == own.subject
    after = own.ask(f"{NEXT}?n=50")
    assert after["n_rated"] == before["n_rated"] + 1
    assert first not in [row["guideline_id"] for row in after["guidelines"]]
    mine = own.ask(f"/v1/users/{own.subject}/ratings?limit=1000")["ratings"]
    (row,) = [row for row in mine if row["guideline_id"] == first]
    assert (row["rating"], row["rated_at"]) == ("helpful", "2026-03-01T12:00:00Z")
    while left := own.ask(f"{NEXT}?n=50")["guidelines"]:
        for row in left:
            named = {"guideline_id": row["guideline_id"], "participant_id": own.subject}
            assert own.rate({**named, "rating": "not_helpful"}).status_code == 200
    done = own.ask(NEXT)
    assert (done["n_left"], done["guidelines"]) == (0, [])


def test_nobody_rates_or_reads_for_somebody_else(own):
    rating = {"participant_id": "somebody", "guideline_id": NEW, "rating": "helpful"}
    assert own.rate(rating).status_code == 403
    assert own.rate(rating, "auditor").status_code == 403
    assert own.rate(rating, "analyst").status_code == 403
    assert own.get("/v1/users/somebody/ratings").status_code == 403
    assert own.get(f"{NEXT}?participant_id=somebody").status_code == 403
    assert "somebody" not in [row["id"] for row in own.ask("/api/openapi/exports?users=True",
                                                           "operator")["users"]]  # fmt: skip
    assert own.rate(rating, "operator").status_code == 200
    for role in ("operator", "analyst"):
        assert own.ask("/v1/users/somebody/ratings", role)["n_ratings"] == 1
        assert own.ask(f"{NEXT}?participant_id=somebody", role)["n_rated"] == 1


def test_who_is_nobody_must_say_for_whom(settled):
    answer = settled.get(NEXT, "operator")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "participant_id"
    rating = {"guideline_id": NEW, "rating": "helpful"}
    assert settled.rate(rating, "operator").json()["errors"][0]["field"] == "participant_id"


@pytest.mark.parametrize("n", ["0", "51", "x", "-1", "1e3"])
def test_how_many_is_bounded(settled, n):
    assert settled.get(f"{NEXT}?n={n}").status_code == 422


def test_ratings_are_a_table_too_and_unknown_people_have_none(settled):
    path = f"/v1/users/{quote(settled.subject, safe='')}/ratings"
    text = settled.get(f"{path}?format=csv").text
    assert text.splitlines()[0] == "guideline_id,text,rating,rated_at,tags"
    assert "'=cmd|" in text
    nobody = settled.ask("/v1/users/no%2Fbody/ratings", "operator")
    assert nobody == {"user": "no/body", "n_ratings": 0, "ratings": [], "next": None}
    empty = settled.get("/v1/users/nobody/ratings?format=parquet", "operator")
    assert empty.status_code == 200


def test_what_i_say_changes_the_tags_of_what_is_mine_alone(own):
    paths = ["/v1/guidelines", NEXT, f"/v1/users/{own.subject}/ratings"]
    tags = {path: own.get(path).headers["ETag"] for path in paths}
    table = own.get("/v1/constitution/guidelines").headers["ETag"]
    for path, tag in tags.items():
        assert own.get(path, headers={"If-None-Match": tag}).status_code == 304
    # The same list is another one for somebody else.
    operator = own.get("/v1/guidelines", "operator", headers={"If-None-Match": tags[paths[0]]})
    assert operator.status_code == 200
    own.rate({"guideline_id": NEW, "rating": "helpful"})
    for path, tag in tags.items():
        assert own.get(path, headers={"If-None-Match": tag}).status_code == 200
    kept = own.get("/v1/constitution/guidelines", headers={"If-None-Match": table})
    assert kept.status_code == 304


def test_next_works_before_the_first_constitution(server):
    found = server.get(f"{NEXT}?participant_id=ann&n=5").json()
    assert [row["guideline_id"] for row in found["guidelines"]] == ["g2"]
    assert found["guidelines"][0]["why"] == "few_ratings"


def test_the_parquet_form_has_types(settled):
    import io

    answer = settled.get("/v1/guidelines?format=parquet")
    frame = pd.read_parquet(io.BytesIO(answer.content))
    assert list(frame.columns) == ["guideline_id", "text", "topic_id", "topic", "rating"]
    assert frame["rating"].isin(["helpful", "not_helpful"]).sum() > 0


def test_does_it_represent_me(settled):
    path = f"/v1/users/{settled.subject}/representation"
    found = settled.ask(path)
    document = settled.ask("/v1/constitution")
    texts = {row["guideline_id"]: row["text"] for row in document["guidelines"]}
    assert (found["version"], found["n_accepted"]) == (settled.second, len(document["accepted"]))
    assert found["n_expected_helpful"] + found["n_unwanted"] == found["n_accepted"]
    mine = settled.ask(f"/v1/users/{settled.subject}/ratings?limit=1000")
    assert found["n_ratings"] == mine["n_ratings"]
    said = {row["guideline_id"]: row["rating"] for row in mine["ratings"]}
    # They stand where the solution has them, whose ratings are those of now.
    assert len(found["factor"]) == document["parameters"]["ndim"]
    assert found["missing"]
    assert len(found["missing"]) == min(10, found["n_missing"])
    for row in found["unwanted"] + found["missing"]:
        assert row["said"] == said.get(row["guideline_id"])
        assert row["text"] == texts[row["guideline_id"]]
    assert all(row["expected"] < 0.5 for row in found["unwanted"])
    wanted = [row["expected"] for row in found["missing"]]
    assert wanted == sorted(wanted, reverse=True)
    assert wanted[-1] >= 0.5
    assert not {row["guideline_id"] for row in found["missing"]} & set(document["accepted"])
    assert settled.get("/v1/users/somebody/representation").status_code == 403
    nobody = settled.ask("/v1/users/somebody/representation", "analyst")
    assert (nobody["n_ratings"], nobody["leniency"], nobody["factor"]) == (0, 0, [0])
