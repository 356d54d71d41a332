"""IndieLabel's recipe: a biased matrix factorization by SGD, trained anew for every person.

What `Surprise` does with its defaults when nobody seeds it: 100 factors from N(0, 0.1²), biases
from 0, twenty epochs at rate 0.005 with regularization 0.02, users one after the other in the order
of the table, estimates clipped to the scale. The person's labels come last; of those 75 % (rounded
down, by chance) are trained on.

Many persons are retrained side by side, each with random numbers and parameters of their own: the
steps are those of one after the other, and only the arrays have an axis more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Defaults:
    """Of the library."""

    factors: int = 100
    epochs: int = 20
    rate: float = 0.005
    regularization: float = 0.02
    start_sd: float = 0.1
    share: float = 0.75


DEFAULTS = Defaults()


@dataclass(frozen=True)
class Crowd:
    """The ratings of everybody else, in the order in which they are trained on."""

    user: Int
    item: Int
    rating: Float
    n_users: int
    n_items: int


@dataclass(frozen=True)
class Person:
    """One retraining: the labels at hand, and the items whose ratings are wanted."""

    item: Int
    rating: Float
    wanted: Int


def predict(
    crowd: Crowd, people: list[Person], *, low: float, high: float, seed: int, all_labels: bool
) -> list[Float]:
    """Retrain for each person and return the clipped estimates of what they want.

    Args:
        crowd: everybody else's ratings.
        people: one retraining each.
        low: lowest rating of the scale.
        high: highest rating of the scale.
        seed: of the starts and of which labels are trained on.
        all_labels: train on all labels instead of 75 % of them.
    """
    generator = np.random.default_rng(seed)
    taught = []
    for person in people:
        order = generator.permutation(person.item.size)
        kept = order if all_labels else order[: math.floor(DEFAULTS.share * order.size)]
        taught.append((person.item[kept], person.rating[kept]))
    longest = max(items.size for items, _ in taught)
    item = np.zeros((longest, len(people)), dtype=np.int32)
    rating = np.zeros((longest, len(people)), dtype=np.float32)
    present = np.zeros((longest, len(people)), dtype=np.float32)
    for column, (items, ratings) in enumerate(taught):
        item[: items.size, column] = items
        rating[: items.size, column] = ratings
        present[: items.size, column] = 1
    n_seen = crowd.rating.size + present.sum(axis=0)
    mean = ((crowd.rating.sum() + rating.sum(axis=0)) / n_seen).astype(np.float32)
    trained = _train(crowd, mean, item, rating, present > 0, generator)
    rated = np.bincount(crowd.item, minlength=crowd.n_items) > 0
    estimates = []
    for column, person in enumerate(people):
        known = rated.copy()
        known[taught[column][0]] = True
        at = person.wanted
        said = trained.item_bias[at, column] + trained.item[at, column] @ trained.own[column]
        score = mean[column] + trained.own_bias[column] + np.where(known[at], said, 0)
        estimates.append(np.clip(score.astype(np.float64), low, high))
    return estimates


@dataclass
class _Trained:
    """Parameters of each of n retrainings, float32."""

    item_bias: NDArray[np.float32]
    item: NDArray[np.float32]
    own_bias: NDArray[np.float32]
    own: NDArray[np.float32]


def _train(
    crowd: Crowd,
    mean: NDArray[np.float32],
    own_item: NDArray[np.int32],
    own_rating: NDArray[np.float32],
    present: NDArray[np.bool_],
    generator: np.random.Generator,
) -> _Trained:
    """Run all epochs; `own_…` are (labels, n), where absent labels of shorter columns come last."""
    size, factors = mean.size, DEFAULTS.factors
    rate = np.float32(DEFAULTS.rate)
    kept = np.float32(1 - DEFAULTS.rate * DEFAULTS.regularization)

    def normal(*shape: int) -> NDArray[np.float32]:
        drawn = generator.standard_normal((*shape, size, factors), dtype=np.float32)
        return drawn * np.float32(DEFAULTS.start_sd)

    user_bias = np.zeros((crowd.n_users, size), dtype=np.float32)
    item_bias = np.zeros((crowd.n_items, size), dtype=np.float32)
    user, item, own = normal(crowd.n_users), normal(crowd.n_items), normal()
    own_bias = np.zeros(size, dtype=np.float32)
    spare = np.empty_like(own)
    steps = list(zip(crowd.user.tolist(), crowd.item.tolist(), crowd.rating.tolist(), strict=True))
    own_steps = [
        (np.flatnonzero(there), own_item[number][there], own_rating[number][there])
        for number, there in enumerate(present)
    ]
    for _ in range(DEFAULTS.epochs):
        for u, i, r in steps:
            p, q, bias_u, bias_i = user[u], item[i], user_bias[u], item_bias[i]
            move = np.einsum("nf,nf->n", p, q)
            move += mean
            move += bias_u
            move += bias_i
            np.subtract(np.float32(r), move, out=move)
            move *= rate
            bias_u *= kept
            bias_u += move
            bias_i *= kept
            bias_i += move
            column = move[:, None]
            np.multiply(column, q, out=spare)
            q *= kept
            q += column * p
            p *= kept
            p += spare
        for here, items, ratings in own_steps:
            p, q = own[here], item[items, here]
            said = mean[here] + own_bias[here] + item_bias[items, here]
            move = rate * (ratings - said - np.einsum("nf,nf->n", p, q))
            own_bias[here] = kept * own_bias[here] + move
            item_bias[items, here] = kept * item_bias[items, here] + move
            own[here] = kept * p + move[:, None] * q
            item[items, here] = kept * q + move[:, None] * p
    return _Trained(item_bias, item, own_bias, own)
