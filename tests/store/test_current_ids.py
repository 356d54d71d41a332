from __future__ import annotations

from labelaudit_dagster.store import (
    CurrentIds,
    Database,
    add_rating,
    current_ids,
    import_community,
)


def ids(guidelines: str, participants: str) -> CurrentIds:
    return CurrentIds(frozenset(guidelines.split()), frozenset(participants.split()))


def test_ids_are_those_of_the_community_at_present(db: Database, make_community, now) -> None:
    assert current_ids(db) == ids("", "")
    first = [("a", "g", True, None), ("b", "h", True, None)]
    import_community(db, make_community(first, texts={"unrated": "U"}), now=now)
    assert current_ids(db) == ids("g h unrated", "a b")
    add_rating(db, "c\x00", "g", True, now=now)
    assert current_ids(db).participants == {"a", "b", "c\x00"}
    # Gone from its source, and back again.
    import_community(db, make_community(first[:1], texts={"unrated": "U"}), now=now)
    assert current_ids(db) == CurrentIds(frozenset({"g", "unrated"}), frozenset({"a", "c\x00"}))
    import_community(db, make_community(first), now=now)
    assert current_ids(db) == CurrentIds(frozenset({"g", "h"}), frozenset({"a", "b", "c\x00"}))


def test_ids_of_a_replaced_source_are_gone(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, None)]), now=now)
    other = make_community([("x", "y", True, None)], name="https://pol.is/second")
    import_community(db, other, mode="replace", now=now)
    assert current_ids(db) == ids("y", "x")
