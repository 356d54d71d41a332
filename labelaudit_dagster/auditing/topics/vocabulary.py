"""Which terms count, and the comments as sparse rows over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from labelaudit_dagster.auditing.topics.words import terms_of

LARGEST_SHARE: Final = 0.15
"""Terms in more comments than this say little, unless there are few topics to tell apart."""

COMMONPLACE: Final = 1.5
"""A term may be in this many times the comments of an average topic."""


@dataclass(frozen=True, eq=False)
class TermTable:
    """Comments over the terms that count.

    Attributes:
        terms: the terms, ascending.
        occurrence: which comment holds which term, float64 of ones, CSR (n_comments, n_terms).
        weighted: rows of unit length, tf-idf, CSR of the same shape; empty rows stay empty.
    """

    terms: tuple[str, ...]
    occurrence: csr_matrix
    weighted: csr_matrix

    def has_terms(self) -> NDArray[np.bool_]:
        """Tell which comments hold a term that counts; shape (n_comments,)."""
        held: NDArray[np.bool_] = np.diff(self.occurrence.indptr) > 0
        return held

    def first_of_each(self) -> NDArray[np.int64]:
        """Return the rows that hold terms and repeat no row before them, ascending."""
        matrix = self.weighted
        seen: dict[bytes, int] = {}
        for row in np.flatnonzero(self.has_terms()).tolist():
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            content = blake2b(matrix.indices[part].tobytes(), digest_size=16)
            content.update(matrix.data[part].tobytes())
            seen.setdefault(content.digest(), row)
        return np.fromiter(seen.values(), dtype=np.int64, count=len(seen))


def term_counts(texts: Sequence[str]) -> tuple[tuple[str, ...], csr_matrix]:
    """Count the terms of every text.

    Args:
        texts: n strings.

    Returns:
        All terms, ascending, and their counts as CSR int64 of shape (n, number of terms) with
        sorted indices.
    """
    numbers: dict[str, int] = {}
    columns: list[NDArray[np.int64]] = []
    for text in texts:
        terms = terms_of(text)
        found = [numbers.setdefault(term, len(numbers)) for term in terms]
        columns.append(np.array(found, dtype=np.int64))
    indptr = np.concatenate(([0], np.cumsum([len(found) for found in columns], dtype=np.int64)))
    indices = np.concatenate([np.empty(0, dtype=np.int64), *columns])
    terms = sorted(numbers)
    position = np.empty(len(terms), dtype=np.int64)
    position[[numbers[term] for term in terms]] = np.arange(len(terms))
    counts = csr_matrix(
        (np.ones(len(indices), dtype=np.int64), position[indices], indptr),
        shape=(len(texts), len(terms)),
    )
    counts.sum_duplicates()
    return tuple(terms), counts


def term_table(texts: Sequence[str], *, n_topics: int, most_terms: int) -> TermTable:
    """Choose the terms that count and weigh them.

    A term counts when it is in at least round(n^¼ / 2) of the n comments that have any (1 to 5)
    and in at most 15 % of them, or 1.5 / n_topics where that is more. Where fewer than two terms
    pass, as with comments that all say the same, every term counts. Weights are those of
    Salton's vector space model: (1 + log count) · (1 + log((1 + n) / (1 + comments with the
    term))), each row then scaled to length 1.

    Args:
        texts: n strings.
        n_topics: how many topics the terms shall tell apart.
        most_terms: of more terms, those in the most comments are kept (then in term order).
    """
    terms, counts = term_counts(texts)
    comments_with = np.bincount(counts.indices, minlength=len(terms))
    n_with_terms = int((np.diff(counts.indptr) > 0).sum())
    fewest = min(5, max(1, round(n_with_terms**0.25 / 2)))
    share = max(LARGEST_SHARE, COMMONPLACE / n_topics)
    kept = (comments_with >= fewest) & (comments_with <= share * n_with_terms)
    if kept.sum() < 2:
        kept[:] = True
    columns = np.flatnonzero(kept)
    commonest = np.argsort(-comments_with[columns], kind="stable")[:most_terms]
    columns = np.sort(columns[commonest])
    chosen = counts[:, columns]
    occurrence = chosen.astype(np.float64)
    occurrence.data[:] = 1.0
    rarity = 1.0 + np.log((1.0 + n_with_terms) / (1.0 + comments_with[columns]))
    weighted = chosen.astype(np.float64)
    weighted.data = (1.0 + np.log(weighted.data)) * rarity[weighted.indices]
    return TermTable(
        terms=tuple(terms[column] for column in columns.tolist()),
        occurrence=occurrence,
        weighted=_unit_rows(weighted),
    )


def _unit_rows(matrix: Any) -> csr_matrix:
    """Scale each row to length 1; empty rows stay empty."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    matrix.data = matrix.data * np.repeat(scale, np.diff(matrix.indptr))
    return matrix
