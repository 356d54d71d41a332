from __future__ import annotations

from datetime import timedelta

import pytest

from labelaudit_dagster.store import (
    EMBEDDED_TARGET,
    Database,
    PublicationStateError,
    approve_publication,
    begin_publication,
    decline_publication,
    find_publication,
    finish_publication,
    held_publication,
    hold_publication,
    last_published,
    list_changes,
    list_publications,
    payload_hash,
    publication_payload,
)

A, B, C = ({"mu": mu} for mu in (0.1, 0.2, 0.3))


def publish(db: Database, payload: dict, now):
    begun = begin_publication(db, payload, now=now)
    return finish_publication(db, begun.sequence, receipt={"success": True}, now=now)


def test_a_b_a_are_three(db: Database, now) -> None:
    sent = [publish(db, payload, now) for payload in (A, B, A)]
    assert [p.sequence for p in sent] == [1, 2, 3]
    assert len({p.idempotency_key for p in sent}) == 3
    for publication in sent:
        assert publication.is_sent
        assert publication.idempotency_key.startswith(
            f"{publication.sequence}-{publication.payload_hash}-"
        )
    assert last_published(db) == sent[-1] == list_publications(db)[0]
    assert publication_payload(db, sent[1]) == B


def test_what_was_sent_last_is_not_begun_again(db: Database, now) -> None:
    sent = publish(db, A, now)
    again = begin_publication(db, A, now=now + timedelta(days=1))
    assert again == sent
    assert again.receipt == {"success": True}
    assert find_publication(db, A) == sent
    assert find_publication(db, B) is None


def test_the_key_is_the_same_over_retries_and_restarts(database_url: str, now) -> None:
    keys = set()
    for attempt in range(3):
        with Database.open(database_url) as db:
            begun = begin_publication(db, A, now=now + timedelta(minutes=attempt))
            keys.add((begun.sequence, begun.idempotency_key, begun.begun_at))
            assert not begun.is_sent
            assert last_published(db) is None
    assert len(keys) == 1


def test_a_lost_reply_counts_as_sent_for_what_follows(db: Database, now) -> None:
    publish(db, A, now)
    begin_publication(db, B, now=now)  # its reply is lost, it may have arrived
    again = begin_publication(db, A, now=now)
    assert again.sequence == 3
    assert not again.is_sent
    assert last_published(db).sequence == 1


def test_the_first_receipt_is_kept(db: Database, now) -> None:
    sent = publish(db, A, now)
    again = finish_publication(db, 1, receipt={"other": 1}, now=now + timedelta(days=1))
    assert again == sent


def test_targets_are_apart(db: Database, now) -> None:
    publish(db, A, now)
    elsewhere = begin_publication(db, A, now=now, target="https://platform.example/api")
    assert not elsewhere.is_sent
    assert elsewhere.sequence == 2
    assert last_published(db).target == EMBEDDED_TARGET
    assert last_published(db, target="https://platform.example/api") is None


def test_holding_approving_and_sending(db: Database, now) -> None:
    publish(db, A, now)
    held = hold_publication(db, B, because=["2 of 3 changed"], now=now)
    assert (held.state, held.held_because) == ("held", ("2 of 3 changed",))
    assert held_publication(db) == held == find_publication(db, B)
    assert hold_publication(db, B, because=["again"], now=now) == held
    approved = approve_publication(
        db, held.sequence, by="Ada", why="expected", now=now + timedelta(hours=1)
    )
    assert (approved.approved_by, approved.approved_why) == ("Ada", "expected")
    assert approved.approved_at == now + timedelta(hours=1)
    with pytest.raises(PublicationStateError, match="already, by Ada"):
        approve_publication(db, held.sequence, by="Bob", why="me too", now=now)
    begun = begin_publication(db, B, now=now)
    assert (begun.sequence, begun.idempotency_key) == (held.sequence, held.idempotency_key)
    sent = finish_publication(db, begun.sequence, receipt={}, now=now)
    assert sent.approved_by == "Ada"
    assert held_publication(db) is None
    assert [change.kind for change in list_changes(db)][:4] == [
        "publication_finished", "publication_begun", "publication_approved", "publication_held",
    ]  # fmt: skip


def test_declining(db: Database, now) -> None:
    publish(db, A, now)
    held = hold_publication(db, B, because=["2 of 3 changed"], now=now)
    assert held.is_undecided
    for by, why in (("", "why"), ("Ada", " ")):
        with pytest.raises(PublicationStateError, match="name and a reason"):
            decline_publication(db, held.sequence, by=by, why=why, now=now)
    later = now + timedelta(hours=1)
    declined = decline_publication(db, held.sequence, by="Ada", why="too soon", now=later)
    assert (declined.state, declined.is_undecided) == ("held", False)
    assert (declined.declined_by, declined.declined_at, declined.declined_why) == (
        "Ada", later, "too soon",
    )  # fmt: skip
    assert list_changes(db)[0].kind == "publication_declined"
    assert hold_publication(db, B, because=["again"], now=later) == declined
    with pytest.raises(PublicationStateError, match="declined already, by Ada"):
        decline_publication(db, held.sequence, by="Bob", why="me too", now=later)
    # People change their minds; both words are kept.
    approved = approve_publication(db, held.sequence, by="Bob", why="now", now=later)
    assert (approved.declined_by, approved.approved_by) == ("Ada", "Bob")
    with pytest.raises(PublicationStateError, match="approved already, by Bob"):
        decline_publication(db, held.sequence, by="Ada", why="no", now=later)
    sent = publish(db, B, later)
    assert (sent.sequence, sent.declined_why) == (held.sequence, "too soon")
    with pytest.raises(PublicationStateError, match="is sent, not held"):
        decline_publication(db, held.sequence, by="Ada", why="no", now=later)


def test_other_content_is_a_new_question(db: Database, now) -> None:
    held = hold_publication(db, A, because=["first"], now=now)
    decline_publication(db, held.sequence, by="Ada", why="no", now=now)
    other = hold_publication(db, B, because=["second"], now=now)
    assert other.is_undecided
    assert hold_publication(db, A, because=["third"], now=now).is_undecided


def test_an_approval_covers_one_content_once(db: Database, now) -> None:
    held = hold_publication(db, A, because=["first"], now=now)
    approve_publication(db, held.sequence, by="Ada", why="fine", now=now)
    other = hold_publication(db, B, because=["second"], now=now)
    assert other.approved_at is None
    assert list_publications(db)[-1].state == "withdrawn"
    with pytest.raises(PublicationStateError, match="withdrawn"):
        approve_publication(db, held.sequence, by="Ada", why="fine", now=now)
    third = hold_publication(db, A, because=["third"], now=now)
    assert third.approved_at is None
    publish(db, C, now)
    assert held_publication(db) is None


def test_what_is_held_was_not_sent(db: Database, now) -> None:
    publish(db, A, now)
    hold_publication(db, B, because=["churn"], now=now)
    assert begin_publication(db, A, now=now).is_sent
    assert held_publication(db) is None


def test_impossible_steps_are_refused(db: Database, now) -> None:
    with pytest.raises(PublicationStateError, match="no publication 7"):
        finish_publication(db, 7, receipt={}, now=now)
    held = hold_publication(db, A, because=["x"], now=now)
    with pytest.raises(PublicationStateError, match="held, not begun"):
        finish_publication(db, held.sequence, receipt={}, now=now)
    for by, why in (("", "why"), ("Ada", " ")):
        with pytest.raises(PublicationStateError, match="name and a reason"):
            approve_publication(db, held.sequence, by=by, why=why, now=now)
    publish(db, A, now)
    with pytest.raises(PublicationStateError, match="sent already"):
        hold_publication(db, A, because=["x"], now=now)


def test_a_new_database_repeats_no_keys(database_url: str, tmp_path, now) -> None:
    from labelaudit_dagster.store import sqlite_url

    with Database.open(database_url) as one, Database.open(sqlite_url(tmp_path / "2.db")) as two:
        first, second = (begin_publication(db, A, now=now) for db in (one, two))
    assert first.payload_hash == second.payload_hash == payload_hash(A)
    assert first.idempotency_key != second.idempotency_key
