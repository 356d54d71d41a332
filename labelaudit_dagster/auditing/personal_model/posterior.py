"""Fold one person into the fitted model: exact given its grids, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.comment_model import CommentModel, ResponseTable
from labelaudit_dagster.auditing.one_blas_thread import one_blas_thread
from labelaudit_dagster.auditing.personal_model.labels import PersonalLabels, checked_labels
from labelaudit_dagster.auditing.personal_model.refinement import ENOUGH_POINTS, refined_points

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PersonalPosterior:
    """What a person's labels say about how they answer.

    Attributes:
        responses: the person points, with their answers to each severity.
        weight: posterior weight of each point, float64, shape (P,), sum 1.
        tail: P(level > k) at each severity, averaged over the points, float32, shape (K - 1, G).
        n_labels: labels that it was made from.
    """

    responses: ResponseTable
    weight: Float64Array
    tail: NDArray[np.float32]
    n_labels: int

    @property
    def effective_points(self) -> float:
        """Number of points that share the weight, 1 to P; few mean a coarse approximation."""
        return float(1.0 / np.sum(self.weight**2))


def fold_in(
    model: CommentModel,
    item_rows: ArrayLike,
    levels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> PersonalPosterior:
    """Return the posterior of a person after their labels; without any, the population's.

    Args:
        model: the fitted comment model.
        item_rows: rows of the labelled comments (`CommentModel.rows_of`), each once, shape (n,).
        levels: label of each, 0 to K - 1, shape (n,).
        weights: how much each label counts, from 0; default 1. The likelihood of a label is raised
            to its weight: 0.5 is half a label.

    Raises:
        PersonalModelError: if a label cannot be used; the message says which and what to do.
    """
    labels = checked_labels(model, item_rows, levels, weights)
    with one_blas_thread():
        responses, prior, likelihood = prior_and_likelihood(model, labels)
        weight = softmax(prior + labels.weights @ likelihood)
        tail = np.tensordot(weight.astype(np.float32), responses.tail, axes=(0, 1))
    return PersonalPosterior(responses, weight, np.asarray(tail, dtype=np.float32), len(labels))


def fold_in_many(
    model: CommentModel,
    people: Iterable[tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None]],
) -> Iterator[PersonalPosterior]:
    """Fold in people one after the other, each by rows, levels and perhaps weights.

    One person costs a fraction of a millisecond, so there is nothing to gain from treating them
    at once; what they share is tabulated once per model.

    Yields:
        What `fold_in` returns, in the order of `people`.

    Raises:
        PersonalModelError: as for `fold_in`, when that person's turn comes.
    """
    for rows, levels, *weights in people:
        yield fold_in(model, rows, levels, weights=weights[0] if weights else None)


def prior_and_likelihood(
    model: CommentModel, labels: PersonalLabels
) -> tuple[ResponseTable, Float64Array, Float64Array]:
    """Return the person points that suit the labels, their log prior and the labels' likelihoods.

    Returns:
        The points (the population's, or refined ones where too few of those fit the labels), their
        log prior weight, shape (P,), and log P(label | point), shape (n, P).
    """
    responses, prior = model.responses, np.log(model.point_weight)
    likelihood = log_likelihood(model, labels, responses)
    weight = softmax(prior + labels.weights @ likelihood)
    if np.sum(weight**2) > 1.0 / ENOUGH_POINTS:
        responses, prior = refined_points(
            model, lambda table: labels.weights @ log_likelihood(model, labels, table)
        )
        likelihood = log_likelihood(model, labels, responses)
    return responses, prior, likelihood


def log_likelihood(
    model: CommentModel, labels: PersonalLabels, responses: ResponseTable
) -> Float64Array:
    """Return log P(label | person point), float64, shape (n, P)."""
    likelihood = np.empty((len(labels), responses.theta.shape[0]), dtype=np.float32)
    for level, answers in enumerate(responses.probability):
        chosen = labels.levels == level
        if chosen.any():
            likelihood[chosen] = model.severity[labels.rows[chosen]] @ answers.T
    return np.log(likelihood.astype(np.float64))


def softmax(log_weight: Float64Array) -> Float64Array:
    """Return weights that sum to 1 along the last axis."""
    weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    return np.asarray(weight)
