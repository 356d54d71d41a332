"""Which guideline to rate next."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import AcceptanceRule, next_guidelines

RULE = AcceptanceRule()


def record(intercept, n=50, helpful=45, negative=(25, 0.9), positive=(25, 0.9), error=0.02):
    return {
        "intercept": intercept,
        "n_ratings": n,
        "n_helpful": helpful,
        "raw_support": helpful / n,
        "standard_error": error,
        "support_by_side": {
            "negative": {"n_ratings": negative[0], "raw_support": negative[1]},
            "neutral": {"n_ratings": 0, "raw_support": None},
            "positive": {"n_ratings": positive[0], "raw_support": positive[1]},
        },
    }


def chosen(records, counts=None, rated=(), limit=10, person="ann", **options):
    counts = {key: row["n_ratings"] for key, row in records.items()} if counts is None else counts
    return next_guidelines(
        counts, records, RULE, rated=rated, limit=limit, person=person, **options
    )


def ids(found):
    return [candidate.guideline_id for candidate in found]


def test_the_threshold_counts():
    records = {"far": record(0.1), "near": record(0.37), "nearer": record(0.376)}
    found = chosen(records)
    assert ids(found) == ["nearer", "near", "far"]
    assert [candidate.why for candidate in found] == [
        "near_threshold", "near_threshold", "more_ratings",
    ]  # fmt: skip


def test_few_ratings_come_first_also_ones_that_the_constitution_does_not_know():
    records = {"near": record(0.376), "some": record(0.376, n=8, helpful=7, error=0.1)}
    counts = {"near": 50, "some": 8, "new": 0, "newer": 3}
    found = chosen(records, counts)
    assert ids(found) == ["new", "newer", "some", "near"]
    assert [candidate.why for candidate in found[:2]] == ["few_ratings"] * 2


def test_the_support_test_counts_as_the_intercept_does():
    records = {
        "clear": record(0.5, n=50, helpful=50),
        "support in doubt": record(0.5, n=50, helpful=40),
        "hopeless support": record(0.376, n=50, helpful=10),
    }
    # The last one cannot be accepted whatever its intercept does.
    assert ids(chosen(records)) == ["support in doubt", "clear", "hopeless support"]


@pytest.mark.parametrize(
    ("side", "expected"),
    [("positive", "one_side"), ("negative", "both"), (None, "one_side"), ("neutral", "one_side")],
)
def test_the_side_that_is_missing_is_asked(side, expected):
    records = {
        "both": record(0.371),
        "one_side": record(0.369, negative=(48, 0.95), positive=(2, 1.0)),
        "balance": record(0.1, negative=(2, 1.0), positive=(48, 1.0)),
    }
    found = chosen(records, side=side)
    assert found[0].guideline_id == expected
    if expected == "one_side":
        assert found[0].why == "one_side_only"


def test_support_by_one_side_only_counts_like_a_missing_side():
    records = {
        "agreed": record(0.37),
        "split": record(0.37, negative=(25, 1.0), positive=(25, 0.6)),
    }
    assert ids(chosen(records, side="positive")) == ["split", "agreed"]
    assert chosen(records)[0].why == "one_side_only"
    # For the side that supports it, it is like any other.
    first, second = chosen(records, side="negative")
    assert first.priority == pytest.approx(second.priority)


def test_ratings_since_the_constitution_lower_the_priority():
    records = {"a": record(0.37), "b": record(0.37)}
    found = chosen(records, {"a": 50, "b": 90})
    assert ids(found) == ["a", "b"]
    assert found[0].priority > found[1].priority


def test_people_who_come_at_once_spread():
    counts = {f"g{number}": 0 for number in range(30)}
    firsts = {ids(chosen({}, counts, person=f"person {number}"))[0] for number in range(30)}
    assert len(firsts) >= 10


@given(st.data())
def test_never_a_rated_one_and_always_the_same(data):
    counts = data.draw(st.dictionaries(st.text(max_size=3), st.integers(0, 100), max_size=12))
    known = [key for key in counts if counts[key] and data.draw(st.booleans())]
    records = {
        key: record(
            data.draw(st.floats(-1, 1)),
            n=counts[key],
            helpful=data.draw(st.integers(0, counts[key])),
            negative=data.draw(st.sampled_from([(0, None), (None, None), (20, 0.5)])),
            error=data.draw(st.sampled_from([None, 0.01, 0.3])),
        )
        for key in known
    }
    rated = {key for key in counts if data.draw(st.booleans())}
    limit = data.draw(st.integers(0, 5))
    found = chosen(records, counts, rated, limit)
    assert len(found) == min(limit, len(counts.keys() - rated))
    assert not rated & set(ids(found))
    assert [one.priority for one in found] == sorted((one.priority for one in found), reverse=True)
    shuffled = list(counts.items())
    random.Random(1).shuffle(shuffled)
    assert chosen(records, dict(shuffled), rated, limit) == found
