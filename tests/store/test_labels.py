from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from labelaudit_dagster.store import (
    Database,
    InvalidLabelError,
    InvalidNameError,
    Label,
    LabelReceipt,
    ModelConflictError,
    NoCorpusError,
    add_labels,
    current_labels,
    ensure_model,
    import_corpus,
    label_sequence,
    labels_outside_corpus,
    list_changes,
    list_models,
    list_users,
    users_labelled_since,
)

TEXTS = {item: f"comment {item}" for item in range(8)}
ODD_NAMES = [
    "😀" * 300, "\x00", "..", "/", "../../etc/passwd", " ", "a\x00b\n", "x" * 300, "null",
    "'; DROP TABLE labels; --", "\u202eRTL", "\x1a0000", "STRAßE", "A", "a",
]  # fmt: skip


@pytest.fixture
def corpus_db(db: Database, make_corpus, now) -> Database:
    import_corpus(db, make_corpus(TEXTS, [("a", 0, 1.0)]), now=now)
    return db


def of(frame) -> list[tuple[Any, ...]]:
    frame = frame.astype(object).where(frame.notna(), None)
    return list(frame[["user_id", "model", "item_id", "rating"]].itertuples(index=False, name=None))


def test_the_newest_label_counts_and_all_are_kept(corpus_db: Database, now) -> None:
    db = corpus_db
    assert (label_sequence(db), of(current_labels(db)), list_users(db)) == (0, [], [])
    first = add_labels(db, "u", "m", [Label(1, 4.0), Label(2, None), Label(1, 3)], now=now)
    assert first == LabelReceipt(sequence=3, stored=3, unchanged=0, unknown=[])
    later = now + timedelta(hours=1)
    second = add_labels(
        db, "u", "m", [Label(2, 0.0), Label(1, 3.0), Label(99, 1.0), Label(99, 2.0)], now=later
    )
    assert second == LabelReceipt(sequence=4, stored=1, unchanged=1, unknown=[99])
    found = current_labels(db, "u", "m")
    assert of(found) == [("u", "m", 1, 3.0), ("u", "m", 2, 0.0)]
    assert found["labelled_at"].tolist() == [now, later]
    assert [str(dtype) for dtype in found.dtypes] == [
        "str", "str", "int64", "float64", "datetime64[us, UTC]", "int64"
    ]  # fmt: skip
    # Every state that was can be seen again.
    assert of(current_labels(db, "u", "m", up_to=3)) == [("u", "m", 1, 3.0), ("u", "m", 2, None)]
    assert of(current_labels(db, up_to=1)) == [("u", "m", 1, 4.0)]
    assert of(current_labels(db, up_to=0)) == []
    # Back and forth is a change each time.
    assert add_labels(db, "u", "m", [Label(1, 4.0)], now=now).stored == 1
    assert add_labels(db, "u", "m", [Label(1, 3.0)], now=now).sequence == label_sequence(db) == 6


def test_a_batch_that_says_nothing_new_writes_nothing(corpus_db: Database, now) -> None:
    db = corpus_db
    before = list_changes(db)
    assert add_labels(db, "u", "m", [], now=now) == LabelReceipt(0, 0, 0, [])
    assert add_labels(db, "u", "m", [Label(-1, 1.0), Label(99, 9 - 5)], now=now).unknown == [-1, 99]
    assert (list_changes(db), list_users(db), list_models(db)) == (before, [], [])
    batch = [Label(1, 4.0), Label(2, None)]
    add_labels(db, "u", "m", batch, now=now)
    before = list_changes(db)
    assert add_labels(db, "u", "m", batch, now=now) == LabelReceipt(2, 0, 2, [])
    assert list_changes(db) == before
    assert (before[0].kind, before[0].subject) == ("labels_added", "u")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (Label(1, 5.0), "item 1 is 5.0.*0, 1, 2, 3, 4"),
        (Label(1, 1.5), "no value"),
        (Label(1, -1.0), "no value"),
        (Label(1, math.nan), "no value"),
        (Label(1, math.inf), "no value"),
        (Label(1, "3"), "no value"),
        (Label(1, True), "no value"),
        (Label(1, 10**400), "no value"),
        (Label("1", 3.0), "no whole number"),
        (Label(1.5, 3.0), "no whole number"),
        (Label(True, 3.0), "no whole number"),
        (Label(None, 3.0), "no whole number"),
        (Label(2**63, 3.0), "no whole number"),
        (Label(math.nan, 3.0), "no whole number"),
    ],
)
def test_a_wrong_label_stores_nothing_of_its_batch(
    corpus_db: Database, now, label: Any, said: str
) -> None:
    with pytest.raises(InvalidLabelError, match=said):
        add_labels(corpus_db, "u", "m", [Label(2, 1.0), label], now=now)
    assert label_sequence(corpus_db) == 0


def test_numbers_of_numpy_and_rounding_are_taken(db: Database, make_corpus, now) -> None:
    with pytest.raises(NoCorpusError, match="import ratings first"):
        add_labels(db, "u", "m", [Label(1, 1.0)], now=now)
    import_corpus(db, make_corpus(TEXTS, values=(0.1, 0.3), threshold=0.2), now=now)
    batch = [Label(np.int64(1), np.float64(0.1 + 0.2)), Label(np.int32(2), np.float32(0.1))]
    assert add_labels(db, "u", "m", batch[:1], now=now).stored == 1
    assert of(current_labels(db)) == [("u", "m", 1, 0.3)]


def test_any_name_of_a_user_or_model_works(corpus_db: Database, now) -> None:
    db = corpus_db
    for number, name in enumerate(ODD_NAMES):
        for model in (name, "my_model"):
            add_labels(db, name, model, [Label(number % 8, 1.0)], now=now)
        assert of(current_labels(db, name, name)) == [(name, name, number % 8, 1.0)]
        assert [model.name for model in list_models(db, name)] == sorted([name, "my_model"])
    assert list_users(db) == users_labelled_since(db, 0) == sorted(ODD_NAMES)
    for wrong in ("", "x" * 2001, "\ud800", None, 7):
        for user, model in ((wrong, "m"), ("u", wrong)):
            with pytest.raises(InvalidNameError, match="1 to 2000 bytes"):
                add_labels(db, user, model, [Label(1, 1.0)], now=now)


def test_who_labelled_since_is_known(corpus_db: Database, now) -> None:
    db = corpus_db
    marks = [label_sequence(db)]
    for user in ("b", "a", "b"):
        batch = [Label(1, float(len(marks))), Label(2, None)]
        marks.append(add_labels(db, user, "m", batch, now=now).sequence)
    assert marks == [0, 2, 4, 5]
    assert [users_labelled_since(db, mark) for mark in marks] == [
        ["a", "b"], ["a", "b"], ["b"], []
    ]  # fmt: skip


def test_models_have_a_kind_and_a_name_each(corpus_db: Database, now) -> None:
    db = corpus_db
    base = ensure_model(db, "u", "m", now=now)
    assert ensure_model(db, "u", "m", now=now + timedelta(days=1)) == base
    topic = ensure_model(db, "u", "m_1_a", kind="topic", base="m", topic="1_a", now=now)
    group = ensure_model(
        db, "u", "m_group", kind="group", base="m", group={"gender": "Female", "race": None},
        now=now,
    )  # fmt: skip
    add_labels(db, "u", "m_1_a", [Label(1, 1.0)], now=now)
    add_labels(db, "u", "other", [Label(1, 1.0)], now=now)
    ensure_model(db, "t", "m", now=now)
    assert list_models(db, "u")[:3] == [base, topic, group]
    assert [(model.user_id, model.name, model.kind) for model in list_models(db)] == [
        ("t", "m", "base"), ("u", "m", "base"), ("u", "m_1_a", "topic"),
        ("u", "m_group", "group"), ("u", "other", "base"),
    ]  # fmt: skip
    for kind in ({"kind": "topic", "topic": "2_b"}, {"kind": "group", "group": {}}, {}):
        with pytest.raises(ModelConflictError, match="'m_1_a'"):
            ensure_model(db, "u", "m_1_a", **kind, now=now)
    for wrong in ({"kind": "x"}, {"topic": "1_a"}, {"kind": "topic"}, {"kind": "group"}):
        with pytest.raises(InvalidNameError):
            ensure_model(db, "u", "new", **wrong, now=now)


def test_labels_stay_with_the_corpus_that_they_are_of(
    corpus_db: Database, make_corpus, now
) -> None:
    db = corpus_db
    add_labels(db, "u", "m", [Label(1, 4.0), Label(2, 3.0), Label(3, None)], now=now)
    shorter = make_corpus({item: TEXTS[item] for item in (1, 2)})
    assert import_corpus(db, shorter, now=now).labels_outside == 1
    assert of(current_labels(db)) == [("u", "m", 1, 4.0), ("u", "m", 2, 3.0)]
    assert of(labels_outside_corpus(db)) == [("u", "m", 3, None)]
    # Item 1 of another corpus is another comment.
    other = make_corpus({1: "something else"}, name="other.csv")
    assert import_corpus(db, other, mode="replace", now=now).labels_outside == 3
    assert of(current_labels(db)) == []
    assert add_labels(db, "u", "m", [Label(1, 4.0), Label(2, 4.0)], now=now).unknown == [2]
    assert of(current_labels(db)) == [("u", "m", 1, 4.0)]
    assert len(labels_outside_corpus(db, "u", "m")) == 3
    assert of(labels_outside_corpus(db, "somebody else")) == []


def test_labels_come_back_with_their_comments(corpus_db: Database, make_corpus, now) -> None:
    db = corpus_db
    add_labels(db, "u", "m", [Label(1, 4.0), Label(2, 3.0)], now=now)
    import_corpus(db, make_corpus({2: TEXTS[2], 3: TEXTS[3]}), now=now)
    assert len(current_labels(db)) == 1
    import_corpus(db, make_corpus(TEXTS), now=now)
    assert len(current_labels(db)) == 2
    assert of(labels_outside_corpus(db)) == []


def test_five_thousand_labels_at_once(db: Database, make_corpus, now) -> None:
    import_corpus(db, make_corpus({item: f"c{item}" for item in range(5000)}), now=now)
    batch = [Label(item, float(item % 5)) for item in range(5000)]
    assert add_labels(db, "u", "m", batch, now=now).stored == 5000
    assert add_labels(db, "u", "m", batch, now=now).unchanged == 5000
    assert current_labels(db)["rating"].tolist() == [label.rating for label in batch]


def test_two_hundred_people_label_at_once(corpus_db: Database, now) -> None:
    def label(number: int) -> LabelReceipt:
        batch = [Label(item, float(number % 5)) for item in range(8)]
        return add_labels(corpus_db, f"user {number}", "m", batch, now=now)

    with ThreadPoolExecutor(200) as pool:
        receipts = list(pool.map(label, range(200)))
    assert sorted(receipt.sequence for receipt in receipts) == list(range(8, 1601, 8))
    assert len(current_labels(corpus_db)) == 1600
    assert len(list_users(corpus_db)) == len(list_models(corpus_db)) == 200
