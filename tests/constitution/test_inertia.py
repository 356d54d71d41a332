"""Inertia: what is published as accepted stays down to lower limits, and no further."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ConstitutionError,
    Inertia,
    ItemEstimates,
    decide_constitution,
    strict_json,
    verdict_sentence,
)

RULE = AcceptanceRule()


def decide(rows, published=(), inertia=None, error=0.0, rule=RULE):
    """Decide guidelines given as id -> (n_ratings, n_helpful, intercept); return rows by id."""
    more = {} if inertia is None else {"inertia": inertia}
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": list(rows), "text": list(rows)}, dtype=object),
        ItemEstimates.from_arrays(
            list(rows),
            n_ratings=[row[0] for row in rows.values()],
            n_helpful=[row[1] for row in rows.values()],
            intercepts=[row[2] for row in rows.values()],
            factors=[0.0] * len(rows),
            numerical_error=[error] * len(rows),
        ),
        rule,
        published=published,
        **more,
    )
    # As JSON, in which what is not known equals itself.
    rows = [
        strict_json({str(k): v for k, v in row.items()}) for row in decisions.to_dict("records")
    ]
    return {row["guideline_id"]: row for row in rows}


def test_what_is_published_stays_down_to_the_lower_limit_and_says_so():
    rows = {"in": (10, 9, 0.38), "kept": (10, 9, 0.37), "at": (10, 9, 0.365), "out": (10, 9, 0.36)}
    found = decide(rows, published=set(rows), inertia=Inertia(0.01))
    assert {key: (row["status"], row["kept_by_inertia"]) for key, row in found.items()} == {
        "in": ("accepted", False),
        "kept": ("accepted", True),
        "at": ("rejected", False),  # the limit itself does not do, as at the threshold
        "out": ("rejected", False),
    }
    kept = found["kept"]["reasons"][2]
    assert (kept["passed"], kept["threshold"]) == (True, 0.365)
    assert kept["sentence"] == (
        "Its support across perspectives (intercept) is 0.3700, above the threshold 0.365 by"
        " 0.0050. To get in anew it would need more than 0.375; published as accepted, it is kept."
    )
    assert "inertia" in found["out"]["reasons"][2]["sentence"]
    assert found["in"]["reasons"][2]["threshold"] == 0.375
    assert verdict_sentence(found["kept"]).startswith("It stays accepted by inertia")
    assert verdict_sentence(found["in"]) == "It is accepted: it passes all tests."


def test_nothing_gets_in_more_easily():
    rows = {"new": (10, 9, 0.37), "few": (4, 4, 0.9), "poor": (10, 7, 0.9)}
    found = decide(rows, published={"few"}, inertia=Inertia(0.01, 0.05))
    assert [row["status"] for row in found.values()] == ["too_few_ratings", "rejected", "rejected"]
    assert found["new"]["reasons"][2]["threshold"] == 0.375
    assert not any(row["kept_by_inertia"] for row in found.values())


def test_support_has_an_inertia_of_its_own():
    rows = {"g": (10, 7, 0.5)}
    assert decide(rows, {"g"}, Inertia(0.5))["g"]["status"] == "rejected"
    kept = decide(rows, {"g"}, Inertia(0.0, 0.1))["g"]  # 0.8 less 0.1 is 0.7 to the bit
    assert (kept["status"], kept["kept_by_inertia"]) == ("accepted", True)
    assert "To get in anew it would need 80%" in kept["reasons"][1]["sentence"]
    assert decide({"g": (100, 69, 0.5)}, {"g"}, Inertia(0.0, 0.1))["g"]["status"] == "rejected"


def test_whether_it_can_be_told_is_asked_of_the_limit_that_counts():
    rows = {"g": (10, 9, 0.375 + 1e-9)}
    assert decide(rows, error=1e-6)["g"]["status"] == "undecided"
    assert decide(rows, {"g"}, Inertia(0.01), error=1e-6)["g"]["status"] == "accepted"
    lower = {"g": (10, 9, 0.365 + 1e-9)}
    assert decide(lower, {"g"}, Inertia(0.01), error=1e-6)["g"]["status"] == "undecided"


@pytest.mark.parametrize(
    "values", [(-0.01,), (float("nan"),), (float("inf"),), (True,), ("1",), (0, 1.1), (0, -0.1)]
)
def test_values_that_cannot_work_are_refused(values):
    with pytest.raises(ConstitutionError, match="inertia must be"):
        Inertia(*values)


WALK = st.lists(st.floats(0.3, 0.45), min_size=1, max_size=30)


@settings(deadline=None, max_examples=40)
@given(walk=WALK, band=st.sampled_from([0.0, 0.005, 0.02, 0.05]))
def test_it_never_flickers_within_the_band_and_is_never_locked_in_beyond(walk, band):
    inertia, published, accepted = Inertia(band), set(), False
    keep = inertia.keeping(RULE).intercept_threshold
    for intercept in walk:
        row = decide({"g": (10, 9, intercept)}, published, inertia)["g"]
        now = row["status"] == "accepted"
        if intercept > RULE.intercept_threshold:
            assert now
        elif intercept <= keep:
            assert not now
        else:
            assert now == accepted  # within the band nothing changes
        # The same ratings once more, after publishing, change nothing.
        published = {"g"} if now else set()
        again = decide({"g": (10, 9, intercept)}, published, inertia)["g"]
        assert again["status"] == row["status"]
        accepted = now


@settings(deadline=None, max_examples=30)
@given(
    rows=st.dictionaries(
        st.sampled_from("abcd"),
        st.tuples(st.integers(1, 12), st.integers(0, 12), st.floats(0.3, 0.45)),
        min_size=1,
    ),
    published=st.sets(st.sampled_from("abcdx")),
)
def test_without_inertia_publications_count_for_nothing(rows, published):
    rows = {key: (n, min(n, helpful), c) for key, (n, helpful, c) in rows.items()}
    plain = decide(rows)
    assert decide(rows, published, Inertia()) == plain
    assert not any(row["kept_by_inertia"] for row in plain.values())
    more = decide(rows, published, Inertia(0.02, 0.1))
    for key, row in plain.items():
        if row["status"] == "accepted":
            assert more[key]["status"] == "accepted"
        elif key not in published:
            assert more[key] == row
