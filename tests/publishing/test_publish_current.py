"""What is sent, what is not, and under which key: one platform, one database, one store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_constitutions import APPROVAL, Desk
from platform_server import PlatformServer

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.publishing import Approval, PublishingError
from labelaudit_dagster.resources.constitution_target import PlatformTarget
from labelaudit_dagster.store import (
    PublicationStateError,
    find_publication,
    last_published,
    list_publications,
)


def accepted_there(platform: PlatformServer) -> list[str]:
    """Return the accepted guidelines of every applied constitution, in order."""
    return ["".join(json.loads(post.body)["accepted_guideline_ids"]) for post in platform.applied]


def test_the_first_publication(desk: Desk, platform: PlatformServer) -> None:
    ref = desk.make("abc")
    outcome = desk.publish()
    assert (outcome.state, outcome.sequence, outcome.churn) == ("sent", 1, None)
    assert outcome.ref == ref
    assert outcome.receipt is not None
    assert outcome.receipt["constitution_version"] == ref.version
    (post,) = platform.applied
    assert json.loads(post.body) == outcome.payload
    assert post.key == outcome.idempotency_key
    (stored,) = list_publications(desk.database)
    assert (stored.state, stored.target) == ("sent", platform.url)
    assert dict(stored.receipt or {}) == outcome.receipt
    assert [pin.ref for pin in desk.store.pins("constitution")] == [ref]


def test_nothing_is_sent_twice(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc")
    first = desk.publish()
    again = desk.publish()
    desk.make("abc")  # computed anew, the same
    third = desk.publish()
    assert [again.state, third.state] == ["unchanged", "unchanged"]
    assert again.receipt == third.receipt == first.receipt
    assert len(platform.requests) == 1
    assert desk.states() == [(1, "sent")]


def test_there_and_back_are_three_publications(desk: Desk, platform: PlatformServer) -> None:
    desk.churn_limit = 1.0
    for accepted in ("abc", "abd", "abc"):
        desk.make(accepted)
        assert desk.publish().state == "sent"
    assert accepted_there(platform) == ["abc", "abd", "abc"]
    assert platform.applied[0].body == platform.applied[2].body
    assert len({post.key for post in platform.applied}) == 3
    assert desk.states() == [(1, "sent"), (2, "sent"), (3, "sent")]


def test_the_smallest_change_is_one_post(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abc", shade=1e-12)
    outcome = desk.publish(churn_limit=0.0)  # parameters changed, the accepted set did not
    assert (outcome.state, outcome.churn) == ("sent", 0.0)
    assert len(platform.requests) == 2


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


def named(sequence: int) -> Approval:
    return Approval(APPROVAL.by, APPROVAL.why, sequence)


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


def test_a_newer_constitution_takes_the_place_of_a_held_one(desk: Desk) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish().state == "held"
    desk.make("abe")
    assert desk.publish().state == "held"
    assert desk.states() == [(1, "sent"), (2, "withdrawn"), (3, "held")]
    desk.make("abd")  # it comes back, and is a new question
    assert desk.publish().sequence == 4
    assert desk.states()[1:] == [(2, "withdrawn"), (3, "withdrawn"), (4, "held")]
    desk.make("abc", shade=1e-9)
    assert desk.publish().state == "sent"
    assert desk.states()[3:] == [(4, "withdrawn"), (5, "sent")]


def test_nothing_waits_when_the_published_constitution_comes_back(
    desk: Desk, platform: PlatformServer
) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("abd")
    assert desk.publish().state == "held"
    desk.make("abc")
    assert desk.publish(dry_run=True).state == "unchanged"
    assert desk.states() == [(1, "sent"), (2, "held")]
    assert desk.publish().state == "unchanged"
    assert desk.states() == [(1, "sent"), (2, "withdrawn")]
    assert len(platform.requests) == 1


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


@pytest.mark.parametrize(
    ("limit", "state"), [(0.0, "held"), (0.49, "held"), (0.5, "sent"), (1.0, "sent")]
)
def test_the_churn_limit(desk: Desk, limit: float, state: str) -> None:
    desk.make("abc")
    assert desk.publish(churn_limit=limit).state == "sent"  # the first is exempt
    desk.make("abd")
    assert desk.publish(churn_limit=limit).state == state


def test_everything_changed_and_any_churn_is_right(desk: Desk) -> None:
    desk.make("abc")
    desk.publish()
    desk.make("defgh")
    outcome = desk.publish(churn_limit=1.0)
    assert (outcome.state, outcome.churn) == ("sent", 1.0)


def test_churn_is_measured_from_what_was_published_last(desk: Desk) -> None:
    desk.make("abcdef")
    desk.publish()
    desk.make("abcd")
    assert desk.publish().state == "held"
    desk.make("abcde")  # one of six against the published one
    assert desk.publish().churn == pytest.approx(1 / 6)


def test_targets_have_histories_of_their_own(
    desk: Desk, platform: PlatformServer, make_target: Callable[..., PlatformTarget]
) -> None:
    with PlatformServer() as second:
        elsewhere = make_target(second.url)
        desk.make("abc")
        assert desk.publish().sequence == 1
        desk.make("defgh")
        assert desk.publish().state == "held"  # number 2
        first_there = desk.publish(target=elsewhere)
        assert (first_there.state, first_there.sequence, first_there.churn) == ("sent", 3, None)
        assert desk.publish(target=elsewhere).state == "unchanged"
        assert desk.states() == [(1, "sent"), (2, "held"), (3, "sent")]
        assert accepted_there(platform) == ["abc"]
        assert accepted_there(second) == ["defgh"]
        assert desk.publish(approval=APPROVAL).sequence == 2
        assert accepted_there(platform) == ["abc", "defgh"]
        assert len(second.requests) == 1


def contents(desk: Desk, folder: Path) -> dict[str, Any]:
    """Return every row of the database and every byte of the store."""
    with desk.database.read() as connection:
        dump = list(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite is open
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {"rows": dump, "files": files}


@pytest.mark.parametrize("approval", [None, APPROVAL])
def test_a_dry_run_changes_nothing(
    desk: Desk, platform: PlatformServer, tmp_path: Path, approval: Approval | None
) -> None:
    def judged() -> str:
        before = contents(desk, tmp_path / "artifacts")
        outcome = desk.publish(dry_run=True, approval=approval)
        assert contents(desk, tmp_path / "artifacts") == before
        return outcome.state

    desk.make("abc")
    assert judged() == "would_send"
    desk.publish()
    assert judged() == "unchanged"
    desk.make("abd")
    expected = "held" if approval is None else "would_send"
    assert judged() == expected
    desk.publish()
    assert judged() == expected  # the same where it is held already
    assert len(platform.requests) == 1


def test_a_dry_run_knows_that_what_was_begun_is_finished(
    desk: Desk, platform: PlatformServer
) -> None:
    desk.make("abc")
    desk.publish()
    platform.prepare(["lost_reply"])
    desk.make("abd")
    with pytest.raises(PlatformError) as failure:
        desk.publish(churn_limit=1.0)
    assert failure.value.may_have_been_applied
    # The limit is lowered, but the constitution may be there already.
    assert desk.publish(dry_run=True, churn_limit=0.0).state == "would_send"
    finished = desk.publish(churn_limit=0.0)
    assert (finished.state, finished.sequence) == ("sent", 2)
    assert len(platform.requests) == 2
    assert len(platform.applied) == 1


def test_the_gate_is_blind_without_the_last_constitution(
    desk: Desk, platform: PlatformServer, tmp_path: Path
) -> None:
    ref = desk.make("abc")
    desk.publish()
    desk.make("abd")
    shutil.rmtree(tmp_path / "artifacts" / ref.path)
    desk.store = ArtifactStore(tmp_path / "artifacts")  # another process, which remembers nothing
    with pytest.raises(
        PublishingError, match=r"Publication 1 went to .* not in the artifact store"
    ):
        desk.publish(approval=APPROVAL)
    with pytest.raises(PublishingError, match="Restore the artifacts"):
        desk.publish(dry_run=True)
    assert len(platform.requests) == 1
    assert desk.states() == [(1, "sent")]


def test_damaged_artifacts_are_named_and_nothing_is_sent(
    desk: Desk, platform: PlatformServer, tmp_path: Path
) -> None:
    with pytest.raises(PublishingError, match="no constitution to publish yet"):
        desk.publish()
    ref = desk.make("abc")
    for path in (tmp_path / "artifacts" / ref.path).glob("document*"):
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PublishingError, match=r"Nothing was sent: .*constitution"):
        desk.publish()
    assert platform.requests == []
    assert desk.states() == []


def test_a_lost_reply_and_new_content_in_between(desk: Desk, platform: PlatformServer) -> None:
    desk.churn_limit = 1.0
    platform.prepare(["lost_reply", "ok", "ok"])
    desk.make("abc")
    with pytest.raises(PlatformError):
        desk.publish()
    desk.make("abd")
    assert desk.publish().sequence == 2
    desk.make("abc")  # the platform may hold "abd" only since then: sent anew
    outcome = desk.publish()
    assert (outcome.state, outcome.sequence) == ("sent", 3)
    assert accepted_there(platform) == ["abc", "abd", "abc"]
    assert desk.states() == [(1, "begun"), (2, "sent"), (3, "sent")]


def test_published_versions_survive_pruning(desk: Desk) -> None:
    from datetime import timedelta

    ref = desk.make("abc")
    desk.publish()
    for number in range(1, 5):
        desk.make("abc", shade=number / 1e6)
    desk.store.prune(retention=1, grace=timedelta(0))
    assert ref in desk.store.versions("constitution")
    assert len(desk.store.versions("constitution")) == 2
    assert desk.publish().state == "sent"  # compared with the published one


def test_content_is_found_by_its_hash(desk: Desk, platform: PlatformServer) -> None:
    desk.make("abc")
    outcome = desk.publish()
    found = find_publication(desk.database, outcome.payload, target=platform.url)
    last = last_published(desk.database, target=platform.url)
    assert found == last
    assert find_publication(desk.database, outcome.payload, target="elsewhere") is None
