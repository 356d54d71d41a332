from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from labelaudit_dagster.store import (
    Database,
    InvalidTableError,
    UnknownGuidelineError,
    add_rating,
    fingerprint,
    import_community,
    load_community,
    ratings_since,
)


@pytest.fixture
def filled(db: Database, make_community, now) -> Database:
    import_community(db, make_community([("a", "g", True, None)], texts={"h": "H"}), now=now)
    return db


def test_a_rating_supersedes_the_earlier_one(filled: Database, now) -> None:
    later = now + timedelta(minutes=1)
    mark = fingerprint(filled)
    stored = add_rating(filled, "a", "g", False, now=later)
    assert stored.is_new
    assert (stored.helpful, stored.rated_at) == (False, later)
    frame = load_community(filled).community.guideline_ratings
    assert frame.to_dict("records") == [
        {"participant_id": "a", "guideline_id": "g", "helpful": False, "rated_at": later}
    ]
    assert ratings_since(filled, mark.sequence) == 2
    with filled.read() as connection:
        rows = connection.execute(
            text(
                "SELECT CAST(helpful AS INTEGER), recorded_change, ended_change "
                "FROM ratings ORDER BY recorded_change"
            )
        ).all()
    assert [tuple(row) for row in rows] == [(1, 1, 2), (0, 2, None)]


def test_repeating_a_rating_stores_nothing(filled: Database, now) -> None:
    mark = fingerprint(filled)
    stored = add_rating(filled, "a", "g", True, now=now)
    assert not stored.is_new
    assert stored.rated_at is None
    assert fingerprint(filled) == mark


@pytest.mark.parametrize("who", ["b", "x\x00y", "\x1a0000", "😀" * 100])
def test_newcomers_are_added_whatever_their_ids(filled: Database, now, who: str) -> None:
    add_rating(filled, who, "h", True, now=now)
    add_rating(filled, who, "g", False, now=now)
    community = load_community(filled).community
    assert community.participants["participant_id"].astype(object).tolist() == sorted(["a", who])
    assert len(community.guideline_ratings) == 3


def test_unknown_guidelines_and_impossible_people_are_refused(filled: Database, now) -> None:
    mark = fingerprint(filled)
    with pytest.raises(UnknownGuidelineError, match="'nothing'"):
        add_rating(filled, "a", "nothing", True, now=now)
    for who in ("", "a" * 2001, "\ud800"):
        with pytest.raises(InvalidTableError, match="2000"):
            add_rating(filled, who, "g", True, now=now)
    with pytest.raises(StatementError, match="time zone"):
        add_rating(filled, "a", "g", False, now=now.replace(tzinfo=None))
    assert fingerprint(filled) == mark
    assert len(load_community(filled).community.participants) == 1
