"""Names and words of topics: class-based tf-idf, written in ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from labelaudit_dagster.auditing.topics.words import is_character_gram

OUTLIER_NAME: Final = "-1_outliers"
"""What the comments without a topic are called."""

LONGEST_NAME_WORD: Final = 20


def characteristic_terms(
    occurrence: csr_matrix, topic: NDArray[np.int64], n_topics: int, n_terms: int
) -> list[list[int]]:
    """Rank the terms of each topic by class-based tf-idf (Grootendorst 2022, BERTopic).

    The weight of term t in topic c is f_tc / f_c · log(1 + A / f_t), with f_tc the comments of
    the topic that hold the term, f_c their sum over terms, f_t the comments of any topic that
    hold it and A the mean of f_c. Comments are counted, not occurrences, so that one comment
    that repeats itself names no topic.

    Args:
        occurrence: ones, CSR of shape (n_comments, number of terms).
        topic: topic of each comment, int64, shape (n_comments,); -1 for none.
        n_topics: number of topics.
        n_terms: how many terms to return for each, at most.

    Returns:
        For each topic the columns of its terms, the heaviest first, then in column order.
    """
    members = np.flatnonzero(topic >= 0)
    belongs = csr_matrix(
        (np.ones(len(members)), (topic[members], members)), shape=(n_topics, len(topic))
    )
    table = (belongs @ occurrence).tocsr()
    of_topic = np.asarray(table.sum(axis=1)).ravel()
    of_term = np.asarray(table.sum(axis=0)).ravel()
    mean = of_topic.mean() if n_topics else 0.0
    ranked = []
    for number in range(n_topics):
        part = slice(table.indptr[number], table.indptr[number + 1])
        columns = table.indices[part]
        weight = table.data[part] / of_topic[number] * np.log1p(mean / of_term[columns])
        order = np.lexsort((columns, -np.round(weight, 12)))
        ranked.append(columns[order[:n_terms]].tolist())
    return ranked


def topic_name(number: int, terms: Sequence[str], n_words: int) -> str:
    """Return a name such as `12_vaccine_doctor_flu_shot`, of [a-z0-9_] only.

    Words are written in ASCII by anyascii, a transliteration of each character by itself
    (é → e, 深 → Shen, 😂 → :joy:), lower case, at most 20 characters each. A word that differs
    from one before it by a final s alone, or overlaps it as a pair of characters of one longer
    word, is passed over. The number makes names distinct.

    Args:
        number: of the topic, 0 or more.
        terms: of the topic, the most characteristic first.
        n_words: how many words to take, fewer where the topic has fewer.
    """
    chosen: list[str] = []
    words: list[str] = []
    for term in terms:
        word = ascii_word(term)
        if len(words) == n_words:
            break
        if word.rstrip("s") in {other.rstrip("s") for other in words}:
            continue
        if any(_overlap(term, other) for other in chosen):
            continue
        chosen.append(term)
        words.append(word)
    return "_".join([str(number), *words])


def ascii_word(term: str) -> str:
    """Return the term in [a-z0-9]; what has no transliteration is written by its code points."""
    plain = re.sub(r"[^a-z0-9]", "", anyascii(term).lower())
    if not plain:
        plain = "u" + "u".join(f"{ord(character):x}" for character in term)
    return plain[:LONGEST_NAME_WORD]


def _overlap(term: str, other: str) -> bool:
    """Tell whether two pieces of a script without spaces share an end."""
    if not (is_character_gram(term) and is_character_gram(other)):
        return False
    return term[0] == other[-1] or term[-1] == other[0]
