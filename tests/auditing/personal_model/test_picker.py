"""The picker: its gain by enumeration, and what it must never propose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model import (
    PersonalModelError,
    PersonalPosterior,
    choose_next,
    expected_variance_reduction,
    fold_in,
    level_probabilities,
)


def mean_variance(model: CommentModel, posterior: PersonalPosterior) -> float:
    """Return the variance of the person's expected rating, averaged over all comments."""
    expected = np.tensordot(
        np.arange(model.scale.n_levels), posterior.responses.probability.astype(float), axes=(0, 0)
    )
    by_comment = model.severity.astype(float) @ expected.T
    weight = posterior.weight
    return float((by_comment**2 @ weight - (by_comment @ weight) ** 2).mean())


def test_the_gain_is_what_the_possible_labels_leave(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(1), 6)
    posterior = fold_in(model, rows, levels)
    before = mean_variance(model, posterior)
    candidates = np.setdiff1d(np.arange(40), rows)[:4]
    gain = expected_variance_reduction(model, posterior, candidates)
    for at, row in enumerate(candidates):
        after = 0.0
        for level, probability in enumerate(level_probabilities(model, posterior, [row])[0]):
            following = fold_in(model, [*rows, row], [*levels, level])
            assert following.responses is posterior.responses
            after += probability * mean_variance(model, following)
        assert gain[at] == pytest.approx(before - after, rel=1e-3)
    assert np.all(gain > 0)


def test_the_first_choice_has_the_largest_gain(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(2), 5)
    candidates = np.arange(100, 300)
    left = np.setdiff1d(candidates, rows)
    gain = expected_variance_reduction(model, fold_in(model, rows, levels), left)
    assert choose_next(model, rows, levels, candidates, 1).tolist() == [left[gain.argmax()]]
    several = choose_next(model, rows, levels, candidates, 4)
    assert several[0] == left[gain.argmax()]


def test_labelled_and_repeated_comments_are_never_proposed(
    model: CommentModel, people: Any
) -> None:
    rows, levels = people.labels(np.random.default_rng(3), 10)
    candidates = np.concatenate([rows, [5, 6, 7], [7, 6, 5], rows])
    wanted = sorted({5, 6, 7} - set(rows.tolist()))
    assert sorted(choose_next(model, rows, levels, candidates, 20).tolist()) == wanted
    assert choose_next(model, rows, levels, rows, 5).size == 0
    assert choose_next(model, rows, levels, candidates, 0).size == 0
    assert choose_next(model, [], [], [], 3).size == 0


def test_the_choice_depends_on_no_order(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(4), 8)
    order = np.random.default_rng(5).permutation(8)
    candidates = np.arange(400)
    first = choose_next(model, rows, levels, candidates, 6)
    second = choose_next(model, rows[order], levels[order], candidates[::-1], 6)
    np.testing.assert_array_equal(first, second)
    assert len(set(first.tolist())) == 6


def test_comments_chosen_at_once_differ(model: CommentModel, people: Any) -> None:
    rows, levels = people.labels(np.random.default_rng(6), 5)
    posterior = fold_in(model, rows, levels)
    left = np.setdiff1d(np.arange(400), rows)
    gain = expected_variance_reduction(model, posterior, left)
    best_alone = left[np.argsort(-gain, kind="stable")[:8]]
    together = choose_next(model, rows, levels, left, 8)
    spread = model.severity_mean[together].std()
    assert spread > 1.5 * model.severity_mean[best_alone].std()


def test_chosen_labels_teach_more_than_random_ones(model: CommentModel, people: Any) -> None:
    rng = np.random.default_rng(7)
    theta = model.population.at(rng.normal(size=(25, 5)))
    error: dict[str, list[float]] = {"chosen": [], "random": []}
    grid = np.arange(model.scale.n_levels - 1)
    for person in theta:
        cuts = np.cumsum(np.concatenate([person[:1], np.exp(person[1:-1])]))
        latent = np.exp(person[-1]) * model.severity_mean + rng.normal(size=model.n_items)
        answers = (latent[:, None] > cuts[grid]).sum(axis=1)
        rows = np.array([], dtype=np.int64)
        while rows.size < 10:
            rows = np.append(rows, choose_next(model, rows, answers[rows], np.arange(400), 1))
        drawn = rng.choice(400, 10, replace=False)
        for name, labelled in (("chosen", rows), ("random", drawn)):
            error[name].append(mean_variance(model, fold_in(model, labelled, answers[labelled])))
    assert np.mean(error["chosen"]) < 0.9 * np.mean(error["random"])


@pytest.mark.parametrize(
    ("candidates", "n", "message"),
    [([400], 1, "rows 0 to 399"), ([-1], 1, "rows 0 to 399"), ([1], -1, "n is -1")],
)
def test_requests_that_cannot_be_met_are_named(
    model: CommentModel, candidates: list[int], n: int, message: str
) -> None:
    with pytest.raises(PersonalModelError, match=message):
        choose_next(model, [], [], candidates, n)
