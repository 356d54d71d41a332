"""What a person declined stays where it is: also where the gate has come to let it pass."""

from __future__ import annotations

import json

from made_constitutions import APPROVAL, Desk
from platform_server import PlatformServer

from labelaudit_dagster.store import decline_publication, list_publications

SENTENCE = "Ada declined publication 2: not before the assembly"


def held_and_declined(desk: Desk) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish().state == "held"
    decline_publication(desk.database, 2, by="Ada", why="not before the assembly", now=desk.now())


def accepted_there(platform: PlatformServer) -> list[str]:
    return ["".join(json.loads(post.body)["accepted_guideline_ids"]) for post in platform.applied]


def test_it_is_not_sent_and_says_who_wants_it_so(desk: Desk, platform: PlatformServer) -> None:
    held_and_declined(desk)
    for dry_run in (True, False):
        outcome = desk.publish(dry_run=dry_run)
        assert outcome.state == "held"
        assert "churn limit" in outcome.reasons[0]
        assert outcome.reasons[-1] == SENTENCE
    assert accepted_there(platform) == ["abc"]


def test_a_wider_limit_does_not_overrule_a_person(desk: Desk, platform: PlatformServer) -> None:
    held_and_declined(desk)
    for dry_run in (True, False):
        outcome = desk.publish(churn_limit=1.0, dry_run=dry_run)
        assert (outcome.state, outcome.reasons) == ("held", (SENTENCE,))
    assert desk.states() == [(1, "sent"), (2, "held")]
    assert accepted_there(platform) == ["abc"]


def test_an_approval_does(desk: Desk, platform: PlatformServer) -> None:
    held_and_declined(desk)
    assert desk.publish(approval=APPROVAL).state == "sent"
    assert accepted_there(platform) == ["abc", "abd"]
    sent = list_publications(desk.database)[0]
    assert (sent.declined_by, sent.approved_by) == ("Ada", APPROVAL.by)


def test_an_approval_does_where_the_gate_lets_it_pass(desk: Desk, platform: PlatformServer) -> None:
    held_and_declined(desk)
    assert desk.publish(churn_limit=1.0, approval=APPROVAL).state == "sent"
    assert accepted_there(platform) == ["abc", "abd"]
    assert list_publications(desk.database)[0].approved_why == APPROVAL.why


def test_what_comes_next_is_a_new_question(desk: Desk, platform: PlatformServer) -> None:
    held_and_declined(desk)
    desk.make("abe")
    held = desk.publish()
    assert (held.sequence, len(held.reasons)) == (3, 1)
    desk.make("abc", shade=1e-12)
    assert desk.publish().state == "sent"
    assert desk.states() == [(1, "sent"), (2, "withdrawn"), (3, "withdrawn"), (4, "sent")]
    assert accepted_there(platform) == ["abc", "abc"]
