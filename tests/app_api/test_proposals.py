"""Proposals and consent over HTTP."""

from __future__ import annotations

import pytest

TEXT = "Say who paid for an answer."


@pytest.fixture
def roles(server):
    """Headers by role; participant and auditor are ann."""
    found = {}
    for role in ("operator", "participant", "analyst"):
        found[role] = {"Authorization": f"Bearer {server.token(role)}"}
    return found


def propose(server, headers, text=TEXT, **more):
    return server.post("/v1/proposals", {"text": text, **more}, headers=headers)


def decide(server, headers, proposal_id, **document):
    return server.post(f"/v1/proposals/{proposal_id}/decision", document, headers=headers)


def test_from_proposal_to_a_guideline_that_is_rated(server, roles):
    ann, operator = roles["participant"], roles["operator"]
    answer = propose(server, ann)
    assert answer.status_code == 201, answer.text
    proposal = answer.json()
    assert (proposal["status"], proposal["participant_id"]) == ("pending", "ann")
    again = propose(server, ann, text=f" {TEXT.upper()} ")
    assert (again.status_code, again.json()) == (200, proposal)
    assert TEXT not in server.get("/v1/guidelines", headers=ann).text
    waiting = server.get("/v1/proposals?status=pending", headers=operator).json()
    assert waiting == {"n_pending": 1, "proposals": [proposal]}
    decided = decide(server, operator, proposal["proposal_id"], decision="accepted").json()
    assert decided["status"] == "accepted"
    assert decided["decided_by"].startswith("token:")
    (mine,) = server.get("/v1/proposals", headers=ann).json()["proposals"]
    assert (mine["status"], mine["decided_by"]) == ("accepted", None)
    key = mine["guideline_id"]
    rated = server.post("/v1/ratings", {"guideline_id": key, "rating": "helpful"}, headers=ann)
    assert rated.status_code == 200
    export = server.export(headers=operator).json()
    (row,) = [row for row in export["guidelines"] if row["id"] == key]
    assert (row["value"], row["authorId"]) == (TEXT, "ann")
    assert ("ann", key) in [(row["authorId"], row["guidelineId"]) for row in export["ratings"]]
    # Taken out again, with a reason that ann can read.
    turned = decide(server, operator, proposal["proposal_id"], decision="declined", reason="No.")
    assert (turned.status_code, turned.json()["current"]) == (409, decided)
    turned = decide(
        server, operator, proposal["proposal_id"], decision="declined", reason="No.",
        change_mind=True,
    )  # fmt: skip
    assert turned.status_code == 200, turned.text
    (mine,) = server.get("/v1/proposals", headers=ann).json()["proposals"]
    assert (mine["status"], mine["reason"], mine["guideline_id"]) == ("declined", "No.", None)
    assert key not in server.export(headers=operator).text


def test_participants_see_their_own_alone(server, roles):
    propose(server, roles["operator"], participant_id="bob")
    assert server.get("/v1/proposals", headers=roles["participant"]).json()["proposals"] == []
    others = server.get("/v1/proposals?participant_id=bob", headers=roles["participant"])
    assert others.status_code == 403
    stolen = propose(server, roles["participant"], "In another's name.", participant_id="bob")
    assert stolen.status_code == 403
    for role in ("analyst", "operator"):
        assert len(server.get("/v1/proposals", headers=roles[role]).json()["proposals"]) == 1


@pytest.mark.parametrize("text", ["", "x", "y" * 301, "with \x00 in it", "\ud800 half a pair"])
def test_what_cannot_be_a_guideline(server, roles, text):
    answer = propose(server, roles["participant"], text)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "text")


def test_duplicates_and_too_many_are_told_apart(server, roles):
    ann = roles["participant"]
    text = server.get("/v1/guidelines", headers=ann).json()["guidelines"][0]["text"]
    known = propose(server, ann, text.upper() + "   ") if len(text) >= 5 else None
    if known is not None:
        assert known.json()["type"].endswith("duplicate-text")
    propose(server, roles["operator"], TEXT, participant_id="bob")
    other = propose(server, ann)
    assert (other.status_code, other.json()["type"]) == (
        409, "urn:labelaudit:problem:duplicate-text",
    )  # fmt: skip
    for number in range(10):
        assert propose(server, ann, f"Proposal number {number}").status_code == 201
    late = propose(server, ann, "One too many")
    assert (late.status_code, late.headers["Retry-After"]) == (429, "86400")


def test_decisions_that_cannot_be(server, roles):
    operator = roles["operator"]
    assert decide(server, operator, "0" * 16, decision="accepted").status_code == 404
    proposal = propose(server, roles["participant"]).json()["proposal_id"]
    answer = decide(server, operator, proposal, decision="declined")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    assert decide(server, operator, proposal, decision="maybe").status_code == 422


def test_consent_is_given_once_to_the_text_of_now(server, roles):
    ann = roles["participant"]
    asked = server.get("/v1/consent", headers=ann).json()
    assert (asked["participant_id"], asked["given_at"]) == ("ann", None)
    assert all(asked["text"])
    old = server.post("/v1/consent", {"version": "0" * 12}, headers=ann)
    assert (old.status_code, old.json()["errors"][0]["field"]) == (422, "version")
    given = server.post("/v1/consent", {"version": asked["version"]}, headers=ann)
    assert given.json() == {**asked, "given_at": "2026-03-01T12:00:00Z"}
    assert server.get("/v1/consent", headers=ann).json() == given.json()
    theirs = server.get("/v1/consent?participant_id=bob", headers=roles["operator"]).json()
    assert theirs["given_at"] is None
    assert server.get("/v1/consent?participant_id=bob", headers=ann).status_code == 403
    (kept,) = server.get("/v1/me", headers=ann).json()["consents"]
    assert kept["text"] == "\n\n".join(asked["text"])


def test_programs_rate_without_asking_for_consent(server, roles):
    rating = {"participant_id": "dee", "guideline_id": "g2", "rating": "helpful"}
    assert server.post("/v1/ratings", rating, headers=roles["operator"]).status_code == 200
