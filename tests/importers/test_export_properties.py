"""Whatever an export holds: no row is lost, and the order of rows does not matter."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.importers import (
    REASONS,
    WARNINGS,
    Community,
    merge_prefix,
    read_export,
    same_source,
    write_export,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)

json_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 12),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(),
)
junk = st.one_of(json_scalars, st.lists(json_scalars, max_size=2), st.just({}))
some_ids = st.sampled_from(["a", "b", "7", 7, "../x", "🦉", "\0", "", None, 7.0])
some_times = st.sampled_from(
    [None, "2026-01-01T00:00:00Z", "2026-02-01", 1_700_000_000_000, "2031-01-01", "never"]
)


def maybe(strategy):
    return st.one_of(strategy, strategy, strategy, junk)


users = st.fixed_dictionaries(
    {"id": some_ids},
    optional={
        "intercept": maybe(st.floats(-1, 1)),
        "embeddings": maybe(st.lists(st.floats(-1, 1), max_size=2)),
        "demographics": maybe(st.dictionaries(st.sampled_from("xyz"), json_scalars)),
    },
)
guidelines = st.fixed_dictionaries(
    {"id": some_ids, "value": maybe(st.sampled_from(["One.", "Two.", " "]))},
    optional={
        "topicId": some_ids,
        "authorId": some_ids,
        "createdAt": some_times,
        "updatedAt": some_times,
        "intercept": maybe(st.floats(-1, 1)),
        "embeddings": maybe(st.lists(st.floats(-1, 1), max_size=2)),
    },
)
topics = st.fixed_dictionaries(
    {"id": some_ids, "title": maybe(st.sampled_from(["T", "U"]))}, optional={"parentId": some_ids}
)
ratings = st.fixed_dictionaries(
    {
        "authorId": some_ids,
        "guidelineId": some_ids,
        "rating": maybe(st.sampled_from(["helpful", "not_helpful"])),
    },
    optional={"createdAt": some_times, "updatedAt": some_times},
)
documents = st.fixed_dictionaries(
    {
        "users": st.lists(maybe(users), max_size=6),
        "guidelines": st.lists(maybe(guidelines), max_size=6),
        "topics": st.lists(maybe(topics), max_size=4),
        "ratings": st.lists(maybe(ratings), max_size=14),
        "mu": maybe(st.floats(-1, 1)),
    }
)


def read(document: dict) -> Community:
    return read_export(orjson.dumps(document), now=NOW)


@settings(max_examples=60, deadline=None)
@given(documents)
def test_every_row_is_kept_or_quarantined(document):
    community = read(document)
    community.validate()
    for table, key in (
        ("participants", "users"),
        ("guidelines", "guidelines"),
        ("topics", "topics"),
        ("guideline_ratings", "ratings"),
    ):
        counts = community.counts[table]
        assert counts.rows_in == len(document[key])
        rows = community.quarantine[community.quarantine["table"] == table]
        assert counts.rows_kept == len(community.table(table))
        assert counts.rows_quarantined == len(rows)
        assert rows["row_number"].is_unique
        for number, raw in zip(rows["row_number"], rows["raw"], strict=True):
            assert orjson.loads(raw) == document[key][number]
    assert set(community.quarantine["reason"]) <= set(REASONS)
    assert set(community.warnings) <= set(WARNINGS)
    ratings_kept = community.guideline_ratings
    assert set(ratings_kept["participant_id"]) <= set(community.participants["participant_id"])
    assert set(ratings_kept["guideline_id"]) <= set(community.guidelines["guideline_id"])


@settings(max_examples=60, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(document, shuffler: random.Random):
    shuffled = {
        key: shuffler.sample(value, len(value))
        if isinstance(value, list) and key != "mu"
        else value
        for key, value in document.items()
    }
    ours, theirs = read(document), read(shuffled)
    assert ours.equals(theirs)
    assert ours.warnings == theirs.warnings
    assert ours.counts == theirs.counts
    assert ours.identity == theirs.identity
    columns = ["table", "reason", "raw"]
    assert ours.quarantine[columns].equals(theirs.quarantine[columns])


@settings(max_examples=30, deadline=None)
@given(documents)
def test_written_export_reads_back_as_the_same_community(document):
    community = read(document)
    for original in (community, merge_prefix(community, "p:")):
        stream, again = io.BytesIO(), io.BytesIO()
        write_export(original, stream)
        back = read_export(stream.getvalue(), now=NOW)
        back.validate()
        assert len(back.quarantine) == 0
        assert back.warnings == {}
        assert back.equals(original)
        write_export(back, again)
        assert again.getvalue() == stream.getvalue()
    assert same_source(community.identity, community.identity)
