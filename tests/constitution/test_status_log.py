"""What a constitution adds to the log of statuses."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    LOGGED_STATUSES,
    REMOVED,
    KnownStatus,
    replayed_statuses,
    status_entries,
    version_counts,
    version_rule,
)

FIGURES = {"n_ratings": 9, "raw_support": 1.0, "intercept": 0.6, "p_accepted": 0.9}


def known_after(entries):
    return {entry.guideline_id: KnownStatus(entry.status, entry.text, entry.after)
            for entry in entries}  # fmt: skip


def test_the_first_constitution_enters_every_guideline_with_its_reason(document):
    entries = status_entries({}, document)
    assert [(entry.guideline_id, entry.status, entry.decided_by) for entry in entries] == [
        ("a", "accepted", "intercept_threshold"),
        ("b", "rejected", "intercept_threshold"),
        ("c", "too_few_ratings", "min_ratings"),
        ("d", "undecided", "numerical_precision"),
        ("e", "too_few_ratings", "min_ratings"),
        ("f", "rejected", "min_support"),
    ]
    first, second = entries[0], entries[1]
    assert (first.status_before, first.before, first.margin) == (None, None, 0.125)
    assert first.after == {
        "n_ratings": 10, "raw_support": 0.9, "intercept": 0.5, "p_accepted": None,
    }  # fmt: skip
    assert second.sentence == "Its intercept is exactly the threshold 0.375; it must be above."
    counts = version_counts(document, entries)
    assert (counts["accepted"], counts["entered"], counts["left"]) == (1, 1, 0)
    assert (counts["n_guidelines"], counts["n_ratings"], counts["n_raters"]) == (6, 33, 12)
    assert version_rule(document)["intercept_threshold"] == 0.375


def test_the_same_constitution_again_adds_nothing(document):
    known = known_after(status_entries({}, document))
    assert status_entries(known, document, document) == []
    assert status_entries(known, document) == []


def test_what_held_a_guideline_back_is_what_decides_when_it_gets_in(make_document):
    before = make_document([("s", 10, 7, 0.6), ("i", 10, 9, 0.3), ("n", 4, 4, 0.6)])
    after = make_document([("s", 10, 9, 0.6), ("i", 10, 9, 0.4), ("n", 5, 5, 0.6)])
    known = known_after(status_entries({}, before))
    decided = {e.guideline_id: e for e in status_entries(known, after, before)}
    assert {key: entry.decided_by for key, entry in decided.items()} == {
        "s": "min_support", "i": "intercept_threshold", "n": "min_ratings",
    }  # fmt: skip
    assert decided["s"].before["raw_support"] == 0.7
    assert decided["s"].after["raw_support"] == 0.9
    assert decided["s"].sentence == "9 of 10 ratings (90.0%) say that it helps; 80% are needed."
    without = {e.guideline_id: e for e in status_entries(known, after)}
    assert without["s"].decided_by == "intercept_threshold"  # its last status says no more
    assert without["n"].decided_by == "min_ratings"
    assert without["s"].before == decided["s"].before


def test_numbers_of_before_are_those_of_the_constitution_before(make_document):
    first = make_document([("g", 10, 9, 0.6)])
    second = make_document([("g", 20, 18, 0.4)])
    third = make_document([("g", 30, 27, 0.3)])
    known = known_after(status_entries({}, first))
    assert status_entries(known, second, first) == []
    (entry,) = status_entries(known, third, second)
    assert (entry.status_before, entry.status) == ("accepted", "rejected")
    assert (entry.before["intercept"], entry.after["intercept"]) == (0.4, 0.3)
    (blind,) = status_entries(known, third)
    assert blind.before["intercept"] == 0.6


def test_a_guideline_that_goes_and_comes_back_has_entries_for_both(make_document):
    both = make_document([("g", 10, 9, 0.6, "Old text."), ("h", 10, 9, 0.6)])
    without = make_document([("h", 10, 9, 0.6)])
    known = known_after(status_entries({}, both))
    (gone,) = status_entries(known, without, both)
    assert (gone.status_before, gone.status, gone.text) == ("accepted", REMOVED, "Old text.")
    assert (gone.decided_by, gone.margin, gone.after) == (None, None, None)
    assert gone.before["intercept"] == 0.6
    known |= known_after([gone])
    assert status_entries(known, without, without) == []
    (back,) = status_entries(known, both, without)
    assert (back.status_before, back.status, back.before) == (REMOVED, "accepted", None)
    assert back.sentence.startswith("It is among the guidelines again. ")


ROW = st.tuples(st.integers(0, 12), st.integers(0, 12), st.floats(0, 1))
VERSIONS = st.lists(st.dictionaries(st.sampled_from("abcdef"), ROW, min_size=1), max_size=6)


@settings(deadline=None)
@given(versions=VERSIONS, at_hand=st.booleans())
def test_replaying_the_log_gives_the_current_statuses(make_document_static, versions, at_hand):
    log, known, previous = [], {}, None
    for version in versions:
        document = make_document_static(
            [(key, n, min(n, helpful), c) for key, (n, helpful, c) in version.items()]
        )
        entries = status_entries(known, document, previous if at_hand else None)
        assert all(entry.status != entry.status_before for entry in entries)
        assert all(entry.status in LOGGED_STATUSES for entry in entries)
        log += entries
        known |= known_after(entries)
        previous = document
        assert replayed_statuses(log) == {
            row["guideline_id"]: row["status"] for row in document["guidelines"]
        }
        assert status_entries(known, document, previous) == []
