"""How much a method's decisions depend on its seed: the reason why the exact method exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.factorization.errors import FactorizationError
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.solver import factorize
from labelaudit_dagster.factorization.uncertainty import Decide

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Instability:
    """Accepted sets of one method from several seeds.

    Attributes:
        seeds: the seeds.
        accepted: item indices accepted by each seed, in order.
        losses: objective reached by each seed, float64, shape (seeds,).
        steps: sweeps or iterations of each seed.
        mean_jaccard: mean over all pairs of seeds of |A n B| / |A u B| (1 for two empty sets).
        in_all: items accepted by every seed.
        in_any: items accepted by at least one.
    """

    seeds: tuple[int, ...]
    accepted: tuple[tuple[int, ...], ...]
    losses: Float64Array
    steps: tuple[int, ...]
    mean_jaccard: float
    in_all: tuple[int, ...]
    in_any: tuple[int, ...]


def instability(
    ratings: RatingTriples,
    parameters: FactorizationParameters,
    decide: Decide,
    *,
    seeds: Sequence[int] = tuple(range(10)),
    progress: Callable[[str, float], None] | None = None,
) -> Instability:
    """Factorize once per seed and compare the accepted sets.

    Args:
        ratings: the ratings.
        parameters: the method and everything else but the seed; with
            method="gradient_descent" this reproduces the notebook's instability.
        decide: acceptance from intercepts, numbers of ratings and raw support.
        seeds: at least two.
        progress: called with the name of the step and the share done.
    """
    if len(seeds) < 2:
        raise FactorizationError(f"{len(seeds)} seed given; instability needs at least two.")
    count = ratings.col_weights()
    weighted = ratings.weights() * ratings.value
    total = np.bincount(ratings.col, weights=weighted, minlength=ratings.n_cols)
    support = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    accepted, losses, steps = [], [], []
    for number, seed in enumerate(seeds):
        if progress is not None:
            progress(f"seed {seed}", number / len(seeds))
        solution = factorize(ratings, replace(parameters, seed=seed))
        chosen = decide(solution.parameters.item_intercept, count, support)
        accepted.append(tuple(np.flatnonzero(np.asarray(chosen) & (count > 0)).tolist()))
        losses.append(solution.loss)
        steps.append(solution.sweeps)
    sets = [frozenset(one) for one in accepted]
    return Instability(
        seeds=tuple(seeds),
        accepted=tuple(accepted),
        losses=np.array(losses),
        steps=tuple(steps),
        mean_jaccard=float(np.mean([jaccard(a, b) for a, b in combinations(sets, 2)])),
        in_all=tuple(sorted(frozenset.intersection(*sets))),
        in_any=tuple(sorted(frozenset.union(*sets))),
    )


def jaccard(left: frozenset[int], right: frozenset[int]) -> float:
    """Return the overlap of two sets, |A n B| / |A u B|; 1 for two empty sets."""
    union = left | right
    return len(left & right) / len(union) if union else 1.0
