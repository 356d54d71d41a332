from __future__ import annotations

from datetime import timedelta

import pytest

from labelaudit_dagster.store import (
    Database,
    Label,
    UnknownModelError,
    add_labels,
    current_labels,
    ensure_model,
    import_corpus,
    list_changes,
    list_trainings,
    record_due_trainings,
    record_training,
)


@pytest.fixture
def corpus_db(db: Database, make_corpus, now) -> Database:
    import_corpus(db, make_corpus({item: f"comment {item}" for item in range(600)}), now=now)
    return db


def test_a_version_freezes_the_labels(corpus_db: Database, now) -> None:
    db = corpus_db
    add_labels(db, "u", "m", [Label(1, 4.0), Label(2, None)], now=now)
    first = record_training(db, "u", "m", now=now)
    assert (first.version, first.label_sequence, first.n_labels, first.is_new) == (0, 2, 1, True)
    add_labels(db, "u", "m", [Label(1, 0.0), Label(3, 3.0)], now=now)
    later = now + timedelta(minutes=1)
    second = record_training(db, "u", "m", now=later)
    assert (second.version, second.label_sequence, second.n_labels) == (1, 4, 2)
    assert [one.trained_at for one in list_trainings(db)] == [now, later]
    ratings = [
        current_labels(db, "u", "m", up_to=one.label_sequence)["rating"].dropna().tolist()
        for one in list_trainings(db, "u", "m")
    ]
    assert ratings == [[4.0], [0.0, 3.0]]
    newest = list_changes(db)[0]
    assert (newest.kind, newest.subject) == ("model_trained", "u")


def test_the_same_labels_make_no_new_version(corpus_db: Database, now) -> None:
    db = corpus_db
    add_labels(db, "u", "m", [Label(1, 4.0)], now=now)
    first = record_training(db, "u", "m", now=now)
    # There and back again, and "unsure" on top: the same set of ratings.
    for label in (Label(1, 3.0), Label(1, 4.0), Label(2, None)):
        add_labels(db, "u", "m", [label], now=now)
    before = list_changes(db)
    again = record_training(db, "u", "m", now=now + timedelta(days=1))
    assert (again.version, again.is_new, again.trained_at) == (0, False, now)
    assert again.label_sequence == first.label_sequence
    assert record_due_trainings(db, ["u"], now=now) == []
    assert list_changes(db) == before
    # A rating that becomes "unsure" is one less.
    add_labels(db, "u", "m", [Label(1, None)], now=now)
    assert record_training(db, "u", "m", now=now).n_labels == 0


def test_models_that_cannot_be_trained(corpus_db: Database, now) -> None:
    ensure_model(corpus_db, "u", "m", now=now)
    for user, model in (("u", "m"), ("u", "x"), ("nobody", "m")):
        with pytest.raises(UnknownModelError, match="label comments first"):
            record_training(corpus_db, user, model, now=now)
    assert record_due_trainings(corpus_db, ["u", "nobody"], now=now) == []
    assert list_trainings(corpus_db) == []


def test_due_trainings_are_recorded_together(corpus_db: Database, now) -> None:
    db = corpus_db
    people = [f"u{number:03d}" for number in range(510)]
    with db.write() as connection:
        # As `add_labels` would, without 510 commits.
        from labelaudit_dagster.store.audit_schema import labels
        from labelaudit_dagster.store.changes import add_change
        from labelaudit_dagster.store.models import ensure_base_model

        change = add_change(connection, "labels_added", now=now)
        rows = [
            {
                "sequence": number + 1,
                "model_key": ensure_base_model(connection, person, "m", change=change, now=now),
                "corpus_key": 1,
                "item_id": number,
                "rating": 1.0,
                "labelled_at": now,
                "recorded_change": change,
            }
            for number, person in enumerate(people)
        ]
        connection.execute(labels.insert(), rows)
    assert [one.user_id for one in record_due_trainings(db, people[:3], now=now)] == people[:3]
    made = record_due_trainings(db, people, now=now)
    assert [one.user_id for one in made] == people[3:]
    assert {(one.version, one.n_labels, one.is_new) for one in made} == {(0, 1, True)}
    assert [change.kind for change in list_changes(db, limit=2)] == ["models_trained"] * 2
    add_labels(db, people[7], "m", [Label(5, 2.0)], now=now)
    (due,) = record_due_trainings(db, people, now=now)
    assert (due.user_id, due.version, due.n_labels) == (people[7], 1, 2)
    assert len(list_trainings(db)) == 511


def test_trainings_outlive_the_corpus(corpus_db: Database, make_corpus, now) -> None:
    db = corpus_db
    add_labels(db, "u", "m", [Label(1, 4.0)], now=now)
    record_training(db, "u", "m", now=now)
    import_corpus(db, make_corpus({1: "else"}, name="other"), mode="replace", now=now)
    # What was labelled has not changed; of another corpus' comment it is another label.
    assert not record_training(db, "u", "m", now=now).is_new
    add_labels(db, "u", "m", [Label(1, 4.0)], now=now)
    assert record_training(db, "u", "m", now=now).version == 1
