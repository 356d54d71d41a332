"""Proposed guidelines: who proposes, what operators decide, and what imports leave alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest

from labelaudit_dagster.importers import write_export
from labelaudit_dagster.store import (
    Database,
    DuplicateProposalError,
    InvalidProposalError,
    ProposalDecidedError,
    ProposalLimitError,
    UnknownProposalError,
    add_proposal,
    add_rating,
    count_ratings,
    decide_proposal,
    fingerprint,
    give_consent,
    import_community,
    list_changes,
    list_consents,
    list_guidelines,
    list_proposals,
    list_sources,
    load_community,
    text_version,
)

TEXT = "Say who paid for an answer."


@pytest.fixture
def community(make_community, now):
    return make_community(
        [("a", "g", True, now)], texts={"g": "Be kind."}, topics=[("t", "Money", None)]
    )


@pytest.fixture
def filled(db: Database, community, now) -> Database:
    import_community(db, community, now=now)
    return db


def accept(db: Database, now, text: str = TEXT, who: str = "ann", **options) -> str:
    proposal = add_proposal(db, who, text, now=now, **options)
    decided = decide_proposal(db, proposal.proposal_id, "accepted", now=now)
    assert decided.guideline_id is not None
    return decided.guideline_id


def test_a_proposal_waits_and_is_not_in_the_community(filled: Database, now) -> None:
    mark = fingerprint(filled)
    proposal = add_proposal(filled, "ann", f"  {TEXT}\n ", topic_id="t", now=now)
    assert (proposal.text, proposal.status, proposal.is_new) == (TEXT, "pending", True)
    assert (proposal.guideline_id, proposal.decided_at, proposal.reason) == (None, None, None)
    assert fingerprint(filled) == mark
    assert list_proposals(filled) == list_proposals(filled, proposer_id="ann") == [proposal]
    assert list_proposals(filled, proposer_id="bob") == []
    assert list_proposals(filled, status="accepted") == []
    # A retry stores nothing.
    again = add_proposal(filled, "ann", TEXT.upper(), now=now)
    assert (again, again.is_new) == (proposal, False)


def test_an_accepted_one_is_a_guideline_with_its_author(filled: Database, now) -> None:
    mark = fingerprint(filled)
    key = accept(filled, now, topic_id="t")
    assert fingerprint(filled).export != mark.export
    stored = load_community(filled)
    stored.community.validate()
    (row,) = stored.community.guidelines.query("guideline_id == @key").to_dict("records")
    assert (row["text"], row["author_id"], row["topic_id"]) == (TEXT, "ann", "t")
    assert row["created_at"].to_pydatetime() == now
    listed = {one.guideline_id: one for one in list_guidelines(filled)}
    assert (listed[key].topic_id, listed[key].topic) == ("t", "Money")
    add_rating(filled, "b", key, True, now=now)
    assert count_ratings(filled) == {"g": 1, key: 1}
    buffer = BytesIO()
    write_export(load_community(filled).community, buffer)
    exported = {one["id"]: one for one in json.loads(buffer.getvalue())["guidelines"]}
    assert (exported[key]["value"], exported[key]["authorId"]) == (TEXT, "ann")
    # It is no imported source, so that imports never mistake it for one.
    assert [source.identity.kind for source in list_sources(filled)] == ["polis"]


def test_imports_leave_accepted_ones_alone(
    filled: Database, community, make_community, now
) -> None:
    key = accept(filled, now, topic_id="t")
    add_rating(filled, "b", key, True, now=now)
    assert not import_community(filled, community, now=now).altered
    assert set(load_community(filled).community.guidelines["guideline_id"]) == {"g", key}
    other = make_community([("x", "q", True, now)], name="https://pol.is/other", texts={"q": "Q"})
    import_community(filled, other, mode="replace", now=now)
    after = load_community(filled).community
    after.validate()
    assert set(after.guidelines["guideline_id"]) == {"q", key}
    # Its topic went with the other source.
    assert after.guidelines.set_index("guideline_id").loc[key].isna()["topic_id"]
    assert ("b", key) in {
        (row.participant_id, row.guideline_id) for row in after.guideline_ratings.itertuples()
    }
    import_community(filled, community, mode="merge", now=now)
    assert len(load_community(filled).community.guidelines) == 3


def test_a_first_source_can_come_after_the_first_proposal(db: Database, community, now) -> None:
    key = accept(db, now)
    import_community(db, community, now=now)
    assert set(load_community(db).community.guidelines["guideline_id"]) == {"g", key}


def test_declining_tells_why_and_can_be_turned(filled: Database, now) -> None:
    proposal = add_proposal(filled, "ann", TEXT, now=now)
    mark = fingerprint(filled)
    for reason in (None, "", "  "):
        with pytest.raises(InvalidProposalError, match="why"):
            decide_proposal(filled, proposal.proposal_id, "declined", reason=reason, now=now)
    declined = decide_proposal(
        filled, proposal.proposal_id, "declined", reason="Twice.", decided_by="token:x", now=now
    )
    assert (declined.status, declined.reason, declined.decided_by) == (
        "declined", "Twice.", "token:x",
    )  # fmt: skip
    assert fingerprint(filled) == mark
    again = decide_proposal(filled, proposal.proposal_id, "declined", reason="More.", now=now)
    assert (again, again.is_new) == (declined, False)
    with pytest.raises(ProposalDecidedError) as problem:
        decide_proposal(filled, proposal.proposal_id, "accepted", now=now)
    assert problem.value.current == declined
    turned = decide_proposal(filled, proposal.proposal_id, "accepted", change_mind=True, now=now)
    assert (turned.status, turned.reason) == ("accepted", None)
    add_rating(filled, "b", turned.guideline_id, True, now=now)
    # Declined again, it is gone with its ratings; accepted again, both are back under its id.
    decide_proposal(
        filled, proposal.proposal_id, "declined", reason="No.", change_mind=True, now=now
    )
    assert len(load_community(filled).community.guideline_ratings) == 1
    back = decide_proposal(filled, proposal.proposal_id, "accepted", change_mind=True, now=now)
    assert back.guideline_id == turned.guideline_id
    assert len(load_community(filled).community.guideline_ratings) == 2
    with pytest.raises(UnknownProposalError):
        decide_proposal(filled, "0" * 16, "accepted", now=now)


@pytest.mark.parametrize("text", ["be  KIND", "Be kind", "\uff22e kind!"])
def test_what_there_is_cannot_be_proposed(filled: Database, now, text: str) -> None:
    with pytest.raises(DuplicateProposalError) as problem:
        add_proposal(filled, "ann", text, now=now)
    assert problem.value.guideline_id == "g"
    assert list_proposals(filled) == []


def test_what_somebody_else_has_waiting_cannot_be_proposed_again(filled: Database, now) -> None:
    proposal = add_proposal(filled, "ann", TEXT, now=now)
    with pytest.raises(DuplicateProposalError) as problem:
        add_proposal(filled, "bob", TEXT.lower(), now=now)
    assert problem.value.guideline_id is None
    assert "ann" not in str(problem.value)
    # After a decision against it, somebody may try again.
    decide_proposal(filled, proposal.proposal_id, "declined", reason="Unclear.", now=now)
    assert add_proposal(filled, "bob", TEXT, now=now).is_new


def test_a_text_that_an_import_brought_meanwhile_is_not_accepted_twice(
    filled: Database, make_community, now
) -> None:
    proposal = add_proposal(filled, "ann", TEXT, now=now)
    brought = make_community([("a", "g", True, now)], texts={"g": "Be kind.", "n": TEXT})
    import_community(filled, brought, now=now)
    with pytest.raises(DuplicateProposalError):
        decide_proposal(filled, proposal.proposal_id, "accepted", now=now)
    assert list_proposals(filled) == [proposal]


@pytest.mark.parametrize(
    "text", ["", "    ", "Four", "x" * 301, "Be \x00 kind", "Be \x1b kind", "evil \u202e txt"]
)
def test_texts_that_cannot_be_guidelines(filled: Database, now, text: str) -> None:
    with pytest.raises(InvalidProposalError):
        add_proposal(filled, "ann", text, now=now)
    with pytest.raises(InvalidProposalError, match="topic"):
        add_proposal(filled, "ann", TEXT, topic_id="no such", now=now)
    assert list_proposals(filled) == []


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "应当公平对待每个人", "👩\u200d👧 matter!"]
)
def test_texts_in_any_script_are_kept_as_they_are(filled: Database, now, text: str) -> None:
    key = accept(filled, now, text)
    frame = load_community(filled).community.guidelines.set_index("guideline_id")
    assert frame.loc[key]["text"] == text


def test_nobody_proposes_without_end(filled: Database, now) -> None:
    for number in range(3):
        moment = now + timedelta(hours=number)
        add_proposal(filled, "ann", f"{TEXT} {number}", most_a_day=3, now=moment)
    late = now + timedelta(hours=3)
    with pytest.raises(ProposalLimitError) as problem:
        add_proposal(filled, "ann", "One more.", most_a_day=3, now=late)
    assert problem.value.seconds == 21 * 3600
    assert add_proposal(filled, "bob", "One more.", most_a_day=3, now=late).is_new
    later = now + timedelta(hours=24)
    assert add_proposal(filled, "ann", "Another one.", most_a_day=3, now=later).is_new


def test_two_operators_at_once_decide_once(filled: Database, now) -> None:
    proposal = add_proposal(filled, "ann", TEXT, now=now)

    def decide(number: int) -> str:
        decision = "accepted" if number % 2 else "declined"
        try:
            return decide_proposal(
                filled, proposal.proposal_id, decision, reason="So.", now=now
            ).status
        except ProposalDecidedError as problem:
            return problem.current.status

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(decide, range(8)))) == 1
    assert sum(change.kind == "proposal_decided" for change in list_changes(filled)) == 1


def test_consent_is_kept_with_time_and_text(filled: Database, now) -> None:
    later = now + timedelta(days=1)
    given = give_consent(filled, "ann", "I agree.", now=now)
    assert (given.text_version, given.given_at) == (text_version("I agree."), now)
    assert give_consent(filled, "ann", "I agree.", now=later) == given
    newer = give_consent(filled, "ann", "I agree to more.", now=later)
    assert list_consents(filled, "ann") == [given, newer]
    assert list_consents(filled, "bob") == []
