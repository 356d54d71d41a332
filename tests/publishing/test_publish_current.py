"""What is sent, what is not, and under which key: one platform, one database, one store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_constitutions import APPROVAL, Desk, accepted_there
from platform_server import PlatformServer

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.publishing import PublishingError
from labelaudit_dagster.resources.constitution_target import PlatformTarget
from labelaudit_dagster.store import (
    find_publication,
    last_published,
    list_publications,
)


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
