"""How many ratings would turn a decision, against counting and against solving again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ModelFigures,
    accepted_mask,
    nearest_change,
)
from labelaudit_dagster.factorization import FactorizationParameters, RatingTriples, factorize

RULE = AcceptanceRule()
FIGURES = ModelFigures(
    mu=0.25, typical_leniency=0.25, demanding_leniency=0.125, lambda_intercept=0.25
)


def record(n, helpful, intercept, status="rejected"):
    return {"n_ratings": n, "n_helpful": helpful, "intercept": intercept, "status": status}


def test_ratings_that_are_missing_are_counted():
    change = nearest_change(record(2, 2, 0.5, "too_few_ratings"), RULE, FIGURES)
    assert (change["value"], change["n_ratings"]) == ("helpful", 3)
    assert change["outcome"] == "accepted"
    assert change["sentence"].startswith("3 more typical raters saying that it helps would")


def test_support_is_counted_exactly():
    # (6 + h) / (10 + h) reaches 0.8 at h = 10.
    change = nearest_change(record(10, 6, 0.5), RULE, FIGURES)
    assert change["n_ratings"] == 10


def test_one_voice_can_be_enough_to_take_it_out():
    change = nearest_change(record(5, 4, 0.5, "accepted"), RULE, FIGURES)
    assert (change["value"], change["n_ratings"]) == ("not_helpful", 1)
    assert change["outcome"] == "not_accepted"
    assert change["sentence"].startswith("1 more typical rater saying that it does not help")


def test_the_intercept_moves_by_the_formula():
    # Each helpful rating pulls towards (1 - 0.25 - 0.25) / 1.25 = 0.4: 0.35 · 20 + 0.4 h
    # exceeds 0.375 (20 + h) from h = 21 on, since at 20 it is exactly the threshold.
    assert nearest_change(record(20, 20, 0.35), RULE, FIGURES)["n_ratings"] in (20, 21)
    assert nearest_change(record(20, 20, 0.3499), RULE, FIGURES)["n_ratings"] == 21


def test_where_the_praise_of_typical_people_says_too_little_demanding_ones_are_counted():
    lenient = replace(FIGURES, typical_leniency=0.5)
    change = nearest_change(record(20, 20, 0.35), RULE, lenient)
    assert change["raters"] == "demanding"
    assert change["n_ratings"] == 5  # towards 0.5: 7 + 0.5 h > 0.375 (20 + h)
    assert "demanding raters" in change["sentence"]
    hopeless = replace(lenient, demanding_leniency=0.5)
    never = nearest_change(record(20, 20, 0.35), RULE, hopeless)
    assert never["n_ratings"] is None
    assert never["sentence"].startswith("However many more")


def test_what_nobody_has_rated_has_an_answer_too():
    change = nearest_change(record(0, 0, None, "too_few_ratings"), RULE, FIGURES)
    assert change["n_ratings"] == 5


@pytest.mark.slow
def test_solving_again_turns_the_decision_near_the_estimate():
    """A small community: add the ratings that the estimate asks for, solve again, look."""
    draw = np.random.default_rng(3)
    n_raters, n_items = 160, 24
    side = np.sign(draw.normal(size=n_raters)) * (draw.random(n_raters) < 0.7)
    appeal, lean = draw.uniform(0.45, 0.97, n_items), draw.normal(0, 0.25, n_items)
    seen = draw.random((n_raters, n_items)) < 0.4
    chance = np.clip(appeal + side[:, None] * lean, 0.02, 0.98)
    value = (draw.random((n_raters, n_items)) < chance).astype(float)
    rows, cols = np.nonzero(seen)
    options = FactorizationParameters()

    def solve(rows, cols, values):
        triples = RatingTriples.from_arrays(rows, cols, values, n_rows=n_raters, n_cols=n_items)
        return factorize(triples, options).parameters

    before = solve(rows, cols, value[rows, cols])
    leniency = before.rater_intercept
    rule = AcceptanceRule(intercept_threshold=float(np.quantile(before.item_intercept, 0.7)))
    figures = ModelFigures(
        before.mu, float(np.median(leniency)), float(np.quantile(leniency, 0.25)),
        options.lambda_intercept,
    )  # fmt: skip
    checked = 0
    for item in range(n_items):
        counted, helpful = int(seen[:, item].sum()), int(value[seen[:, item], item].sum())
        accepted = bool(
            accepted_mask(before.item_intercept[item], counted, helpful / counted, rule)
        )
        found = nearest_change(
            record(counted, helpful, float(before.item_intercept[item]),
                   "accepted" if accepted else "rejected"),
            rule, figures,
        )  # fmt: skip
        needed = found["n_ratings"]
        aim = figures.typical_leniency if found["raters"] == "typical" else (
            figures.demanding_leniency
        )  # fmt: skip
        others = np.flatnonzero(~seen[:, item])
        near = others[np.argsort(np.abs(leniency[others] - aim)
                                 + np.abs(before.rater_factor[others, 0]))]  # fmt: skip
        if needed is None or not needed >= 2 or 2 * needed > len(near) or checked == 3:
            continue
        checked += 1
        verdicts = {}
        for more in (needed // 2, 2 * needed):
            added = near[:more]
            said = 0.0 if accepted else 1.0
            after = solve(
                np.r_[rows, added], np.r_[cols, np.full(more, item)],
                np.r_[value[rows, cols], np.full(more, said)],
            )  # fmt: skip
            share = (helpful + said * more) / (counted + more)
            verdicts[more] = bool(
                accepted_mask(after.item_intercept[item], counted + more, share, rule)
            )
        assert verdicts == {needed // 2: accepted, 2 * needed: not accepted}, item
    assert checked == 3
