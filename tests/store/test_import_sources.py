"""Imports of several sources: refused, replaced, merged, and ids that are taken."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from imported_communities import current

from labelaudit_dagster.importers import merge_prefix
from labelaudit_dagster.store import (
    Database,
    SecondSourceError,
    TakenIdError,
    add_rating,
    fingerprint,
    import_community,
    list_changes,
    list_sources,
    load_community,
    ratings_since,
)


def test_a_second_source_is_refused(db: Database, make_community, now) -> None:
    first = make_community([("a", "g", True, now)])
    import_community(db, first, now=now)
    other = make_community([("a", "g", False, now)], name="https://pol.is/second")
    with pytest.raises(SecondSourceError, match=r"--replace.*--merge") as caught:
        import_community(db, other, now=now)
    assert "https://pol.is/first" in str(caught.value)
    assert load_community(db).community.equals(first)
    assert len(list_changes(db)) == 1


def test_replacing(db: Database, make_community, now) -> None:
    first = make_community(
        [("0", "0", True, now), ("1", "0", True, now)], topics=[("t", "T", None)]
    )
    other = make_community([("0", "0", False, now)], name="https://pol.is/second")
    import_community(db, first, now=now)
    mark = fingerprint(db)
    report = import_community(db, other, mode="replace", now=now)
    assert report.replaced == ("https://pol.is/first",)
    assert report.is_new
    assert load_community(db).community.equals(other)
    assert [source.identity.name for source in list_sources(db)] == ["https://pol.is/second"]
    assert ratings_since(db, mark.sequence) == 3
    # The first one again is a new source: its old ids are not matched with anything.
    import_community(db, first, mode="replace", now=now)
    assert load_community(db).community.equals(first)


def test_replacing_a_source_by_itself_is_an_update(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, now)]), now=now)
    report = import_community(db, make_community([("a", "g", False, now)]), mode="replace", now=now)
    assert report.replaced == ()
    assert report.ratings.changed == 1


def test_merging_keeps_both_apart(db: Database, make_community, now) -> None:
    first = make_community([("0", "0", True, now)], topics=[("t", "First", None)])
    other = make_community(
        [("0", "0", False, now), ("1", "0", True, now)],
        name="https://pol.is/second",
        topics=[("t", "Second", None)],
        texts={"0": "another text"},
    )
    import_community(db, first, mode="merge", now=now)
    report = import_community(db, other, mode="merge", now=now)
    prefix = other.identity.prefix
    assert report.prefix == prefix
    assert current(db) == {
        ("0", "0"): True,
        (f"{prefix}0", f"{prefix}0"): False,
        (f"{prefix}1", f"{prefix}0"): True,
    }
    merged = load_community(db).community
    merged.validate()
    prefixed = merge_prefix(other, prefix)
    for name in ("participants", "topics", "guidelines", "guideline_ratings"):
        parts = pd.concat([first.table(name), prefixed.table(name)])
        key = merged.table(name).columns[0]
        expected = parts.sort_values([key, *parts.columns[1:2]], ignore_index=True)
        pd.testing.assert_frame_equal(merged.table(name), expected)
    # Either source is recognised again, whatever the mode, and gets its own prefix.
    assert not import_community(db, other, now=now).altered
    assert not import_community(db, first, mode="merge", now=now).altered
    unnamed = replace(other, identity=replace(other.identity, name=None))
    assert not import_community(db, unnamed, now=now).altered
    assert list_sources(db)[1].identity.name == "https://pol.is/second"
    # Replacing leaves one.
    report = import_community(db, other, mode="replace", now=now)
    assert report.replaced == ("https://pol.is/first",)
    assert len(current(db)) == 2


def test_a_source_that_could_be_either_is_refused(db: Database, make_community, now) -> None:
    rows = [("a", "g", True, now)]
    first, second = (make_community(rows, name=f"https://pol.is/{n}") for n in ("one", "two"))
    import_community(db, first, now=now)
    import_community(db, second, mode="merge", now=now)
    with pytest.raises(SecondSourceError, match=r"pol\.is/one.*pol\.is/two"):
        import_community(db, make_community(rows, name=None), now=now)
    assert not import_community(db, second, now=now).altered


def test_ids_of_others_are_not_taken_over(db: Database, make_community, now) -> None:
    other = make_community([("0", "0", False, now)], name="https://pol.is/second")
    prefix = other.identity.prefix
    import_community(db, make_community([(f"{prefix}0", "g", True, now)]), now=now)
    before = current(db)
    with pytest.raises(TakenIdError, match="participants"):
        import_community(db, other, mode="merge", now=now)
    assert current(db) == before
    assert len(list_sources(db)) == 1


def test_ids_of_people_who_rated_here_are_not_taken_over(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, now)]), now=now)
    add_rating(db, "b", "g", False, now=now)
    with pytest.raises(TakenIdError, match="'b'"):
        import_community(
            db, make_community([("a", "g", True, now), ("b", "g", True, now)]), now=now
        )
    assert current(db) == {("a", "g"): True, ("b", "g"): False}
