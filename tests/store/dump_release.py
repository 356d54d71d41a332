"""Write `released/<version>.sql`: a database of the present schema, with a little of everything.

Run once when a schema version is about to be released, never again afterwards:
`python tests/store/dump_release.py`.
"""

from __future__ import annotations

import hashlib
import inspect
import sqlite3
import tempfile
from pathlib import Path

import conftest  # the builder of communities, beside this file

from labelaudit_dagster.store import (
    Database,
    Label,
    add_labels,
    add_proposal,
    add_rating,
    begin_publication,
    begin_sending,
    create_invitation,
    create_token,
    decide_proposal,
    decline_publication,
    finish_publication,
    finish_sending,
    forget_person,
    give_consent,
    hold_publication,
    import_community,
    import_corpus,
    receive_constitution,
    receive_demographics,
    record_submission,
    record_training,
    redeem_invitation,
    remember_failure,
    save_report,
    sqlite_url,
    withdraw_rating,
)
from labelaudit_dagster.store.access_schema import invitations, sessions
from labelaudit_dagster.store.schema import SCHEMA_VERSION, tokens

make_community = inspect.unwrap(conftest.make_community)
make_corpus = inspect.unwrap(conftest.make_corpus)
NOW = conftest.NOW

PAYLOAD = {
    "accepted_guideline_ids": ["g1"],
    "guideline_intercepts": {"g1": 0.4},
    "user_intercepts": {"a": 0.1},
    "guideline_embeddings": {"g1": [0.3]},
    "user_embeddings": {"a": [0.2]},
    "guideline_scores": {"g1": 0.9},
    "mu": 0.5,
}

USER = "é\x1a"
DEMOGRAPHICS = {"study": [{"Participant id": "a", "Age": "35-44", "Sex": None}], "empty": []}


def main() -> None:
    """Write the dump."""
    folder = Path(__file__).parent / "released"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "release.db"
        with Database.open(sqlite_url(path)) as db:
            community = make_community()(
                [("a", "g1", True, None), ("b", "g1", True, None), ("é\x1a", "g2", True, None)],
                people={"a": {"group": "0"}, "b": {}, "é\x1a": {"group": "1"}},
                topics=[("t", "Topic", None)],
                quarantine=[("guideline_ratings", 4, "superseded", '{"a": 1}')],
            )
            import_community(db, community, now=NOW)
            add_rating(db, "a", "g1", False, now=NOW)
            receive_constitution(db, PAYLOAD, idempotency_key="key", now=NOW)
            receive_demographics(db, DEMOGRAPHICS, idempotency_key="key", now=NOW)
            sending = begin_sending(db, "study", DEMOGRAPHICS["study"], target="embedded", now=NOW)
            finish_sending(db, sending.sequence, receipt={"was_new": True}, now=NOW)
            remember_failure(db, "empty", "It did not come.", target="embedded", now=NOW)
            begun = begin_publication(db, PAYLOAD, now=NOW)
            finish_publication(db, begun.sequence, receipt={"success": True}, now=NOW)
            held = hold_publication(
                db, PAYLOAD | {"mu": 0.6}, because=["too many changes"], now=NOW
            )
            decline_publication(db, held.sequence, by="token:x", why="Too soon.", now=NOW)
            create_token(db, "operator", now=NOW)
            fill_audit(db)
            fill_participation(db)
            with db.write() as opened:
                # A secret that is no secret, so that none is kept beside the code.
                known = hashlib.sha256(b"test").digest()
                for table in (tokens, invitations, sessions):
                    opened.execute(table.update().values(secret_hash=known))
        connection = sqlite3.connect(path)
        dump = "\n".join(connection.iterdump()) + "\n"
        connection.close()
    (folder / f"{SCHEMA_VERSION}.sql").write_text(dump, encoding="utf-8")


def fill_audit(db: Database) -> None:
    """Add a corpus and what people do when they audit."""
    corpus = make_corpus()(
        {1: "one", 2: "zwei\x1a"},
        [("r", 1, 4.0), ("r", 2, 0.0)],
        people={"r": {"gender": "Female"}},
        shares={1: 0.25},
        scores={1: 3.5},
        quarantine=[("comment_ratings", 4, "superseded", '{"a": 1}')],
    )
    import_corpus(db, corpus, now=NOW)
    add_labels(db, USER, "m", [Label(1, 4.0), Label(2, None)], now=NOW)
    record_training(db, USER, "m", now=NOW)
    report = save_report(db, USER, "m", None, {"title": "t"}, now=NOW)
    record_submission(
        db, USER, target="https://avid.example", report_ids=[report.report_id], document={},
        succeeded=False, receipt={"status": 503}, now=NOW,
    )  # fmt: skip
    _, link = create_invitation(db, "auditor", USER, None, NOW)
    redeem_invitation(db, link, NOW)
    add_labels(db, "forgotten", "m", [Label(1, 1.0)], now=NOW)
    forget_person(db, "forgotten", NOW)


def fill_participation(db: Database) -> None:
    """Add proposals, consent, and what stands beside ratings."""
    add_rating(db, "a", "g1", False, tags=["unclear"], now=NOW)
    add_rating(db, "b", "g2", True, now=NOW)
    withdraw_rating(db, "b", "g2", now=NOW)
    give_consent(db, USER, "I agree.", now=NOW)
    proposed = add_proposal(db, USER, "Be kind to robots.", topic_id="t", now=NOW)
    decide_proposal(db, proposed.proposal_id, "accepted", decided_by="token:x", now=NOW)
    decide_proposal(
        db, proposed.proposal_id, "declined", reason="On second thought.", change_mind=True, now=NOW
    )
    add_proposal(db, USER, "Be brief.", now=NOW)


if __name__ == "__main__":
    main()
