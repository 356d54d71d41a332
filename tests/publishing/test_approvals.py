"""Constitutions that a person has to let pass: by whom, for which one, and how long it counts."""

from __future__ import annotations

from typing import Any

import pytest
from made_constitutions import APPROVAL, Desk, accepted_there, named
from platform_server import PlatformServer

from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.publishing import Approval, PublishingError
from labelaudit_dagster.store import (
    PublicationStateError,
    list_publications,
)


def test_too_much_churn_waits_for_an_approval(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")  # two of four changed sides
    held = desk.publish()
    assert (held.state, held.sequence, held.churn) == ("held", 2, 0.5)
    assert "50.0%" in held.reasons[0]
    assert any("entered" in change or "d" in change for change in held.changes)
    assert desk.publish().sequence == 2
    assert len(platform.requests) == 1

    sent = desk.publish(approval=APPROVAL)
    assert (sent.state, sent.sequence) == ("sent", 2)
    assert sent.waived == held.reasons
    assert accepted_there(platform) == ["abc", "abd"]
    approved = list_publications(desk.database)[0]
    assert (approved.approved_by, approved.approved_why) == (APPROVAL.by, APPROVAL.why)
    assert approved.approved_at is not None
    assert approved.created_at < approved.approved_at
    assert approved.held_because == held.reasons


def test_an_approval_at_first_sight_is_recorded_too(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish(approval=APPROVAL).state == "sent"
    approved = list_publications(desk.database)[0]
    assert approved.approved_by == APPROVAL.by
    assert approved.held_because is not None
    assert "churn limit" in approved.held_because[0]


def test_an_approval_counts_for_the_publication_that_it_names(
    desk: Desk, platform: PlatformServer
) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish().sequence == 2
    for wrong in (1, 3):
        with pytest.raises(PublishingError, match=f"{wrong} does not wait .* publication 2 does"):
            desk.publish(approval=named(wrong))
    assert accepted_there(platform) == ["abc"]
    sent = desk.publish(approval=named(2))
    assert (sent.state, sent.sequence) == ("sent", 2)
    # The same command again, after whatever interrupted it.
    assert desk.publish(approval=named(2)).state == "unchanged"
    with pytest.raises(PublishingError, match="3 does not wait for approval; nothing does"):
        desk.publish(approval=named(3))
    assert accepted_there(platform) == ["abc", "abd"]


@pytest.mark.parametrize("approval", [APPROVAL, named(2)], ids=["bare", "named"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_nobody_approves_what_became_current_meanwhile(
    desk: Desk, platform: PlatformServer, approval: Approval, dry_run: bool
) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish().sequence == 2
    desk.make("abe")
    with pytest.raises(PublishingError, match="2 waits, but the current constitution is another"):
        desk.publish(approval=approval, dry_run=dry_run)
    assert desk.states() == [(1, "sent"), (2, "held")]
    assert list_publications(desk.database)[0].approved_at is None
    assert accepted_there(platform) == ["abc"]

    assert desk.publish().sequence == 3
    assert desk.publish(approval=named(3)).state == "sent"
    assert accepted_there(platform) == ["abc", "abe"]


def test_an_approval_that_nothing_needs_leaves_no_trace(desk: Desk) -> None:
    desk.make("abc")
    assert desk.publish(approval=APPROVAL).state == "sent"
    assert list_publications(desk.database)[0].approved_by is None


@pytest.mark.parametrize("approval", [Approval("", "why"), Approval("who", " ")])
def test_an_approval_needs_a_name_and_a_reason(
    desk: Desk, platform: PlatformServer, approval: Approval
) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    with pytest.raises(PublicationStateError, match="a name and a reason"):
        desk.publish(approval=approval)
    assert desk.states() == [(1, "sent"), (2, "held")]
    assert len(platform.requests) == 1


def test_an_approval_survives_a_failure_for_that_content_alone(
    desk: Desk, platform: PlatformServer
) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    platform.prepare(["reset_before"])
    with pytest.raises(PlatformError):
        desk.publish(approval=APPROVAL)
    assert desk.states() == [(1, "sent"), (2, "begun")]

    desk.make("abe")
    other = desk.publish()
    assert (other.state, other.sequence) == ("held", 3)
    assert platform.applied == []

    desk.make("abd")  # the approved content again: finished without asking anybody
    assert desk.publish().sequence == 2
    assert accepted_there(platform) == ["abd"]
    # What was held in between is older than what the platform has now.
    assert desk.states() == [(1, "sent"), (2, "sent"), (3, "withdrawn")]


@pytest.mark.parametrize("published_before", [False, True])
@pytest.mark.parametrize(
    ("made", "word"),
    [
        ({"accepted": "abc", "status": "iteration_limit"}, "iteration_limit"),
        ({"accepted": ""}, "No guideline of 8 is accepted"),
    ],
)
def test_no_approval_sends_what_is_wrong(
    desk: Desk,
    platform: PlatformServer,
    made: dict[str, Any],
    word: str,
    published_before: bool,
) -> None:
    if published_before:
        desk.make("abd")
        desk.publish()
    desk.make(**made)
    for approval in (None, APPROVAL):
        outcome = desk.publish(approval=approval, churn_limit=1.0)
        assert outcome.state == "held"
        assert word in " ".join(outcome.reasons)
    assert accepted_there(platform) == (["abd"] if published_before else [])
    assert list_publications(desk.database)[0].approved_at is None


def test_undecided_guidelines_wait_for_an_approval(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc", undecided="h")
    held = desk.publish()
    assert held.state == "held"
    assert "(h)" in held.reasons[0]
    assert desk.publish(approval=APPROVAL).state == "sent"
    assert accepted_there(platform) == ["abc"]  # published as not accepted
