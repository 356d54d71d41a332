"""An import of a community: what comes out again, what an update changes, and failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from imported_communities import ODD, current, history
from sqlalchemy import text

from labelaudit_dagster.importers import PublishedParameters
from labelaudit_dagster.store import (
    Database,
    InvalidTableError,
    RowChanges,
    add_rating,
    fingerprint,
    import_community,
    list_changes,
    list_sources,
    load_community,
    quarantine_counts,
    ratings_since,
    receive_constitution,
)


def test_what_went_in_comes_out(db: Database, make_community, now) -> None:
    community = make_community(
        [(p, g, (i + j) % 3 > 0, now if i % 2 else None)
         for i, p in enumerate(ODD) for j, g in enumerate(ODD)],
        people={
            p: {"group": p, "age": "9"} if i % 3 else {"age": "\x1a"} for i, p in enumerate(ODD)
        },
        topics=[("t1", "One", None), ("t2", "Two", "t1")],
        quarantine=[("guideline_ratings", 9, "superseded", '{"x":"\\u0000"}')],
        warnings={"invalid_time": 3},
    )  # fmt: skip
    report = import_community(db, community, now=now)
    assert report.is_new
    assert report.ratings == RowChanges(added=100, changed=0, ended=0, unchanged=0)
    assert report.participants == report.guidelines == RowChanges(10, 0, 0, 0)
    stored = load_community(db).community
    assert stored.equals(community)
    stored.validate()
    pd.testing.assert_frame_equal(stored.quarantine, community.quarantine)
    assert stored.counts == community.counts
    assert quarantine_counts(db) == {("guideline_ratings", "superseded"): 1}
    assert stored.warnings == {"invalid_time": 3}
    (source,) = list_sources(db)
    assert source.counts == community.counts
    assert source.identity == community.identity
    assert source.imported_at == now


def test_an_empty_database_is_an_empty_community(db: Database) -> None:
    stored = load_community(db)
    stored.community.validate()
    assert stored.sources == ()
    assert stored.fingerprint.sequence == 0
    assert len(stored.community.guideline_ratings) == 0


def test_a_community_without_ratings(db: Database, make_community, now) -> None:
    community = make_community([], people={"a": {}}, texts={"g": "text"})
    import_community(db, community, now=now)
    assert load_community(db).community.equals(community)


def test_order_of_rows_does_not_matter(db: Database, make_community, now) -> None:
    community = make_community([(f"p{i}", f"g{j}", i > j, now) for i in range(9) for j in range(7)])
    rng = np.random.default_rng(5)
    shuffled = replace(
        community,
        **{
            name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
            for name in ("participants", "guidelines", "guideline_ratings")
            if len(frame := community.table(name))
        },
    )
    import_community(db, shuffled, now=now)
    assert load_community(db).community.equals(community)
    assert not import_community(db, community, now=now).altered


def test_the_same_again_changes_nothing(db: Database, make_community, now) -> None:
    community = make_community([("a", "g", True, now), ("b", "g", False, None)])
    import_community(db, community, now=now)
    before, rows = fingerprint(db), history(db)
    report = import_community(db, community, now=now + timedelta(days=1))
    assert not report.altered
    assert not report.is_new
    assert report.ratings == RowChanges(0, 0, 0, unchanged=2)
    assert fingerprint(db) == before
    assert history(db) == rows
    assert list_sources(db)[0].imported_at == now + timedelta(days=1)
    assert ratings_since(db, before.sequence) == 0


def test_an_update_supersedes_what_changed(db: Database, make_community, now) -> None:
    first = make_community(
        [("a", "g1", True, None), ("a", "g2", True, None), ("b", "g1", True, None)],
        people={"a": {"group": "0"}, "b": {"group": "0"}},
    )
    second = make_community(
        [("a", "g1", False, None), ("a", "g2", True, None), ("c", "g3", True, None)],
        people={"a": {"group": "1"}, "c": {}},
        texts={"g2": "another text"},
    )
    import_community(db, first, now=now)
    mark = fingerprint(db)
    report = import_community(db, second, now=now)
    assert report.ratings == RowChanges(added=1, changed=1, ended=1, unchanged=1)
    assert report.participants == RowChanges(added=1, changed=1, ended=1, unchanged=0)
    assert report.guidelines == RowChanges(added=1, changed=1, ended=0, unchanged=1)
    assert report.altered
    assert ratings_since(db, mark.sequence) == 4
    assert load_community(db).community.equals(second)
    assert fingerprint(db).community != mark.community
    # Everything that ever held is still there.
    assert history(db) == 5
    with db.read() as connection:
        texts = set(connection.scalars(text("SELECT text FROM guideline_versions")))
    assert texts == {"text of g1", "text of g2", "another text", "text of g3"}
    # And what is gone may come back.
    import_community(db, first, now=now)
    assert load_community(db).community.equals(first)


def test_a_changed_time_alone_is_a_change(db: Database, make_community, now) -> None:
    import_community(db, make_community([("a", "g", True, None)]), now=now)
    for moment in (now, now + timedelta(microseconds=1), None):
        community = make_community([("a", "g", True, moment)])
        assert import_community(db, community, now=now).ratings.changed == 1
        assert load_community(db).community.equals(community)


def test_ratings_given_here_survive_an_update(db: Database, make_community, now) -> None:
    community = make_community([("a", "g", True, now), ("a", "h", True, None)])
    import_community(db, community, now=now)
    later = now + timedelta(hours=1)
    add_rating(db, "a", "g", False, now=later)
    add_rating(db, "a", "h", False, now=later)
    add_rating(db, "new", "g", True, now=later)
    report = import_community(db, community, now=later)
    assert report.ratings_kept_here == 2
    assert not report.altered
    assert current(db) == {("a", "g"): False, ("a", "h"): False, ("new", "g"): True}
    # A rating that the source dates later than ours is the newer one.
    newer = make_community([("a", "g", True, later + timedelta(seconds=1)), ("a", "h", True, None)])
    report = import_community(db, newer, now=later)
    assert report.ratings == RowChanges(added=0, changed=1, ended=0, unchanged=0)
    assert report.ratings_kept_here == 1
    assert current(db) == {("a", "g"): True, ("a", "h"): False, ("new", "g"): True}
    # Ratings of a guideline that is gone are out of sight and not lost.
    import_community(db, make_community([("a", "h", True, None)]), now=later)
    assert current(db) == {("a", "h"): False}
    import_community(db, newer, now=later)
    assert current(db) == {("a", "g"): True, ("a", "h"): False, ("new", "g"): True}


@pytest.mark.parametrize("known", [False, True])
def test_a_failure_stores_nothing(db: Database, make_community, now, known: bool) -> None:
    if known:
        import_community(
            db, make_community([("z", "g0", True, now)], people={"z": {"x": "1"}}), now=now
        )
    before, changes = load_community(db), list_changes(db)
    community = make_community([("a", "g0", True, now), ("b", "g0", True, now)])
    frame = community.guideline_ratings
    broken = {
        "who": frame.assign(participant_id=pd.Series(["a", "stranger"], dtype="str")),
        "what": frame.assign(guideline_id=pd.Series(["g0", "stranger"], dtype="str")),
        "twice": frame.assign(participant_id=pd.Series(["a", "a"], dtype="str")),
        "nobody": frame.assign(participant_id=pd.Series(["a", None], dtype="str")),
        "none": frame.assign(helpful=pd.Series([True, None], dtype="object")),
        "zone": frame.assign(rated_at=frame["rated_at"].dt.tz_localize(None)),
    }
    for table in broken.values():
        with pytest.raises(InvalidTableError):
            import_community(db, replace(community, guideline_ratings=table), now=now)
    too_long = make_community([("a" * 2001, "g0", True, now)])
    with pytest.raises(InvalidTableError, match="2001 bytes"):
        import_community(db, too_long, now=now)
    after = load_community(db)
    assert after.community.equals(before.community)
    assert after.fingerprint == before.fingerprint
    assert list_changes(db) == changes


def test_published_parameters(db: Database, make_community, now) -> None:
    published = PublishedParameters(
        mu=0.25,
        guideline_intercepts=pd.Series([0.5], index=pd.Index(["g"], dtype="str"), name="intercept"),
        user_intercepts=pd.Series(
            [0.1, 0.2], index=pd.Index(["a", "b"], dtype="str"), name="intercept"
        ),
        guideline_embeddings=pd.DataFrame([[1.5, 2.0]], index=pd.Index(["g"], dtype="str")),
        user_embeddings=pd.DataFrame([[-1.0, 0.0]], index=pd.Index(["a"], dtype="str")),
    )
    rows = [("a", "g", True, now), ("b", "g", False, now)]
    import_community(db, make_community(rows, published=published), now=now)
    assert load_community(db).community.published.equals(published)
    # What we received since is newer; ids that are not ours are left out.
    payload = {
        "accepted_guideline_ids": ["g"],
        "guideline_intercepts": {"g": 1, "stranger": 2.0},
        "user_intercepts": {"b": 0.5, "a": 0.25},
        "guideline_embeddings": {"g": [1.0]},
        "user_embeddings": {"b": [0.5], "a": [-0.5]},
        "guideline_scores": {"g": 0.9},
        "mu": 0.125,
    }
    receive_constitution(db, payload, now=now)
    found = load_community(db).community.published
    assert found.mu == 0.125
    assert found.guideline_intercepts.to_dict() == {"g": 1.0}
    assert found.user_intercepts.index.tolist() == ["a", "b"]
    assert found.user_embeddings.to_numpy().tolist() == [[-0.5], [0.5]]
    # Parameters of a community that was replaced say nothing about ids of another one.
    other = make_community(rows, name="https://pol.is/second")
    import_community(db, other, mode="replace", now=now)
    assert load_community(db).community.published is None


@pytest.mark.postgres
def test_both_databases_give_the_same_answers(
    postgresql_url: str, tmp_path, make_community, now
) -> None:
    """A random history of imports and ratings ends in the same tables, and in a model's."""
    from labelaudit_dagster.store import sqlite_url

    rng = np.random.default_rng(11)
    answers = []
    steps: list[tuple] = []
    for step in range(25):
        moment = now + timedelta(minutes=step)
        if step % 3 == 0:
            pairs = rng.choice(60, size=rng.integers(1, 40), replace=False)
            steps.append(
                (
                    moment,
                    [(f"é{p // 6}", f"g{p % 6}", bool(rng.integers(2)), moment) for p in pairs],
                )
            )
        else:
            # People who rated before, so that they are the source's.
            steps.append((moment, (int(rng.integers(1000)), bool(rng.integers(2)))))
    for url in (sqlite_url(tmp_path / "x.db"), postgresql_url):
        model: dict[tuple[str, str], tuple[bool, bool]] = {}
        with Database.open(url) as db:
            for moment, action in steps:
                if isinstance(action, list):
                    texts = {f"g{i}": f"g{i}" for i in range(6)}
                    people = {f"é{i}": {"x": f"{i}"} for i in range(10)}
                    import_community(
                        db, make_community(action, texts=texts, people=people), now=moment
                    )
                    wanted = {row[:2]: (row[2], False) for row in action}
                    here = {pair: value for pair, value in model.items() if value[1]}
                    # Imported ratings are dated later than all that were given before.
                    model = here | wanted
                else:
                    who, helpful = action
                    pair = (f"é{who % 10}", f"g{who % 6}")
                    add_rating(db, *pair, helpful, now=moment)
                    if pair not in model or model[pair][0] != helpful:
                        model[pair] = (helpful, True)
                assert current(db) == {pair: value[0] for pair, value in model.items()}
            stored = load_community(db)
            log = [replace(change, at=now) for change in list_changes(db)]
            answers.append((stored, log, history(db)))
    (first, first_log, first_rows), (second, second_log, second_rows) = answers
    assert first.community.equals(second.community)
    assert first_log == second_log
    assert first_rows == second_rows
    assert first.fingerprint.sequence == second.fingerprint.sequence


def test_ratings_refer_to_what_is_there(db: Database, make_community, now) -> None:
    """The table has no foreign keys, for speed; its writers keep to them all the same."""
    import_community(db, make_community([("a", "g", True, now), ("b", "g", True, now)]), now=now)
    add_rating(db, "c", "g", True, now=now)
    add_rating(db, "a", "g", False, now=now)
    import_community(db, make_community([("a", "h", True, now)]), now=now)
    other = make_community([("a", "g", True, now)], name="https://pol.is/second")
    import_community(db, other, mode="merge", now=now)
    with db.read() as connection:
        for column, table, key in (
            ("participant_key", "participants", "participant_key"),
            ("guideline_key", "guidelines", "guideline_key"),
            ("recorded_change", "changes", "sequence"),
            ("ended_change", "changes", "sequence"),
            ("source_key", "sources", "source_key"),
        ):
            orphans = connection.scalar(
                text(
                    f"SELECT count(*) FROM ratings WHERE {column} IS NOT NULL "
                    f"AND {column} NOT IN (SELECT {key} FROM {table})"
                )
            )
            assert orphans == 0, column
        assert connection.scalar(text("SELECT count(*) FROM ratings")) == 6
