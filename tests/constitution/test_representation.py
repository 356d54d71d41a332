"""What the model expects a person to say of the constitution."""

from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.constitution.representation import representation
from labelaudit_dagster.factorization import FactorizationParameters, RatingTriples, factorize

PENALTIES = {"lambda_intercept": 0.15, "lambda_factor": 0.03, "ndim": 1}


def made(rows, mu=0.3):
    """Return a document of (id, intercept, factor, accepted)."""
    return {
        "mu": mu,
        "parameters": {**PENALTIES, "min_support": 0.8, "intercept_threshold": 0.3},
        "accepted": sorted(row[0] for row in rows if row[3]),
        "guidelines": [
            {"guideline_id": key, "intercept": c, "factor": [] if c is None else [y]}
            for key, c, y, _ in rows
        ],
    }


def test_nobody_in_particular_is_expected_to_say_what_the_guideline_alone_tells():
    document = made([("a", 0.4, 0.5, True), ("b", 0.1, 0.0, True), ("c", 0.3, -1.0, False)])
    found = representation(document, {})
    assert (found.n_ratings, found.n_accepted, found.n_expected_helpful) == (0, 2, 1)
    assert [(one.guideline_id, one.said) for one in found.unwanted] == [("b", None)]
    assert found.unwanted[0].expected == pytest.approx(0.4)
    assert [one.guideline_id for one in found.missing] == ["c"]


def test_a_person_of_the_other_side_rejects_what_their_side_does():
    rows = [(f"left{k}", 0.2, -1.0, k == 0) for k in range(6)]
    rows += [(f"right{k}", 0.2, 1.0, k == 0) for k in range(6)]
    rows.append(("new", None, None, False))
    ratings = {f"left{k}": False for k in range(1, 6)} | {f"right{k}": True for k in range(1, 6)}
    found = representation(made(rows), {**ratings, "new": True, "gone": False, "left0": True})
    assert found.n_ratings == 11
    assert [(one.guideline_id, one.said) for one in found.unwanted] == [("left0", True)]
    assert [one.guideline_id for one in found.missing] == [f"right{k}" for k in range(1, 6)]
    assert all(one.said for one in found.missing)


def test_it_is_the_solution_for_who_took_part():
    draw = np.random.default_rng(1)
    rows, cols = np.nonzero(draw.random((40, 12)) < 0.6)
    values = (draw.random(len(rows)) < 0.6).astype(float)
    options = FactorizationParameters()
    triples = RatingTriples.from_arrays(rows, cols, values, n_rows=40, n_cols=12)
    solved = factorize(triples, options).parameters
    document = {
        "mu": solved.mu,
        "parameters": PENALTIES,
        "accepted": [f"g{k:02d}" for k in range(12)],
        "guidelines": [
            {"guideline_id": f"g{k:02d}", "intercept": solved.item_intercept[k],
             "factor": solved.item_factor[k].tolist()}
            for k in range(12)
        ],
    }  # fmt: skip
    for person in range(40):
        mine = rows == person
        ratings = {
            f"g{item:02d}": bool(value)
            for item, value in zip(cols[mine], values[mine], strict=True)
        }
        predicted = (
            solved.mu + solved.rater_intercept[person] + solved.item_intercept
            + solved.item_factor @ solved.rater_factor[person]
        )  # fmt: skip
        found = representation(document, ratings)
        expected = {one.guideline_id: one.expected for one in found.unwanted}
        for item, value in enumerate(np.clip(predicted, 0, 1)):
            if value < 0.499:
                assert expected[f"g{item:02d}"] == pytest.approx(value, abs=1e-4)
            elif value > 0.501:
                assert f"g{item:02d}" not in expected
