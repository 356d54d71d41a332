"""How far topics can be trusted: would others have come out, and do their words go together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from labelaudit_dagster.auditing.splits import uniform_of_items
from labelaudit_dagster.auditing.topics.clustering import find_centres, nearest_centre


def stability(
    rows: csr_matrix,
    item_ids: NDArray[np.int64],
    topic: NDArray[np.int64],
    *,
    n_topics: int,
    rounds: int,
    most_comments: int,
    seed: int,
) -> float | None:
    """Return how much of the assignment returns when only half of the comments are looked at.

    In each round a seeded half of the comments (no more than `most_comments`) gives new centres,
    all comments that have a topic are assigned to them, and the adjusted Rand index (Hubert &
    Arabie 1985) compares the two: 1 for the same topics, 0 for no more agreement than chance.
    The mean of the rounds is returned. Where `most_comments` is less than half, refits know less
    than a half sample would, and the figure errs to the low side.

    Args:
        rows: distinct comments, rows of unit length, shape (n, n_terms).
        item_ids: int64, shape (n,).
        topic: topic of each in the assignment, int64, shape (n,); -1 is left out.
        n_topics: how many topics each refit looks for.
        rounds: number of refits, 0 for none.
        most_comments: bound of the work.
        seed: of the halves.

    Returns:
        Number in [-1, 1]; None without a round, or where fewer than two topics can differ.
    """
    from sklearn.metrics import adjusted_rand_score

    half = min(rows.shape[0] // 2, most_comments)
    members = np.flatnonzero(topic >= 0)
    if rounds == 0 or half < 2 or len(np.unique(topic[members])) < 2:
        return None
    compared = rows[members]
    agreement = []
    for number in range(1, rounds + 1):
        order = np.argsort(uniform_of_items(item_ids, seed, f"topic half {number}"), kind="stable")
        centres = find_centres(rows[np.sort(order[:half])], n_topics, seed=seed + number)
        again = nearest_centre(compared, centres).topic
        agreement.append(float(adjusted_rand_score(topic[members], again)))
    return float(np.mean(agreement))


def coherence(occurrence: csr_matrix, ranked: Sequence[Sequence[int]]) -> list[float | None]:
    """Return for each topic whether its words occur together in comments.

    The mean over pairs of the topic's words of the normalised pointwise mutual information
    (Bouma 2009; its use for topics: Lau, Newman & Baldwin 2014) over whole comments,
    log(p_ij / (p_i p_j)) / -log p_ij: 1 for words that occur only together, 0 for words that
    know nothing of each other, -1 for words that never meet. Short comments lower it for all
    corpora: compare topics and options on one corpus, not corpora.

    Args:
        occurrence: ones, CSR of shape (n_comments, n_terms); every comment of the corpus.
        ranked: columns of the words of each topic.

    Returns:
        Number in [-1, 1] for each topic; None where it has fewer than two words.
    """
    columns = np.unique(np.concatenate([np.empty(0, np.int64), *map(np.asarray, ranked)]))
    columns = columns.astype(np.int64)
    chosen = occurrence[:, columns]
    together = (chosen.T @ chosen).tocsr()
    n_with_terms = int((np.diff(occurrence.indptr) > 0).sum())
    return [
        _mean_npmi(together, np.searchsorted(columns, np.asarray(words, np.int64)), n_with_terms)
        for words in ranked
    ]


def _mean_npmi(together: csr_matrix, words: NDArray[np.int64], n_comments: int) -> float | None:
    """Average the information over the pairs of one topic."""
    if len(words) < 2:
        return None
    counts = np.asarray(together[words][:, words].todense(), dtype=np.float64)
    alone = np.diag(counts)
    first, second = np.triu_indices(len(words), k=1)
    both, p_both = counts[first, second], counts[first, second] / n_comments
    values = np.full(len(both), -1.0)
    met = both > 0
    everywhere = both == n_comments
    values[everywhere] = 1.0  # the limit: two words that are in every comment
    usual = met & ~everywhere
    expected = alone[first] * alone[second] / n_comments**2
    values[usual] = np.log(p_both[usual] / expected[usual]) / -np.log(p_both[usual])
    return float(values.mean())
