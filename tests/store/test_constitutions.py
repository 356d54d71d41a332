from __future__ import annotations

from datetime import timedelta

import pytest

from labelaudit_dagster.constitution import payload_hash as constitution_hash
from labelaudit_dagster.store import (
    Database,
    IdempotencyConflictError,
    InvalidTableError,
    fingerprint,
    latest_constitution,
    list_received,
    payload_hash,
    receive_constitution,
    was_received,
)


def payload(mu: float = 0.5) -> dict:
    return {
        "accepted_guideline_ids": ["g"],
        "guideline_intercepts": {"g": 0.5, "é\x00\ud800": 1e-300},
        "user_intercepts": {"u": -0.25},
        "guideline_embeddings": {"g": [1.0, 2]},
        "user_embeddings": {"u": [0.1, 0.2]},
        "guideline_scores": {"g": 0.9},
        "mu": mu,
    }


def test_hashes_are_those_of_the_constitution_package() -> None:
    for body in (payload(), payload(0.1 + 0.2)):
        if body["guideline_intercepts"].pop("é\x00\ud800"):
            assert payload_hash(body) == constitution_hash(body)
    reordered = dict(reversed(payload().items()))
    assert payload_hash(reordered) == payload_hash(payload()) != payload_hash(payload(0.25))


def test_every_constitution_is_kept(db: Database, now) -> None:
    assert latest_constitution(db) is None
    for step, mu in enumerate((0.1, 0.2, 0.1)):
        receive_constitution(db, payload(mu), now=now + timedelta(minutes=step))
    latest, body = latest_constitution(db)
    assert latest.sequence == 3
    assert latest.received_at == now + timedelta(minutes=2)
    assert body == payload(0.1)
    assert [c.payload_hash for c in list_received(db)] == [
        payload_hash(payload(mu)) for mu in (0.1, 0.2, 0.1)
    ]


def test_the_same_key_gives_the_same_answer(db: Database, now) -> None:
    first = receive_constitution(db, payload(), idempotency_key="k", now=now)
    mark = fingerprint(db)
    again = receive_constitution(db, payload(), idempotency_key="k", now=now + timedelta(days=1))
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.sequence, again.received_at) == (first.sequence, now)
    with pytest.raises(IdempotencyConflictError, match="'k'"):
        receive_constitution(db, payload(0.9), idempotency_key="k", now=now)
    assert len(list_received(db)) == 1
    assert fingerprint(db) == mark


def test_what_was_received_is_told_by_key_and_content(db: Database, now) -> None:
    assert not was_received(db, payload(), idempotency_key="k")
    receive_constitution(db, payload(), idempotency_key="k", now=now)
    receive_constitution(db, payload(0.9), now=now)
    assert was_received(db, dict(reversed(payload().items())), idempotency_key="k")
    assert not was_received(db, payload(0.9), idempotency_key="k")
    assert not was_received(db, payload(), idempotency_key="l")


def test_a_new_constitution_changes_the_export_and_not_the_community(db: Database, now) -> None:
    before = fingerprint(db)
    receive_constitution(db, payload(), now=now)
    after = fingerprint(db)
    assert before.community == after.community
    assert before.export != after.export


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mu", None, "mu"),
        ("mu", True, "mu"),
        ("mu", float("nan"), "mu"),
        ("accepted_guideline_ids", [1], "accepted_guideline_ids"),
        ("guideline_intercepts", [], "guideline_intercepts"),
        ("user_intercepts", {"u": "1"}, r"user_intercepts\['u'\]"),
        ("guideline_scores", {"g": float("inf")}, r"guideline_scores\['g'\]"),
        ("user_embeddings", {"u": 1.0}, r"user_embeddings\['u'\]"),
        ("user_embeddings", {"u": [None]}, r"user_embeddings\['u'\]"),
        ("user_embeddings", {"u": [1.0]}, "lengths"),
    ],
)
def test_wrong_bodies_are_refused(db: Database, now, field: str, value: object, said: str) -> None:
    with pytest.raises(InvalidTableError, match=said):
        receive_constitution(db, payload() | {field: value}, now=now)
    without = payload()
    del without[field]
    with pytest.raises(InvalidTableError, match=field):
        receive_constitution(db, without, now=now)
    assert list_received(db) == []
