"""Topics as directions in the space of terms: found by NMF, assigned by cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

OUTLIER: Final = -1
"""The topic of comments that belong to none."""

DECIMALS: Final = 6
"""Similarities are compared after rounding: what another processor adds in another order, and so
differs in the last bits, must not decide on a topic."""

ROUNDS_OF_NMF: Final = 30
ROUNDS_OF_CENTRES: Final = 2
ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest centre of each comment.

    Attributes:
        topic: int64, shape (n,); -1 where a comment is similar to no centre.
        similarity: cosine with that centre, float64 in [0, 1], rounded to 6 decimals, same shape.
    """

    topic: NDArray[np.int64]
    similarity: NDArray[np.float64]


def find_centres(rows: csr_matrix, n_topics: int, *, seed: int) -> NDArray[np.float64]:
    """Find topics as directions of unit length.

    Non-negative matrix factorization (Lee & Seung 1999; coordinate descent, started by NNDSVD,
    which is not random but for its randomised SVD) gives the directions, and two rounds of
    spherical k-means (Dhillon & Modha 2001) move each to the mean of the comments nearest to it.
    Runs in one thread, so that the sums have one order.

    Args:
        rows: distinct comments, rows of unit length, shape (n, n_terms); n of 1 or more.
        n_topics: how many to look for; no more come out than rows or terms bear.
        seed: of the randomised SVD.

    Returns:
        float64, shape (at most n_topics, n_terms).
    """
    from threadpoolctl import threadpool_limits

    wanted = min(n_topics, rows.shape[0], rows.shape[1])
    with threadpool_limits(limits=1):
        found = _decomposition(rows, wanted, seed) if wanted > 1 else None
        centres = _unit(np.asarray(rows.sum(axis=0)) if found is None else found)
        for _ in range(ROUNDS_OF_CENTRES if len(centres) > 1 else 0):
            centres = _means(rows, nearest_centre(rows, centres).topic, centres)
    return centres


def nearest_centre(rows: csr_matrix, centres: NDArray[np.float64]) -> Nearest:
    """Assign each comment to the centre with the largest cosine; the first of equal ones.

    Args:
        rows: comments, rows of unit length or empty, shape (n, n_terms).
        centres: float64 of unit length, shape (k, n_terms); k of 1 or more.
    """
    n = rows.shape[0]
    topic = np.full(n, OUTLIER, dtype=np.int64)
    similarity = np.zeros(n)
    across = np.ascontiguousarray(centres.T)
    for start in range(0, n, ROWS_AT_ONCE):
        part = slice(start, min(n, start + ROWS_AT_ONCE))
        cosine = np.round(np.asarray(rows[part] @ across), DECIMALS)
        best = cosine.argmax(axis=1)
        similarity[part] = cosine[np.arange(len(best)), best]
        topic[part] = np.where(similarity[part] > 0, best, OUTLIER)
    return Nearest(topic, similarity)


def dissolve_small(
    rows: csr_matrix, centres: NDArray[np.float64], smallest: int
) -> NDArray[np.float64]:
    """Drop the smallest topic, and so again, until none has fewer comments than `smallest`.

    Its comments go to what is then nearest to them. The last topic is never dropped.
    """
    kept = centres
    while len(kept) > 1:
        sizes = _sizes(nearest_centre(rows, kept).topic, len(kept))
        if sizes.min() >= smallest:
            break
        # Empty ones go together; of the others one at a time, since its neighbours may grow.
        drop = np.flatnonzero(sizes == 0)
        if not len(drop):
            drop = np.array([sizes.argmin()])
        kept = np.delete(kept, drop[: len(kept) - 1], axis=0)
    return kept


def without_outliers(nearest: Nearest, n_topics: int, ratio: float) -> NDArray[np.int64]:
    """Return the topics with -1 for comments that are far from their centre.

    Far is a similarity below `ratio` times the median similarity within the topic: topics of
    long comments are more spread than those of short ones, so no single bound would do.

    Args:
        nearest: the nearest centre of each comment.
        n_topics: number of centres.
        ratio: number in [0, 1).
    """
    topic = nearest.topic.copy()
    for number in range(n_topics):
        members = np.flatnonzero(topic == number)
        if len(members):
            bound = ratio * np.median(nearest.similarity[members])
            topic[members[nearest.similarity[members] < bound]] = OUTLIER
    return topic


def _decomposition(rows: csr_matrix, n_topics: int, seed: int) -> NDArray[np.float64]:
    """Return the term side of the factorization, shape (n_topics, n_terms)."""
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(n_topics, init="nndsvd", random_state=seed, max_iter=ROUNDS_OF_NMF, tol=1e-4)
    with warnings.catch_warnings():
        # It is a start for the centres; what they settle on counts.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows)
    return np.asarray(model.components_, dtype=np.float64)


def _means(
    rows: csr_matrix, topic: NDArray[np.int64], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move each centre to the direction of the sum of its rows; one without rows stays."""
    members = np.flatnonzero(topic != OUTLIER)
    belongs = csr_matrix(
        (np.ones(len(members)), (topic[members], members)), shape=(len(centres), rows.shape[0])
    )
    sums: NDArray[np.float64] = (belongs @ rows).toarray()
    empty = _sizes(topic, len(centres)) == 0
    sums[empty] = centres[empty]
    return _unit(sums)


def _sizes(topic: NDArray[np.int64], n_topics: int) -> NDArray[np.int64]:
    """Return the number of comments of each topic, outliers left out."""
    sizes: NDArray[np.int64] = np.bincount(topic[topic != OUTLIER], minlength=n_topics)
    return sizes


def _unit(directions: Any) -> NDArray[np.float64]:
    """Scale rows to length 1 and leave out those of length 0."""
    given = np.asarray(directions, dtype=np.float64)
    length = np.linalg.norm(given, axis=1, keepdims=True)
    unit: NDArray[np.float64] = given / np.where(length > 0, length, 1.0)
    return np.compress(length.ravel() > 0, unit, axis=0)
