from __future__ import annotations

from datetime import timedelta

from labelaudit_dagster.store import (
    Database,
    add_rating,
    create_token,
    fingerprint,
    import_community,
    list_changes,
    load_community,
    ratings_since,
)


def test_the_log_is_newest_first_and_can_be_paged(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, now)]), now=now)
    for step in range(5):
        add_rating(db, "a", "g", bool(step % 2), now=now + timedelta(minutes=step))
    log = list_changes(db)
    assert [change.sequence for change in log] == [6, 5, 4, 3, 2, 1]
    assert log[-1].kind == "community_imported"
    assert log[-1].subject == "https://pol.is/first"
    assert (log[0].kind, log[0].subject, log[0].at) == (
        "rating_added", "a", now + timedelta(minutes=4),
    )  # fmt: skip
    assert list_changes(db, limit=2, before=4) == log[3:5]
    assert [ratings_since(db, n) for n in (0, 1, 5, 6, 99)] == [11, 10, 2, 0, 0]


def test_the_fingerprint_tells_states_apart(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, now)]), now=now)
    seen = [fingerprint(db)]
    for step in range(4):
        add_rating(db, "a", "g", bool(step % 2), now=now + timedelta(minutes=step))
        seen.append(fingerprint(db))
    assert len({mark.export for mark in seen}) == len({mark.community for mark in seen}) == 5
    assert load_community(db).fingerprint == seen[-1]
    create_token(db, "operator", now=now)
    assert fingerprint(db) == seen[-1]


def test_databases_have_different_fingerprints(database_url, tmp_path, make_community, now) -> None:
    from labelaudit_dagster.store import sqlite_url

    marks = []
    for url in (database_url, sqlite_url(tmp_path / "other.db")):
        with Database.open(url) as db:
            import_community(db, make_community([("a", "g", True, now)]), now=now)
            marks.append(fingerprint(db))
    assert marks[0].sequence == marks[1].sequence
    assert marks[0].export != marks[1].export
    assert all(mark.export.isascii() and " " not in mark.export for mark in marks)
