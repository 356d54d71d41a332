"""What waits to be used: labels that no training has seen, ratings after a change."""

from __future__ import annotations

from datetime import timedelta

from labelaudit_dagster.store import (
    Label,
    add_labels,
    add_rating,
    fingerprint,
    import_community,
    import_corpus,
    ratings_wait_since,
    record_due_trainings,
    waiting_labels,
)


def label(db, user, ratings, now, model="my_model"):
    add_labels(db, user, model, [Label(item, r) for item, r in ratings.items()], now=now)


def test_labels_wait_for_a_training(db, make_corpus, now):
    import_corpus(db, make_corpus({1: "one", 2: "two", 3: "three"}), mode="refuse", now=now)
    assert waiting_labels(db).labels == 0
    assert waiting_labels(db).since is None
    later = [now + timedelta(minutes=n) for n in range(6)]
    label(db, "ann", {1: 3.0, 2: 1.0}, later[0])
    label(db, "ann", {3: 3.0}, later[1], model="other")
    label(db, "bob", {1: 0.0}, later[2])
    found = waiting_labels(db)
    assert (found.labels, found.models, found.users) == (4, 3, 2)
    assert found.since == later[0]
    record_due_trainings(db, ["ann"], now=later[3])
    found = waiting_labels(db)
    assert (found.labels, found.models, found.users, found.since) == (1, 1, 1, later[2])
    record_due_trainings(db, ["bob"], now=later[3])
    assert waiting_labels(db).labels == 0
    # There and back again: nothing is to be trained.
    label(db, "ann", {1: 4.0}, later[4])
    assert waiting_labels(db).labels == 1
    label(db, "ann", {1: 3.0}, later[5])
    assert waiting_labels(db).labels == 0


def test_ratings_wait_since_the_first_of_them(db, make_community, now):
    community = make_community([("ann", "g1", True, None), ("bob", "g1", True, None)])
    import_community(db, community, mode="refuse", now=now)
    known = fingerprint(db).sequence
    assert ratings_wait_since(db, known) is None
    assert ratings_wait_since(db, 0) == now
    later = [now + timedelta(hours=n) for n in (1, 2)]
    for moment in later:
        add_rating(db, f"new {moment}", "g1", True, now=moment)
    assert ratings_wait_since(db, known) == later[0]
