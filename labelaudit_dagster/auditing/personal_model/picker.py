"""Which comments to label next: those that are expected to teach most about all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.comment_model import CommentModel
from labelaudit_dagster.auditing.personal_model.errors import PersonalModelError
from labelaudit_dagster.auditing.personal_model.posterior import PersonalPosterior, fold_in

Float64Array = NDArray[np.float64]


def expected_variance_reduction(
    model: CommentModel, posterior: PersonalPosterior, candidate_rows: ArrayLike
) -> Float64Array:
    """Return by how much a label of each candidate is expected to reduce the variance.

    The variance is that of the person's expected rating, averaged over all comments of the corpus;
    the expectation is over the labels that the person may give. Nothing but the model and the
    person's own labels enters, not the score of the audited system.

    Args:
        model: the fitted comment model.
        posterior: of the person.
        candidate_rows: rows of comments, shape (n,).

    Returns:
        float64, shape (n,), in squared values of the scale, not negative.
    """
    rows = np.asarray(candidate_rows, dtype=np.int64)
    severity = model.severity[rows].astype(np.float64)
    table = posterior.responses.probability
    weighted = table * posterior.weight[:, None].astype(np.float32)
    feature = _features(model, posterior)
    joint = np.tensordot(weighted.astype(np.float64), feature, axes=(1, 0))
    gain = np.zeros(len(rows))
    for level in range(model.scale.n_levels):
        probability = severity @ weighted[level].sum(axis=0, dtype=np.float64)
        shift = severity @ joint[level]
        gain += (shift**2).sum(axis=1) / np.maximum(probability, 1e-12)
    return gain


def choose_next(
    model: CommentModel,
    item_rows: ArrayLike,
    levels: ArrayLike,
    candidate_rows: ArrayLike,
    n: int,
    *,
    weights: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Choose up to n comments to label next, best first.

    The first is the one of the largest `expected_variance_reduction`; the others are chosen to
    teach most together with those before them.

    Args:
        model: the fitted comment model.
        item_rows: rows already labelled, as for `fold_in`; never proposed.
        levels: as for `fold_in`.
        candidate_rows: rows to choose from; repeated and labelled ones are dropped.
        n: how many.
        weights: as for `fold_in`.

    Returns:
        int64, min(n, number of candidates) rows. Among equals the lowest row comes first.

    Raises:
        PersonalModelError: if a candidate is no row of the model, n is negative, or a label
            cannot be used.
    """
    candidates = np.setdiff1d(
        np.asarray(candidate_rows, dtype=np.int64), np.asarray(item_rows, dtype=np.int64)
    )
    if n < 0:
        raise PersonalModelError(f"n is {n}; ask for 0 comments or more.")
    if len(candidates) and (candidates[0] < 0 or candidates[-1] >= model.n_items):
        raise PersonalModelError(f"Candidates are rows 0 to {model.n_items - 1} of the model.")
    wanted = min(n, len(candidates))
    if wanted == 0:
        return candidates[:0]
    posterior = fold_in(model, item_rows, levels, weights=weights)
    first = int(np.argmax(expected_variance_reduction(model, posterior, candidates)))
    return candidates[_spread_out(model, posterior, candidates, first, wanted)]


def _spread_out(
    model: CommentModel,
    posterior: PersonalPosterior,
    rows: NDArray[np.int64],
    first: int,
    n: int,
) -> list[int]:
    """Return positions of n comments that teach most *together*, beginning with `first`.

    The best candidates one by one are all alike and teach the same. So the covariance of the
    person's expected ratings is reduced after each choice by what a label of it would explain in
    linear regression (Bayes linear adjustment), which does not depend on the label.
    """
    severity = model.severity[rows].astype(np.float64)
    expected = _expected_on_grid(model, posterior)
    centred = expected - posterior.weight @ expected
    covariance = (centred * posterior.weight[:, None]).T @ centred
    total = _variance_of_answers(model, posterior, severity)
    noise = np.maximum(total - ((severity @ covariance) * severity).sum(axis=1), 1e-9)
    # Each choice changes the covariance by one outer product, so that what follows from it is
    # brought up to date in (n, G) steps instead of being multiplied out anew.
    second = model.severity_second_moment
    shift = severity @ covariance
    passed_on = shift @ second
    own = (shift * severity).sum(axis=1)
    chosen = [first]
    while len(chosen) < n:
        last = chosen[-1]
        along = shift[last].copy()
        share = (severity @ along) / (own[last] + noise[last])
        own -= share * (severity @ along)
        shift -= np.outer(share, along)
        passed_on -= np.outer(share, along @ second)
        gain = (passed_on * shift).sum(axis=1) / (np.maximum(own, 0.0) + noise)
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return chosen


def _expected_on_grid(model: CommentModel, posterior: PersonalPosterior) -> Float64Array:
    """Return the expected rating of each person point at each severity, less the lowest value."""
    steps = np.diff(np.asarray(model.scale.values))
    return np.tensordot(steps, posterior.responses.tail.astype(np.float64), axes=(0, 0))


def _variance_of_answers(
    model: CommentModel, posterior: PersonalPosterior, severity: Float64Array
) -> Float64Array:
    """Return the variance of the predicted rating of each comment, shape (n,)."""
    tail = severity @ posterior.tail.T.astype(np.float64)
    ends = np.ones((len(tail), 1))
    probability = np.hstack([ends, tail]) - np.hstack([tail, 0 * ends])
    values = np.asarray(model.scale.values)
    return np.asarray(probability @ values**2 - (probability @ values) ** 2)


def _features(model: CommentModel, posterior: PersonalPosterior) -> Float64Array:
    """Return centred features of the person points whose squared length is the mean variance.

    The expected rating of a comment is its severity posterior times the point's expected rating on
    the grid; a square root of the mean outer product of the posteriors averages over comments.
    """
    expected = _expected_on_grid(model, posterior)
    value, vector = np.linalg.eigh(model.severity_second_moment)
    root = vector * np.sqrt(np.maximum(value, 0.0))
    feature = expected @ root
    return np.asarray(feature - posterior.weight @ feature)
