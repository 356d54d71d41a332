"""One row for every guideline, with the right status for the right reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    DECISION_COLUMNS,
    STATUSES,
    TESTS,
    AcceptanceRule,
    ConstitutionError,
    ItemEstimates,
    ItemUncertainty,
    accepted_mask,
    decide_constitution,
    support_by_side,
)


def by_id(decisions):
    return decisions.set_index("guideline_id")


def failed(row):
    return [reason["test"] for reason in row["reasons"] if not reason["passed"]]


def test_every_guideline_has_a_row_and_the_status_worked_out_by_hand(decisions):
    assert list(decisions.columns) == list(DECISION_COLUMNS)
    assert by_id(decisions)["status"].to_dict() == {
        "a": "accepted",
        "b": "rejected",
        "c": "too_few_ratings",
        "d": "undecided",
        "e": "too_few_ratings",
        "f": "rejected",
    }


def test_each_failure_names_its_test(decisions):
    rows = by_id(decisions)
    assert failed(rows.loc["a"]) == []
    assert failed(rows.loc["b"]) == ["intercept_threshold"]
    assert failed(rows.loc["c"]) == ["min_ratings"]
    assert failed(rows.loc["d"]) == ["numerical_precision"]
    assert failed(rows.loc["e"]) == list(TESTS)
    assert failed(rows.loc["f"]) == ["min_support"]


def test_scores_worked_out_by_hand(decisions):
    scores = by_id(decisions)["consensus_score"]
    # (1.1 - 0.9) * 0.5 + 0.9 - 0.1 and so on.
    assert scores["a"] == pytest.approx(0.9)
    assert scores["b"] == pytest.approx(0.3 * 0.375 + 0.7)
    assert scores["c"] == pytest.approx(0.1 * 0.625 + 0.9)
    assert scores["f"] == pytest.approx(0.6 * 0.5 + 0.4)
    assert np.isnan(scores["e"])


def test_margins_have_the_sign_of_the_verdict(decisions):
    margins = {r["test"]: r["margin"] for r in by_id(decisions).loc["a"]["reasons"]}
    assert margins["min_ratings"] == 5
    assert margins["min_support"] == pytest.approx(0.1)
    assert margins["intercept_threshold"] == pytest.approx(0.125)


def test_unrated_guidelines_have_no_numbers(decisions):
    row = by_id(decisions).loc["e"]
    assert row["n_ratings"] == 0
    assert row["factor"] == []
    assert np.isnan([row["raw_support"], row["intercept"], row["numerical_error"]]).all()
    assert all("obody has rated it" in reason["sentence"] for reason in row["reasons"])


@pytest.mark.parametrize(
    ("guideline", "test", "words"),
    [
        ("a", "min_ratings", "It has 10 ratings; 5 are needed."),
        ("c", "min_ratings", "It has only 4 ratings; 5 are needed."),
        ("a", "min_support", "9 of 10 ratings (90.0%) say that it helps; 80% are needed."),
        ("f", "min_support", "3 of 6 ratings (50.0%) say that it helps; 80% would be needed."),
        (
            "b",
            "intercept_threshold",
            "Its intercept is exactly the threshold 0.375; it must be above.",
        ),
        (
            "d",
            "intercept_threshold",
            "Its support across perspectives (intercept) is 0.37500024, above the threshold"
            " 0.375 by 0.00000024.",
        ),
        (
            "d",
            "numerical_precision",
            "The distance to the threshold, 2.4e-07, is smaller than the numerical error of the"
            " solution, 1e-06: the side cannot be told.",
        ),
    ],
)
def test_sentences(decisions, guideline, test, words):
    reasons = {r["test"]: r["sentence"] for r in by_id(decisions).loc[guideline]["reasons"]}
    assert reasons[test] == words


def test_support_that_rounds_to_the_limit_gets_more_decimals():
    n, helpful = 100_000, 79_999
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": ["x"], "text": ["t"]}),
        ItemEstimates.from_arrays(
            ["x"], n_ratings=[n], n_helpful=[helpful], intercepts=[1.0], factors=[0.0]
        ),
        AcceptanceRule(),
    )
    sentence = decisions["reasons"][0][1]["sentence"]
    assert "(79.999%)" in sentence
    assert decisions["status"][0] == "rejected"


@pytest.mark.parametrize("side", [-1, 1])
def test_undecided_on_both_sides_and_only_inside_the_error(side):
    def status(distance, error):
        return decide_constitution(
            pd.DataFrame({"guideline_id": ["x"], "text": ["t"]}),
            ItemEstimates.from_arrays(
                ["x"],
                n_ratings=[9],
                n_helpful=[9],
                intercepts=[0.375 + side * distance],
                factors=[0.0],
                numerical_error=error,
            ),
            AcceptanceRule(),
        )["status"][0]

    decided = "accepted" if side > 0 else "rejected"
    assert status(2**-10, 2**-9) == "undecided"
    assert status(2**-10, 2**-10) == decided
    assert status(2**-10, 2**-11) == decided


@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.floats(0, 1), st.floats(-1, 1), st.floats(0, 0.2)),
        max_size=8,
    )
)
def test_status_follows_from_the_mask_and_the_error(rows):
    ids = [f"g{i}" for i in range(len(rows))]
    n = np.array([row[0] for row in rows], dtype=int)
    helpful = np.array([round(row[0] * row[1]) for row in rows], dtype=int)
    c = np.array([row[2] for row in rows])
    error = np.array([row[3] for row in rows])
    rule = AcceptanceRule()
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": ids, "text": ids}),
        ItemEstimates.from_arrays(
            ids, n_ratings=n, n_helpful=helpful, intercepts=c, factors=c, numerical_error=error
        ),
        rule,
    )
    assert decisions["guideline_id"].tolist() == sorted(ids)
    for i, row in by_id(decisions).reindex(ids).reset_index().iterrows():
        certain = abs(c[i] - rule.intercept_threshold) >= error[i]
        passes = bool(accepted_mask(c[i], n[i], helpful[i] / n[i], rule))
        assert row["status"] in STATUSES
        assert (row["status"] == "accepted") == (passes and certain)
        assert (row["status"] == "too_few_ratings") == (n[i] < rule.min_ratings)


def test_the_order_of_rows_never_matters(guidelines, estimates, decisions):
    shuffled = guidelines.sample(frac=1, random_state=3)
    order = [3, 1, 4, 0, 2]
    moved = ItemEstimates.from_arrays(
        [estimates.guideline_ids[i] for i in order],
        n_ratings=estimates.n_ratings[order],
        n_helpful=estimates.n_helpful[order],
        intercepts=estimates.intercepts[order],
        factors=estimates.factors[order],
        numerical_error=estimates.numerical_errors[order],
    )
    pd.testing.assert_frame_equal(decide_constitution(shuffled, moved, AcceptanceRule()), decisions)


def test_uncertainty_and_sides_join_by_id(guidelines, estimates):
    uncertainty = ItemUncertainty.from_arrays(
        ["f", "a"],
        standard_error=[0.2, 0.1],
        interval_low=[0.1, 0.3],
        interval_high=[0.9, 0.7],
        p_accepted=[0.0, 0.8],
        n_flipping_raters=[0, 3],
    )
    sides = support_by_side([0] * 12, range(12), [1] * 12, [-1.0] * 6 + [1.0] * 6, ["a"])
    rows = by_id(
        decide_constitution(
            guidelines, estimates, AcceptanceRule(), uncertainty=uncertainty, sides=sides
        )
    )
    assert rows.loc["a", ["p_accepted", "n_flipping_raters"]].tolist() == [0.8, 3]
    assert rows.loc["f", "interval_high"] == 0.9
    assert rows.loc["a", ["n_negative", "support_positive"]].tolist() == [6, 1.0]
    assert pd.isna(rows.loc["b", "p_accepted"])
    assert pd.isna(rows.loc["b", "n_flipping_raters"])
    assert pd.isna(rows.loc["b", "n_negative"])


def test_no_guidelines_give_an_empty_frame():
    empty = pd.DataFrame({"guideline_id": [], "text": []})
    nothing = ItemEstimates.from_arrays(
        [], n_ratings=[], n_helpful=[], intercepts=[], factors=np.zeros((0, 1))
    )
    decisions = decide_constitution(empty, nothing, AcceptanceRule())
    assert len(decisions) == 0
    assert list(decisions.columns) == list(DECISION_COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"guideline_id": ["a", "b", "c", "d", "e", "a"]}, "'a' more than once"),
        ({"guideline_id": ["a", "b", "c", "d", "e", 7]}, "strings only, not 7"),
        ({"guideline_id": ["a", "b", "c", "d", "e", "z"]}, "'f', which is not in"),
        ({"text": ["t", "t", "t", "t", "t", None]}, "text of guideline 'f'"),
    ],
)
def test_bad_guidelines_are_refused(guidelines, estimates, change, message):
    with pytest.raises(ConstitutionError, match=message):
        decide_constitution(
            guidelines.assign(**{k: pd.Series(v, dtype=object) for k, v in change.items()}),
            estimates,
            AcceptanceRule(),
        )


def test_a_missing_column_is_named(guidelines, estimates):
    with pytest.raises(ConstitutionError, match="'text'"):
        decide_constitution(guidelines[["guideline_id"]], estimates, AcceptanceRule())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("n_ratings", [0], "n_ratings must be 1 or more"),
        ("n_ratings", [1.5], "whole numbers"),
        ("n_helpful", [3], "n_helpful must not exceed"),
        ("intercepts", [float("nan")], "intercepts must be finite"),
        ("factors", [float("inf")], "factors must be finite"),
        ("factors", [[1.0], [2.0]], "factors must have shape"),
        ("numerical_error", -1.0, "numerical_error must not be negative"),
        ("numerical_error", float("nan"), "numerical_error must be finite"),
        ("intercepts", [1.0, 2.0], "intercepts must have shape"),
    ],
)
def test_bad_estimates_are_refused_by_name(field, value, message):
    good = {"n_ratings": [2], "n_helpful": [1], "intercepts": [0.1], "factors": [0.0]}
    with pytest.raises(ConstitutionError, match=message):
        ItemEstimates.from_arrays(["x"], **{**good, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("standard_error", [-0.1]),
        ("interval_low", [0.9]),
        ("p_accepted", [1.1]),
        ("n_flipping_raters", [0.5]),
    ],
)
def test_bad_uncertainty_is_refused_by_name(field, value):
    good = {
        "standard_error": [0.1],
        "interval_low": [0.1],
        "interval_high": [0.5],
        "p_accepted": [0.5],
    }
    with pytest.raises(ConstitutionError, match=field):
        ItemUncertainty.from_arrays(["x"], **{**good, field: value})
