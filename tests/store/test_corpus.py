from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    InvalidTableError,
    NoCorpusError,
    RowChanges,
    SecondSourceError,
    TakenIdError,
    add_rating,
    corpus_fingerprint,
    corpus_quarantine_counts,
    corpus_scale,
    find_items,
    fingerprint,
    import_community,
    import_corpus,
    import_system_ratings,
    list_changes,
    list_corpora,
    load_corpus,
    sqlite_url,
)

TEXTS = {3: "three", 7: "seven", 2**53 - 1: "the last one"}
RATINGS = [("b", 3, 4.0), ("a", 3, 0.0), ("a", 7, 2.0), ("é😀", 2**53 - 1, 1.0)]
# A line of a backslash and a dot ends what is copied into PostgreSQL, if it is not quoted well.
ODD = [
    "\\.", "a\n\\.\nb", '"', '","\r\n', "'; DROP TABLE comments; --", "\x1a0000", "nul\x00\x00",
    "\ufeff\u202eRTL", "\\N", "x" * 100_000, "👩‍👩‍👧", "a\tb", " ",
]  # fmt: skip


def scores_of(**scores: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item_id": pd.Series([int(name[1:]) for name in scores], dtype="int64"),
            "system_rating": pd.Series(list(scores.values()), dtype="float64"),
        }
    )


def test_a_corpus_comes_back_as_it_was(db: Database, make_corpus, now) -> None:
    assert load_corpus(db) is None
    assert corpus_scale(db) is None
    assert corpus_fingerprint(db).endswith("-0-0")
    corpus = make_corpus(
        TEXTS,
        RATINGS,
        people={"a": {"race": "White, Asian"}, "b": {}, "é😀": {"gender": "Female"}},
        source_ids={3: "x/3"},
        shares={3: 0.1 + 0.2},
        scores={3: 0.1 + 0.2, 7: 4.0},
        quarantine=[("comment_ratings", 4, "superseded", '{"a": 1}')],
        warnings={"duplicate_text": 2},
    )
    report = import_corpus(db, corpus, now=now)
    assert (report.is_new, report.altered, report.change) == (True, True, 1)
    assert (report.comments.added, report.raters.added, report.comment_ratings.added) == (3, 3, 4)
    stored = load_corpus(db)
    stored.corpus.validate()
    assert stored.corpus.equals(corpus)
    assert stored.corpus.quarantine.equals(corpus.quarantine)
    assert (stored.corpus.counts, stored.corpus.warnings) == (corpus.counts, corpus.warnings)
    assert stored.corpus.identity == corpus.identity
    assert stored.fingerprint == corpus_fingerprint(db)
    assert corpus_scale(db) == corpus.scale
    assert [source.imported_at for source in list_corpora(db)] == [now]
    assert corpus_quarantine_counts(db) == {("comment_ratings", "superseded"): 1}
    (change,) = list_changes(db)
    assert (change.kind, change.subject) == ("corpus_imported", "first.csv")


def test_texts_are_kept_verbatim_and_found(db: Database, make_corpus, now) -> None:
    texts = dict(enumerate([*ODD, *(f"{odd}!" for odd in ODD), ODD[0]]))
    corpus = make_corpus(texts, [(f"r{odd}", 0, 1.0) for odd in ODD if len(odd) < 300])
    import_corpus(db, corpus, now=now)
    assert load_corpus(db).corpus.equals(corpus)
    # The smallest item id counts where a text occurs twice.
    assert find_items(db, texts=[*ODD, "nobody said this"]) == {
        odd: item for item, odd in enumerate(ODD)
    }
    changed = make_corpus(texts | {0: "another"}, name="first.csv")
    assert import_corpus(db, changed, now=now).comments == RowChanges(0, 1, 0, len(texts) - 1)
    assert find_items(db, texts=[ODD[0]]) == {ODD[0]: len(texts) - 1}


def test_items_are_found_by_either_id(db: Database, make_corpus, now) -> None:
    corpus = make_corpus(TEXTS, source_ids={3: "7", 7: "seven"})
    import_corpus(db, corpus, now=now)
    wanted = [3, 4, "7", "3", "seven", "eight", "٣", "-3", str(2**53 - 1), 2**70, "9" * 30]
    assert find_items(db, ids=wanted) == {
        3: 3, "7": 3, "3": 3, "seven": 7, str(2**53 - 1): 2**53 - 1
    }  # fmt: skip
    assert find_items(db, ids=range(5_000)) == {3: 3, 7: 7}
    with pytest.raises(ValueError, match="either"):
        find_items(db)


def test_the_same_source_again_changes_only_what_differs(db: Database, make_corpus, now) -> None:
    people = {"a": {"race": "White"}, "b": {}, "é😀": {}}
    corpus = make_corpus(TEXTS, RATINGS, people=people, scores={3: 1.0, 7: 2.5})
    import_corpus(db, corpus, now=now)
    mark = corpus_fingerprint(db)
    again = import_corpus(db, corpus, now=now + timedelta(days=1))
    assert (again.altered, again.is_new, corpus_fingerprint(db)) == (False, False, mark)
    assert again.comment_ratings == RowChanges(0, 0, 0, 4)
    newer = make_corpus(
        {3: "three!", 7: "seven", 8: "eight"},
        [("a", 3, 0.0), ("a", 7, 3.0), ("c", 8, 1.0)],
        people={"a": {"race": "Asian"}, "c": {}},
        scores={3: 1.0, 7: 2.0, 8: 0.5},
    )
    report = import_corpus(db, newer, now=now)
    assert report.comments == RowChanges(1, 1, 1, 1)
    assert report.raters == RowChanges(1, 1, 2, 0)
    assert report.comment_ratings == RowChanges(1, 1, 2, 1)
    assert report.system_ratings == RowChanges(1, 1, 0, 1)
    assert load_corpus(db).corpus.equals(newer)
    assert corpus_fingerprint(db) != mark
    with db.read() as connection:
        kept = connection.scalar(text("SELECT count(*) FROM comment_ratings"))
        assert kept == 4 + 2  # nothing is overwritten
    # What was gone can come back.
    assert import_corpus(db, corpus, now=now).altered
    assert load_corpus(db).corpus.equals(corpus)


def test_a_second_corpus_is_refused_or_takes_the_place(db: Database, make_corpus, now) -> None:
    first = make_corpus(TEXTS, RATINGS, scores={3: 1.0})
    second = make_corpus({3: "drei", 4: "vier"}, [("a", 3, 1.0)], name="second.csv")
    import_corpus(db, first, now=now)
    with pytest.raises(SecondSourceError, match=r"first\.csv.*one corpus.*--replace.*--merge"):
        import_corpus(db, second, now=now)
    assert load_corpus(db).corpus.equals(first)
    report = import_corpus(db, second, mode="replace", now=now)
    assert (report.replaced, report.is_new) == (("first.csv",), True)
    # The scores went with the comments that they were of, though an item id is the same.
    assert load_corpus(db).corpus.equals(second)
    assert load_corpus(db).corpus.system_ratings is None


def test_a_second_corpus_can_be_merged_and_updated(db: Database, make_corpus, now) -> None:
    first = make_corpus(TEXTS, RATINGS)
    second = make_corpus({3: "drei", 4: "vier"}, [("a", 3, 1.0)], name="second.csv",
                         scores={4: 3.0})  # fmt: skip
    import_corpus(db, first, now=now)
    report = import_corpus(db, second, mode="merge", now=now)
    assert report.prefix == second.identity.prefix
    merged = load_corpus(db).corpus
    merged.validate()
    assert len(merged.comments) == 5
    assert merged.identity.kind == "embedded"
    prefixed = merged.comments.set_index("source_item_id")["item_id"]
    assert prefixed[["3", "7"]].tolist() == [3, 7]
    new = [prefixed[f"{report.prefix}{name}"] for name in ("3", "4")]
    assert not set(new) & set(TEXTS)
    assert merged.system_ratings["item_id"].tolist() == [new[1]]
    assert f"{report.prefix}a" in set(merged.raters["rater_id"])
    again = import_corpus(db, second, mode="merge", now=now)
    assert not again.altered
    # Items keep their numbers when others come.
    newer = make_corpus({1: "eins", 3: "DREI", 4: "vier"}, name="second.csv")
    report = import_corpus(db, newer, now=now)
    assert report.comments == RowChanges(1, 1, 0, 1)
    assert load_corpus(db).corpus.comments.set_index("item_id").loc[new[0], "text"] == "DREI"


def test_other_scales_do_not_mix(db: Database, make_corpus, now) -> None:
    import_corpus(db, make_corpus(TEXTS, RATINGS), now=now)
    mark = corpus_fingerprint(db)
    other = make_corpus(TEXTS, [("a", 3, 5.0)], values=(1, 2, 3, 4, 5), threshold=3)
    for mode in ("refuse", "merge"):
        with pytest.raises(SecondSourceError, match=r"0, 1, 2, 3, 4.*1, 2, 3, 4, 5.*--replace"):
            import_corpus(db, other, mode=mode, now=now)
    assert corpus_fingerprint(db) == mark
    report = import_corpus(db, other, mode="replace", now=now)
    assert (report.is_new, report.replaced) == (True, ("first.csv",))
    assert load_corpus(db).corpus.equals(other)
    # Another threshold is another decision, not another rating.
    moved = make_corpus(TEXTS, [("a", 3, 5.0)], values=(1, 2, 3, 4, 5), threshold=2)
    assert import_corpus(db, moved, now=now).altered
    assert corpus_scale(db).threshold == 2
    assert corpus_fingerprint(db) != mark


def test_scores_can_come_alone(db: Database, make_corpus, now) -> None:
    with pytest.raises(NoCorpusError):
        import_system_ratings(db, scores_of(i3=1.0), now=now)
    corpus = make_corpus(TEXTS, RATINGS, scores={3: 1.0, 7: 2.0})
    import_corpus(db, corpus, now=now)
    mark = corpus_fingerprint(db)
    report = import_system_ratings(db, scores_of(i7=2.0, i3=1.5, i99=0.0), now=now, name="api")
    assert (report.rows, report.unknown, report.unscored) == (RowChanges(0, 1, 0, 1), (99,), 1)
    assert load_corpus(db).corpus.system_ratings.values.tolist() == [[3, 1.5], [7, 2.0]]
    assert corpus_fingerprint(db) != mark
    mark = corpus_fingerprint(db)
    assert not import_system_ratings(db, scores_of(i7=2.0, i3=1.5), now=now).rows.any
    assert corpus_fingerprint(db) == mark
    # A source without scores leaves those that are there alone.
    import_corpus(db, corpus.without_system_ratings(), now=now)
    assert load_corpus(db).corpus.system_ratings.values.tolist() == [[3, 1.5], [7, 2.0]]
    for wrong in (scores_of(i3=4.01), scores_of(i3=float("nan")),
                  pd.concat([scores_of(i3=1.0)] * 2)):  # fmt: skip
        with pytest.raises(InvalidTableError):
            import_system_ratings(db, wrong, now=now)
    assert list_changes(db)[-2].kind == "system_ratings_imported"


def test_what_is_not_canonical_is_refused(db: Database, make_corpus, now) -> None:
    good = make_corpus(TEXTS, RATINGS)
    ratings = good.comment_ratings

    def broken(**tables: pd.DataFrame):
        from dataclasses import replace

        from labelaudit_dagster.importers import TableCounts

        counts = {
            **good.counts,
            **{name: TableCounts(len(frame), len(frame), 0) for name, frame in tables.items()},
        }
        return replace(good, counts=counts, **tables)

    for wrong, said in (
        (broken(comments=good.comments.drop(columns="text")), "lacks the column text"),
        (broken(comments=pd.concat([good.comments] * 2)), "item_id are not unique"),
        (broken(raters=good.raters.assign(rater_id=None)), "absent"),
        (broken(raters=good.raters.head(1)), "unknown rater"),
        (broken(comments=good.comments.head(1)), "unknown comment"),
        (broken(comment_ratings=pd.concat([ratings] * 2)), "two ratings"),
        (broken(comment_ratings=ratings.assign(rating=1.5)), "no value of the scale"),
        (broken(raters=good.raters.assign(rater_id=["a", "b", "x" * 2001])), "2001 bytes"),
        (broken(system_ratings=scores_of(i4=1.0)), "unknown comment"),
    ):
        with pytest.raises(InvalidTableError, match=said):
            import_corpus(db, wrong, now=now)
    assert load_corpus(db) is None
    assert list_changes(db) == []


def test_taken_ids_are_refused_in_a_merge(db: Database, make_corpus, now) -> None:
    import_corpus(db, make_corpus(TEXTS), now=now)
    second = make_corpus({1: "one"}, [("a", 1, 1.0)], name="second.csv")
    prefix = second.identity.prefix
    third = make_corpus({2: "two"}, [(f"{prefix}a", 2, 1.0)], name="first.csv")
    import_corpus(db, second, mode="merge", now=now)
    with pytest.raises(TakenIdError, match="1 of the raters"):
        import_corpus(db, third, now=now)


def test_community_and_corpus_do_not_know_each_other(
    db: Database, make_corpus, make_community, now
) -> None:
    import_community(db, make_community([("a", "g", True, None)]), now=now)
    mark = fingerprint(db)
    import_corpus(db, make_corpus(TEXTS, RATINGS), now=now)
    assert fingerprint(db) == mark
    of_corpus = corpus_fingerprint(db)
    add_rating(db, "a", "g", False, now=now)
    assert corpus_fingerprint(db) == of_corpus


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_sequence_of_imports_leaves_the_last_one(tmp_path_factory, make_corpus, now, data):
    path = tmp_path_factory.mktemp("random") / "x.db"
    with Database.open(sqlite_url(path)) as db:
        for _ in range(data.draw(st.integers(1, 4))):
            items = data.draw(st.sets(st.integers(0, 6), min_size=1))
            pair = st.tuples(st.sampled_from("abc"), st.sampled_from(sorted(items)))
            pairs = data.draw(st.sets(pair))
            corpus = make_corpus(
                {item: data.draw(st.sampled_from(["x", "y", "é"])) for item in items},
                [(*pair, float(data.draw(st.integers(0, 4)))) for pair in pairs],
                scores={item: data.draw(st.sampled_from([0.0, 1.5, 4.0])) for item in items},
                name=data.draw(st.sampled_from(["one", "two"])),
            )
            import_corpus(db, corpus, mode="replace", now=now)
            assert load_corpus(db).corpus.equals(corpus)
