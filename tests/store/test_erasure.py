from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    ForgottenCounts,
    Label,
    add_labels,
    add_proposal,
    add_rating,
    create_invitation,
    create_token,
    current_labels,
    decide_proposal,
    delete_report,
    export_person,
    fingerprint,
    forget_person,
    give_consent,
    import_community,
    import_corpus,
    label_sequence,
    latest_demographics,
    list_changes,
    list_invitations,
    list_models,
    list_proposals,
    list_reports,
    list_sessions,
    list_submissions,
    list_tokens,
    list_trainings,
    list_users,
    load_community,
    receive_demographics,
    record_submission,
    record_training,
    redeem_invitation,
    save_report,
    sqlite_url,
    users_labelled_since,
    verify_session,
    verify_token,
    withdraw_rating,
)
from labelaudit_dagster.store.schema_base import metadata

MARK = "person-4711-😀"


def fill(db: Database, person: str, make_corpus, make_community, now) -> dict[str, str]:
    """Let a person do everything that leaves something behind, and return their secrets."""
    rows = [
        ("guideline_ratings", "superseded", {"authorId": person, "guidelineId": "g"}),
        ("participants", "invalid_id", {"id": person}),
        ("guideline_ratings", "superseded", {"authorId": "z", "note": person}),
        ("guideline_ratings", "not_an_object", []),
    ]
    quarantined = [
        (table, number, reason, json.dumps(raw, ensure_ascii=False))
        for number, (table, reason, raw) in enumerate(rows)
    ]
    community = make_community(
        [(person, "g", True, None), ("z", "g", True, None)],
        people={person: {"age": "44"}, "z": {"age": "30"}},
        quarantine=quarantined,
    )
    guidelines = community.guidelines.assign(author_id=person).astype({"author_id": "str"})
    from dataclasses import replace

    import_community(db, replace(community, guidelines=guidelines), now=now)
    import_corpus(db, make_corpus({1: "one", 2: "two"}, [("z", 1, 1.0)]), now=now)
    for who in (person, "z"):
        add_rating(db, who, "g", False, tags=["unfair", "unclear"], now=now)
        give_consent(db, who, "I agree.", now=now)
        taken, declined, _ = (
            add_proposal(db, who, f"{name} of {'z' if who == 'z' else 'somebody'}", now=now)
            for name in ("Taken", "Declined", "Waiting")
        )
        decide_proposal(db, taken.proposal_id, "accepted", now=now)
        decide_proposal(db, declined.proposal_id, "declined", reason="No.", now=now)
        add_rating(db, who, f"proposal-{taken.proposal_id}", True, tags=["clear"], now=now)
        withdraw_rating(db, who, f"proposal-{taken.proposal_id}", now=now)
        add_labels(db, who, "m", [Label(1, 1.0), Label(2, None), Label(1, 2.0)], now=now)
        record_training(db, who, "m", now=now)
        save_report(db, who, "m", None, {"title": f"by {who}"}, now=now)
        gone = save_report(db, who, "m", None, {"title": f"gone by {who}"}, now=now)
        delete_report(db, who, gone.report_id, now=now)
        record_submission(db, who, target="https://avid.example", report_ids=["r"],
                          document={"by": who}, succeeded=True, receipt=None, now=now)  # fmt: skip
    rows = [{"participant_id": person, "Age": 44}, {"participant_id": "z", "Age": 30}]
    receive_demographics(db, {"study": rows}, now=now)
    _, token = create_token(db, "auditor", subject=person, label=f"of {person}", now=now)
    _, link = create_invitation(db, "auditor", person, None, now, label=f"for {person}")
    _, cookie = redeem_invitation(db, link, now)
    create_token(db, "auditor", subject="z", now=now)
    return {"token": token, "cookie": cookie}


def everything(db: Database) -> list[str]:
    """Return every value of every row, as text."""
    with db.read() as connection:
        return [
            str(value)
            for table in metadata.sorted_tables
            for row in connection.execute(table.select())
            for value in row
        ]


def test_nothing_of_a_person_is_left(db: Database, make_corpus, make_community, now) -> None:
    secrets = fill(db, MARK, make_corpus, make_community, now)
    others = export_person(db, "z")
    assert sum(MARK in value for value in everything(db)) > 12
    mark, last = fingerprint(db), list_changes(db)[0].sequence
    counts = forget_person(db, MARK, now)
    assert counts == ForgottenCounts(
        labels=3, models=1, trainings=1, reports=2, report_versions=2, submissions=1, ratings=3,
        withdrawals=1, rating_tags=2, proposals=3, consents=1, participants=1, authored=2,
        quarantined=2, demographics=1, tokens=1, invitations=1, sessions=1, log_entries=13,
    )  # fmt: skip
    # The last trace is a row that is about somebody else and happens to name them.
    (left,) = [value for value in everything(db) if MARK in value]
    assert json.loads(left) == {"authorId": "z", "note": MARK}
    assert verify_token(db, secrets["token"], now=now) is None
    assert verify_session(db, secrets["cookie"], now=now) is None
    assert export_person(db, "z") == others
    community = load_community(db).community
    community.validate()
    assert community.participants["participant_id"].tolist() == ["z"]
    assert community.guideline_ratings["participant_id"].tolist() == ["z"]
    # What others may have rated stays, and nobody is named as its author.
    authors = dict(
        zip(community.guidelines["text"], community.guidelines["author_id"], strict=True)
    )
    assert authors.pop("Taken of z") == "z"
    assert len(authors) == 2
    assert not any(isinstance(author, str) for author in authors.values())
    assert {one.status for one in list_proposals(db) if one.proposer_id is None} == {"accepted"}
    assert fingerprint(db) != mark
    (change,) = list_changes(db, limit=1)
    assert (change.sequence, change.kind, change.subject) == (last + 1, "person_forgotten", None)
    assert (change.alters_community, change.ratings_ended) == (True, 1)
    if db.dialect == "sqlite":
        with db.read() as connection:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    # Once more finds nothing and stores nothing.
    assert forget_person(db, MARK, now).total == 0
    assert list_changes(db, limit=1) == [change]


def test_numbers_of_forgotten_labels_are_not_used_again(db: Database, make_corpus, now) -> None:
    import_corpus(db, make_corpus({1: "one"}), now=now)
    add_labels(db, "a", "m", [Label(1, 1.0)], now=now)
    add_labels(db, "b", "m", [Label(1, 1.0)], now=now)
    assert forget_person(db, "b", now).labels == 1
    assert (label_sequence(db), users_labelled_since(db, 1)) == (2, [])
    assert add_labels(db, "c", "m", [Label(1, 1.0)], now=now).sequence == 3
    assert users_labelled_since(db, 2) == ["c"]
    # Who comes back is somebody new.
    add_labels(db, "b", "m", [Label(1, 2.0)], now=now)
    assert current_labels(db, "b")["sequence"].tolist() == [4]
    assert record_training(db, "b", "m", now=now).version == 0


def test_forgetting_who_only_wrote_a_report_and_who_is_unknown(db: Database, now) -> None:
    assert forget_person(db, "nobody", now) == ForgottenCounts()
    assert list_changes(db) == []
    save_report(db, "u", "m", None, {}, now=now)
    assert asdict(forget_person(db, "u", now)) == asdict(
        ForgottenCounts(reports=1, report_versions=1, log_entries=1)
    )
    assert (list_users(db), list_reports(db, "u"), list_models(db)) == ([], [], [])
    assert not list_changes(db)[0].alters_community


def test_an_export_tells_everything(db: Database, make_corpus, make_community, now) -> None:
    assert not any(value for name, value in export_person(db, MARK).items() if name != "user_id")
    fill(db, MARK, make_corpus, make_community, now)
    before = list_changes(db)
    found = export_person(db, MARK)
    assert list_changes(db) == before
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    counts = forget_person(db, MARK, now)
    expected: dict[str, Any] = {
        "labels": counts.labels,
        "models": counts.models,
        "trainings": counts.trainings,
        "reports": counts.report_versions,
        "submissions": counts.submissions,
        "guideline_ratings": counts.ratings,
        "rating_tags": counts.rating_tags,
        "withdrawn_ratings": counts.withdrawals,
        "proposals": counts.proposals,
        "consents": counts.consents,
        "participant_attributes": counts.participants,
        "authored_guidelines": counts.authored,
        "quarantined": counts.quarantined,
        "demographics": counts.demographics,
        "tokens": counts.tokens,
        "invitations": counts.invitations,
        "sessions": counts.sessions,
    }
    assert {name: len(rows) for name, rows in found.items() if name != "user_id"} == expected
    assert [(row["text"], row["rating"]) for row in found["labels"]] == [
        ("one", 1.0), ("two", None), ("one", 2.0)
    ]  # fmt: skip
    assert found["labels"][0]["labelled_at"] == now.isoformat()
    assert [(row["helpful"], row["is_current"]) for row in found["guideline_ratings"]] == [
        (True, False), (False, True), (True, False)
    ]  # fmt: skip
    assert [(row["tags"], row["is_current"]) for row in found["rating_tags"]] == [
        (["unclear", "unfair"], True), (["clear"], False)
    ]  # fmt: skip
    assert [(row["decision"], row["reason"]) for row in found["proposals"]] == [
        ("accepted", None), ("declined", "No."), (None, None)
    ]  # fmt: skip
    assert [row["text"] for row in found["consents"]] == ["I agree."]
    assert found["demographics"][0]["row"] == {"participant_id": MARK, "Age": 44}
    assert "secret_hash" not in json.dumps(found)
    assert export_person(db, "z")["demographics"][0]["row"]["Age"] == 30


def test_what_was_forgotten_is_not_in_the_file_any_more(
    tmp_path: Path, make_corpus, make_community, now
) -> None:
    path = tmp_path / "labelaudit.db"
    with Database.open(sqlite_url(path)) as db:
        import_corpus(db, make_corpus({1: "one"}), now=now)
        add_labels(db, "person-4711", "model-0815", [Label(1, 1.0)], now=now)
        save_report(db, "person-4711", "model-0815", None, {"x": "value-0815 " * 3000}, now=now)
        create_token(db, "auditor", subject="person-4711", now=now + timedelta(days=1))
    for trace in (b"person-4711", b"0815"):
        assert trace in path.read_bytes()
    with Database.open(sqlite_url(path)) as db:
        assert forget_person(db, "person-4711", now).total == 7
    assert [file.name for file in tmp_path.iterdir()] == ["labelaudit.db"]
    for trace in (b"person-4711", b"0815"):
        assert trace not in path.read_bytes()


@pytest.mark.parametrize("person", ["..", "'; DROP TABLE users; --", "%", "_", "é\x00" * 150])
def test_only_the_one_who_is_named_is_forgotten(
    db: Database, make_corpus, make_community, now, person: str
) -> None:
    fill(db, person, make_corpus, make_community, now)
    forget_person(db, person, now)
    assert (list_users(db), len(list_models(db)), len(list_trainings(db))) == (["z"], 1, 1)
    assert [token.subject for token in list_tokens(db)] == ["z"]
    assert (list_invitations(db), list_sessions(db)) == ([], [])
    assert [one.user_id for one in list_submissions(db)] == ["z"]
    assert [row["participant_id"] for row in latest_demographics(db)["study"]] == ["z"]
