"""One sweep of messages between comments and raters (belief propagation on grids)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.comment_model.layout import Chunk, RatingLayout

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a sweep over all raters gives.

    Attributes:
        to_items: log message of each rating to its comment, float32, shape (R, G), in the order of
            the layout. It replaces the one handed in.
        log_belief: prior times all messages, unnormalised, float64, shape (n_items, G).
        average_weight: mean posterior weight of the person points, float64, shape (P,).
        evidence: Bethe approximation of the log probability of all ratings given the priors.
    """

    to_items: Float32Array
    log_belief: Float64Array
    average_weight: Float64Array
    evidence: float


def sweep(
    layout: RatingLayout,
    log_prior: Float64Array,
    log_belief: Float64Array,
    to_items: Float32Array,
    probability: Float32Array,
) -> Sweep:
    """Send messages to all raters and back to all comments.

    Each message leaves out what came from where it goes, so that no rating is counted twice.

    Args:
        layout: the ratings.
        log_prior: log prior of the severities, shape (n_items, G) or (1, G), normalised.
        log_belief: as returned by the last sweep (`log_prior` at first), shape (n_items, G).
        to_items: as returned by the last sweep (zeros at first), overwritten.
        probability: P(level | person, severity), shape (K, P, G).
    """
    n_points = probability.shape[1]
    weight_sum = np.zeros(n_points)
    evidence = 0.0
    belief = log_belief.astype(np.float32)
    for chunk in layout.chunks:
        weights, evidence_of_raters = _visit(chunk, belief, to_items, probability)
        weight_sum += weights
        evidence += evidence_of_raters
    total = layout.sum_by_item @ to_items.astype(np.float64)
    total += log_prior
    top = total.max(axis=1)
    evidence += float((np.log(np.exp(total - top[:, None]).sum(axis=1)) + top).sum())
    return Sweep(to_items, total, weight_sum / layout.n_raters, evidence)


def normalised(log_belief: Float64Array) -> Float64Array:
    """Return the probabilities of log beliefs, row by row."""
    belief = np.exp(log_belief - log_belief.max(axis=1, keepdims=True))
    belief /= belief.sum(axis=1, keepdims=True)
    return np.asarray(belief)


def _visit(
    chunk: Chunk, belief: Float32Array, to_items: Float32Array, probability: Float32Array
) -> tuple[Float64Array, float]:
    """Update the messages of one chunk; return the sum of weights and the evidence."""
    messages = to_items[chunk.start : chunk.stop]
    severity = belief[chunk.item] - messages
    severity -= severity.max(axis=1, keepdims=True)
    np.exp(severity, out=severity)
    severity /= severity.sum(axis=1, keepdims=True)

    n_points = probability.shape[1]
    likelihood = np.empty((len(messages), n_points), dtype=np.float32)
    for level, answers in enumerate(probability):
        part = slice(chunk.level_bounds[level], chunk.level_bounds[level + 1])
        np.matmul(severity[part], answers.T, out=likelihood[part])
    np.log(likelihood, out=likelihood)

    log_weight = chunk.sum_by_rater @ likelihood
    # The weights of a rater without one of the ratings, for the message about that one.
    np.subtract(log_weight[chunk.rater], likelihood, out=likelihood)
    top = likelihood.max(axis=1)
    likelihood -= top[:, None]
    np.exp(likelihood, out=likelihood)
    mass = likelihood.sum(axis=1, dtype=np.float64)
    likelihood /= mass[:, None].astype(np.float32)
    for level, answers in enumerate(probability):
        part = slice(chunk.level_bounds[level], chunk.level_bounds[level + 1])
        np.matmul(likelihood[part], answers, out=messages[part])
    np.log(messages, out=messages)

    weight = log_weight.astype(np.float64)
    rater_top = weight.max(axis=1)
    weight -= rater_top[:, None]
    np.exp(weight, out=weight)
    rater_mass = weight.sum(axis=1)
    weight /= rater_mass[:, None]
    log_rater = np.log(rater_mass / n_points) + rater_top
    log_without = np.log(mass / n_points) + top
    evidence = log_rater.sum() - (log_rater[chunk.rater] - log_without).sum()
    return weight.sum(axis=0), float(evidence)
