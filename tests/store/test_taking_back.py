"""Ratings with their tags, taken back, and imported again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from labelaudit_dagster.store import (
    RATING_TAGS,
    Database,
    InvalidTagError,
    RowChanges,
    UnknownGuidelineError,
    add_rating,
    fingerprint,
    import_community,
    list_changes,
    list_ratings,
    load_community,
    ratings_since,
    withdraw_rating,
)


def current(db: Database) -> dict[tuple[str, str], bool]:
    frame = load_community(db).community.guideline_ratings
    return {(r.participant_id, r.guideline_id): bool(r.helpful) for r in frame.itertuples()}


@pytest.fixture
def filled(db: Database, make_community, now) -> Database:
    rows = [("a", "g", True, now), ("a", "h", False, None), ("b", "g", True, now)]
    import_community(db, make_community(rows), now=now)
    return db


def test_a_withdrawn_rating_no_longer_counts_and_a_later_pull_sees_it(
    filled: Database, now
) -> None:
    add_rating(filled, "c", "g", True, now=now)
    mark = fingerprint(filled)
    found = withdraw_rating(filled, "c", "g", now=now)
    assert (found.participant_id, found.guideline_id, found.was) == ("c", "g", True)
    assert ("c", "g") not in current(filled)
    assert fingerprint(filled).export != mark.export
    assert ratings_since(filled, mark.sequence) == 1
    assert list_ratings(filled, "c") == []
    (change,) = list_changes(filled, limit=1)
    assert (change.kind, change.subject, change.ratings_ended) == ("rating_withdrawn", "c", 1)
    # Once more finds nothing and stores nothing; rating again counts again.
    assert withdraw_rating(filled, "c", "g", now=now).was is None
    assert list_changes(filled, limit=1) == [change]
    assert add_rating(filled, "c", "g", False, now=now).is_new
    assert current(filled)["c", "g"] is False


def test_who_or_what_is_unknown(filled: Database, now) -> None:
    mark = fingerprint(filled)
    assert withdraw_rating(filled, "nobody", "g", now=now).was is None
    with pytest.raises(UnknownGuidelineError):
        withdraw_rating(filled, "a", "nothing", now=now)
    assert fingerprint(filled) == mark


def test_importing_again_does_not_bring_back_what_was_withdrawn(
    filled: Database, make_community, now
) -> None:
    later = now + timedelta(hours=1)
    withdraw_rating(filled, "a", "g", now=later)
    withdraw_rating(filled, "a", "h", now=later)
    rows = [("a", "g", True, now), ("a", "h", False, None), ("b", "g", True, now)]
    report = import_community(filled, make_community(rows), now=later)
    assert (report.ratings_kept_here, report.altered) == (2, False)
    assert report.ratings == RowChanges(added=0, changed=0, ended=0, unchanged=1)
    assert current(filled) == {("b", "g"): True}
    # What the source dates later is said again.
    rows[0] = ("a", "g", False, later + timedelta(seconds=1))
    report = import_community(filled, make_community(rows), now=later)
    assert report.ratings == RowChanges(added=1, changed=0, ended=0, unchanged=1)
    assert current(filled) == {("a", "g"): False, ("b", "g"): True}
    # And stays said when it is imported once more.
    report = import_community(filled, make_community(rows), now=later)
    assert report.ratings == RowChanges(added=0, changed=0, ended=0, unchanged=2)
    assert report.ratings_kept_here == 1


def test_tags_stand_beside_a_rating_and_leave_the_community_alone(filled: Database, now) -> None:
    stored = add_rating(filled, "c", "g", True, tags=["fair", "clear", "fair"], now=now)
    assert stored.tags == ("clear", "fair")
    mark = fingerprint(filled)
    # The same rating without tags keeps them; with others, they are replaced.
    assert add_rating(filled, "c", "g", True, now=now).tags == ("clear", "fair")
    again = add_rating(filled, "c", "g", True, tags=["practical"], now=now)
    assert (again.tags, again.is_new) == (("practical",), False)
    assert [row.tags for row in list_ratings(filled, "c")] == [("practical",)]
    assert add_rating(filled, "c", "g", True, tags=[], now=now).tags == ()
    assert fingerprint(filled) == mark
    # Another value begins without.
    add_rating(filled, "c", "g", True, tags=["fair"], now=now)
    assert add_rating(filled, "c", "g", False, now=now).tags == ()
    withdraw_rating(filled, "c", "g", now=now)
    assert add_rating(filled, "c", "g", True, now=now).tags == ()
    with filled.read() as connection:
        columns = load_community(filled).community.guideline_ratings.columns
        assert "tags" not in columns
        assert connection is not None


def test_tags_of_a_rating_that_an_import_superseded_are_gone(
    filled: Database, make_community, now
) -> None:
    add_rating(filled, "a", "g", False, tags=["unclear"], now=now + timedelta(minutes=1))
    rows = [("a", "g", True, now + timedelta(hours=1)), ("b", "g", True, now)]
    import_community(filled, make_community(rows, texts={"h": "H"}), now=now)
    assert [(row.helpful, row.tags) for row in list_ratings(filled, "a")] == [(True, ())]


@pytest.mark.parametrize("helpful", [True, False])
def test_tags_come_from_the_list_of_the_rating(filled: Database, now, helpful: bool) -> None:
    mark = fingerprint(filled)
    for tag in (*RATING_TAGS[not helpful], "", "<script>", "Clear"):
        with pytest.raises(InvalidTagError):
            add_rating(filled, "c", "g", helpful, tags=[tag], now=now)
    assert fingerprint(filled) == mark
    every = add_rating(filled, "c", "g", helpful, tags=RATING_TAGS[helpful], now=now)
    assert every.tags == tuple(RATING_TAGS[helpful])


def test_two_at_once_lose_nothing_and_the_last_acknowledged_counts(filled: Database, now) -> None:
    acknowledged: list[bool | None] = []

    def act(number: int) -> None:
        if number % 3 == 2:
            withdraw_rating(filled, "c", "g", now=now)
        else:
            add_rating(filled, "c", "g", number % 3 == 0, now=now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(30)))
    last = list_changes(filled, limit=1)[0]
    acknowledged.append(None if last.kind == "rating_withdrawn" else current(filled)["c", "g"])
    assert (("c", "g") in current(filled)) == (last.kind == "rating_added")
    # Every acknowledged change has its row: as many began as ended, but for the current one.
    kinds = [c for c in list_changes(filled, limit=100) if c.subject == "c"]
    began = sum(c.ratings_added for c in kinds)
    ended = sum(c.ratings_ended for c in kinds)
    assert began - ended == (last.kind == "rating_added")
