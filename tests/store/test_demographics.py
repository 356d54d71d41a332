from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    IdempotencyConflictError,
    InvalidTableError,
    fingerprint,
    import_community,
    latest_demographics,
    list_changes,
    list_demographics,
    load_community,
    receive_demographics,
    remove_demographics,
    sqlite_url,
)

ANN = {"Participant id": "ann", "Age": "44", "Sex": "Female", "Time taken": 312.5}
BOB = {"Participant id": "bob", "Age": "DATA_EXPIRED", "Sex": None, "Approved": True}
STUDIES = {"s1": [ANN, BOB], "s2": [{"participant_id": "ann", "Nationality": "Österreich"}]}


def stored(db: Database) -> list[tuple[int, str, int]]:
    return [(study.sequence, study.study_id, study.row_count) for study in list_demographics(db)]


def test_rows_come_back_as_they_were_posted(db: Database, now) -> None:
    assert latest_demographics(db) == {}
    odd = {
        "empty": [],
        "ü \x00\ud800": [{"": "", "a\x00": "\ud800\x1a0000", "n": 0.1 + 0.2, "i": 10**30}],
    }
    received = receive_demographics(db, STUDIES | odd, now=now)
    assert (received.is_new, received.studies, received.rows) == (True, 4, 4)
    assert latest_demographics(db) == STUDIES | odd
    assert list(latest_demographics(db)) == sorted(STUDIES | odd)
    assert {study.received_at for study in list_demographics(db)} == {now}
    assert len(list_demographics(db, limit=3)) == 3


def test_the_same_content_stores_nothing_and_answers_the_same(db: Database, now) -> None:
    receive_demographics(db, STUDIES, now=now)
    before = list_demographics(db), list_changes(db)
    turned = {study: [dict(reversed(row.items())) for row in STUDIES[study]] for study in STUDIES}
    again = receive_demographics(db, dict(reversed(turned.items())), now=now + timedelta(days=1))
    assert (again.is_new, again.studies, again.rows) == (False, 2, 3)
    assert (list_demographics(db), list_changes(db)) == before


def test_only_studies_that_changed_are_stored(db: Database, now) -> None:
    receive_demographics(db, STUDIES, now=now)
    for step, rows in enumerate(([ANN], [BOB, ANN], [ANN]), start=1):
        later = now + timedelta(minutes=step)
        assert receive_demographics(db, STUDIES | {"s1": rows}, now=later).is_new
    # What a study had before counts again when it comes again.
    assert stored(db) == [(5, "s1", 1), (4, "s1", 2), (3, "s1", 1), (2, "s2", 1), (1, "s1", 2)]
    assert latest_demographics(db) == STUDIES | {"s1": [ANN]}


def test_a_key_stands_for_one_content(db: Database, now) -> None:
    first = receive_demographics(db, STUDIES, idempotency_key="k", now=now)
    receive_demographics(db, {"s1": [BOB]}, idempotency_key="l", now=now)
    before = list_demographics(db), list_changes(db)
    # A late repetition is not the latest content.
    again = receive_demographics(db, STUDIES, idempotency_key="k", now=now)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.studies, again.rows) == (first.studies, first.rows)
    for other in ({}, {"s1": STUDIES["s1"]}, STUDIES | {"s3": []}, STUDIES | {"s1": [BOB, ANN]}):
        with pytest.raises(IdempotencyConflictError, match="'k'"):
            receive_demographics(db, other, idempotency_key="k", now=now)
    assert (list_demographics(db), list_changes(db)) == before
    assert latest_demographics(db)["s1"] == [BOB]


def test_a_key_is_remembered_even_where_its_content_was_known(db: Database, now) -> None:
    receive_demographics(db, STUDIES, now=now)
    assert not receive_demographics(db, STUDIES, idempotency_key="k", now=now).is_new
    with pytest.raises(IdempotencyConflictError):
        receive_demographics(db, {"s1": []}, idempotency_key="k", now=now)
    assert len(list_demographics(db)) == 2


def test_many_senders_of_one_key_store_it_once(db: Database, now) -> None:
    def send(_: int) -> bool:
        return receive_demographics(db, STUDIES, idempotency_key="k", now=now).is_new

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 1
    assert stored(db) == [(2, "s2", 1), (1, "s1", 2)]


def participants_of(db: Database) -> dict[str, dict[str, str | None]]:
    """Return what the canonical table says of each participant."""
    frame = load_community(db).community.participants
    assert frame["participant_id"].tolist() == sorted(frame["participant_id"])
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {row.pop("participant_id"): row for row in records}


def test_participants_get_what_is_known_of_them(db: Database, make_community, now) -> None:
    ratings = [(name, "g", True, None) for name in ("ann", "bob", "cem")]
    people = {"ann": {"group": "1", "Sex": "?"}, "bob": {}, "cem": {}}
    import_community(db, make_community(ratings, people=people), now=now)
    before = fingerprint(db)
    rows = [
        {"Participant id": "ann", "Sex": "Female", "Age": "35-44"},
        {"Participant id": "bob", "Sex": None, "Age": None},
        {"Participant id": "nobody here", "Sex": "Male", "Age": "65+"},
    ]
    receive_demographics(db, {"s": rows}, now=now)
    assert fingerprint(db) != before
    assert participants_of(db) == {
        "ann": {"Age": "35-44", "Sex": "Female", "group": "1"},
        "bob": {"Age": None, "Sex": None, "group": None},
        "cem": {"Age": None, "Sex": None, "group": None},
    }
    # Re-importing brings the source's attributes to its state, and takes nothing away.
    import_community(db, make_community(ratings, people=people | {"cem": {"group": "2"}}), now=now)
    assert participants_of(db)["ann"] == {"Age": "35-44", "Sex": "Female", "group": "1"}
    assert participants_of(db)["cem"]["group"] == "2"


def test_the_newest_content_of_a_study_and_the_newest_study_count(
    db: Database, make_community, now
) -> None:
    import_community(db, make_community([("ann", "g", True, None)]), now=now)

    def receive(study: str, **values: str | None) -> dict[str, str | None]:
        rows = [{"participant_id": "ann", **values}] if values else []
        receive_demographics(db, {study: rows}, now=now)
        return participants_of(db)["ann"]

    assert receive("a", Sex="Female", Age="18-24") == {"Sex": "Female", "Age": "18-24"}
    assert receive("b", Age="25-34") == {"Sex": "Female", "Age": "25-34"}
    # The content counts that came last, not the study whose name comes last.
    assert receive("a", Sex="Other", Age="35-44") == {"Sex": "Other", "Age": "35-44"}
    # Consent that was taken back hides what another study knows.
    assert receive("b", Age=None) == {"Sex": "Other"}
    # Who is not in a study any more has what the others say.
    assert receive("b") == {"Sex": "Other", "Age": "35-44"}
    assert receive("a") == {}


def test_removed_rows_leave_the_participants_too(db: Database, make_community, now) -> None:
    import_community(db, make_community([("ann", "g", True, None)]), now=now)
    receive_demographics(db, {"s": [{"Participant id": "ann", "Sex": "Female"}]}, now=now)
    before = fingerprint(db)
    assert remove_demographics(db, participant_id="ann", now=now) == 1
    assert participants_of(db) == {"ann": {}}
    assert fingerprint(db) != before


def test_odd_rows_reach_no_participant(db: Database, make_community, now) -> None:
    import_community(db, make_community([("ann", "g", True, None)]), now=now)
    odd = [
        {"Participant id": "ann", "": "x", "a\x00": "x", "n": 0.5, "b": True, "z": "\x00", "e": ""},
        {"Participant id": None, "Sex": "x"},
        {"Sex": "y"},
    ]
    receive_demographics(db, {"s": odd}, now=now)
    assert participants_of(db) == {"ann": {}}


@pytest.mark.parametrize(
    ("studies", "said"),
    [
        ({"": []}, "id of a study"),
        ({"s" * 201: []}, "id of a study"),
        ({7: []}, "id of a study"),
        ({"s1": None}, "'s1' must be a list"),
        ({"s1": "secret"}, "'s1' must be a list"),
        ({"s1": {"Age": "secret"}}, "'s1' must be a list"),
        ({"s1": [ANN, "secret"]}, "Row 1 of the study 's1'"),
        ({"s1": [{7: "secret"}]}, "Row 0 of the study 's1'"),
        ({"s1": [{"Age": math.nan}]}, "strict JSON"),
        ({"s1": [{"Age": {"secret"}}]}, "strict JSON"),
    ],
)
def test_what_cannot_be_kept_is_refused(db: Database, now, studies: Any, said: str) -> None:
    with pytest.raises(InvalidTableError, match=said) as refused:
        receive_demographics(db, STUDIES | studies, idempotency_key="k", now=now)
    assert "secret" not in str(refused.value)
    assert list_demographics(db) == []
    assert receive_demographics(db, STUDIES, idempotency_key="k", now=now).is_new


def test_the_longest_id_of_the_widest_characters_is_kept(db: Database, now) -> None:
    studies = {character * 200: [] for character in ("\x00", "😀", "\ud800")}
    receive_demographics(db, studies, now=now)
    assert latest_demographics(db) == studies


OLDER = {"s1": [ANN, {"Participant id": None, "Age": "30"}]}
NEWER = {"s1": [ANN | {"Age": "45"}, BOB], "s2": STUDIES["s2"]}


@pytest.mark.parametrize(
    ("chosen", "counts", "left"),
    [
        ({"study_id": "s1"}, [0, 0, 1], {"s1": [], "s2": NEWER["s2"]}),
        ({"participant_id": "ann"}, [1, 1, 0], {"s1": [BOB], "s2": []}),
        (
            {"participant_id": "ann", "study_id": "s1"},
            [1, 1, 1],
            {"s1": [BOB], "s2": NEWER["s2"]},
        ),
        ({"participant_id": "None"}, [2, 2, 1], NEWER),
        ({"study_id": "s3"}, [2, 2, 1], NEWER),
    ],
)
def test_rows_are_removed_from_every_content(
    db: Database, now, chosen: dict[str, str], counts: list[int], left: dict[str, Any]
) -> None:
    receive_demographics(db, OLDER, now=now)
    receive_demographics(db, NEWER, idempotency_key="k", now=now)
    before = list_changes(db)
    removed = 5 - sum(counts)
    assert remove_demographics(db, **chosen, now=now) == removed
    assert remove_demographics(db, **chosen, now=now) == 0
    assert latest_demographics(db) == left
    assert [study.row_count for study in reversed(list_demographics(db))] == counts
    new = list_changes(db)[: -len(before)]
    assert [(change.kind, change.subject) for change in new] == (
        [("demographics_removed", chosen.get("study_id"))] if removed else []
    )
    # The same content, sent again with or without its key, does not bring them back.
    for key in ("k", None):
        assert not receive_demographics(db, NEWER, idempotency_key=key, now=now).is_new
    assert latest_demographics(db) == left


def test_removing_needs_to_be_told_what(db: Database, now) -> None:
    with pytest.raises(ValueError, match="study or a participant"):
        remove_demographics(db, now=now)


def test_what_was_removed_is_not_in_the_file_any_more(tmp_path: Path, now) -> None:
    path = tmp_path / "labelaudit.db"
    long = {"Participant id": "person-4711", "Ethnicity simplified": "value-0815 " * 2000}
    with Database.open(sqlite_url(path)) as db:
        receive_demographics(db, {"s1": [ANN, long, BOB]}, idempotency_key="k", now=now)
    assert b"value-0815" in path.read_bytes()
    with Database.open(sqlite_url(path)) as db:
        assert remove_demographics(db, participant_id="person-4711", now=now) == 1
        assert latest_demographics(db) == {"s1": [ANN, BOB]}
    assert [file.name for file in tmp_path.iterdir()] == ["labelaudit.db"]
    content = path.read_bytes()
    assert b"value-0815" not in content
    assert b"person-4711" not in content


def test_a_failed_statement_names_no_values(db: Database, now) -> None:
    with db.write() as connection:
        connection.execute(text("DROP TABLE received_demographics"))
        connection.execute(text("CREATE TABLE received_demographics (sequence INTEGER, "
                                "study_id TEXT, content_hash TEXT)"))  # fmt: skip
    with pytest.raises(Exception, match="row_count") as failed:
        receive_demographics(db, {"s1": [{"Age": "secret"}]}, now=now)
    assert "secret" not in str(failed.value)
    assert "secret" not in str(failed.value.__cause__)
