"""Sendings of demographics: one number for each content, the same key until it is confirmed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from labelaudit_dagster.store import (
    Database,
    begin_sending,
    demographics_hash,
    failed_studies,
    finish_sending,
    forget_failure,
    last_sending,
    list_changes,
    list_demographics,
    list_sendings,
    receive_demographics,
    remember_failure,
)

A, B = [{"Participant id": "ann", "Sex": "Female"}], [{"Participant id": "ann", "Sex": None}]
HERE = "https://platform.example/api"


def test_a_sending_is_resumed_until_it_is_confirmed(db: Database, now) -> None:
    assert last_sending(db, "s", target=HERE) is None
    first = begin_sending(db, "s", A, target=HERE, now=now)
    assert (first.sequence, first.state, first.row_count, first.begun_at) == (1, "begun", 1, now)
    assert first.idempotency_key.startswith(f"demographics-1-{demographics_hash('s', A)}-")
    assert begin_sending(db, "s", A, target=HERE, now=now + timedelta(days=1)) == first
    done = finish_sending(db, 1, receipt={"status": 200}, now=now)
    assert (done.is_sent, done.receipt, done.finished_at) == (True, {"status": 200}, now)
    assert finish_sending(db, 1, receipt={"status": 201}, now=now) == done
    assert begin_sending(db, "s", A, target=HERE, now=now) == done == list_sendings(db)[0]
    with pytest.raises(KeyError):
        finish_sending(db, 2, receipt={}, now=now)


def test_contents_studies_and_targets_are_told_apart(db: Database, now) -> None:
    sequences = [
        begin_sending(db, study, rows, target=target, now=now).sequence
        for study, rows, target in (
            ("s", A, HERE), ("s", B, HERE), ("s", A, HERE), ("s", A, HERE),
            ("s ü\x00", A, HERE), ("s", A, "embedded"), ("s", A, HERE),
        )
    ]  # fmt: skip
    assert sequences == [1, 2, 3, 3, 4, 5, 3]
    assert len({sending.idempotency_key for sending in list_sendings(db)}) == 5


def test_the_hash_is_that_of_received_content_and_of_no_row_order_of_keys(db, now) -> None:
    receive_demographics(db, {"s": A}, now=now)
    turned = [dict(reversed(row.items())) for row in A]
    assert list_demographics(db)[0].content_hash == demographics_hash("s", turned)


def test_many_begin_the_same_thing_once(db: Database, now) -> None:
    with ThreadPoolExecutor(6) as pool:
        begun = pool.map(lambda _: begin_sending(db, "s", A, target=HERE, now=now), range(6))
        assert {sending.sequence for sending in begun} == {1}


def test_failures_are_remembered_until_they_are_not_any_more(db: Database, now) -> None:
    for study in ("b", "a"):
        remember_failure(db, study, f"{study} failed", target=HERE, now=now)
    remember_failure(db, "a", "again", target=HERE, now=now + timedelta(days=1))
    found = failed_studies(db, target=HERE)
    assert [(failure.study_id, failure.since, failure.problem) for failure in found] == [
        ("a", now, "again"), ("b", now, "b failed"),
    ]  # fmt: skip
    assert failed_studies(db, target="embedded") == []
    forget_failure(db, "a", target="embedded")
    forget_failure(db, "b", target=HERE)
    assert [failure.study_id for failure in failed_studies(db, target=HERE)] == ["a"]
    later = now + timedelta(days=2)
    remember_failure(db, "b", "b failed anew", target=HERE, now=later)
    assert [failure.since for failure in failed_studies(db, target=HERE)] == [now, later]
    assert {change.kind for change in list_changes(db)} == {"demographics_failed"}
