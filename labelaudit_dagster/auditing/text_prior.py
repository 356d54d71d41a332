"""What a comment's words alone say about its severity, out of fold.

A ridge regression of the severity on TF-IDF of word and character n-grams, which is kernel ridge
with a linear kernel, without the kernel's matrix of comments × comments: the Lanczos process
(Lanczos 1950; as conjugate gradients use it) needs the kernel only as a product with a vector, and
its tridiagonal matrix gives the solutions for every penalty at once. Each fold is one column of
the same sparse products, and what a product says about the held-out comments is their prediction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from labelaudit_dagster.failures import ExpectedFailure

Float = NDArray[np.float64]
Progress = Callable[[str], object]

_HASHED_FEATURES: Final = 2**18
_LONGEST_TEXT: Final = 4_000
"""Characters of a text that count: a comment of 100 kB would outweigh a thousand others."""
_BATCH: Final = 10_000
_SHARES: Final = {"characters": 2 / 3, "words": 1 / 3}
_PENALTIES: Final = tuple(2.0**power for power in range(-4, 8))
"""Ratios of residual variance to the variance of what the text explains."""
_FOLDS: Final = 10
_MANY_TEXTS: Final = 20_000
_FEWEST_RATED: Final = 20
"""Below this many rated and distinct texts a regression on words is noise."""
_BREAKDOWN: Final = 1e-5
"""Relative length below which a new direction is rounding of single precision."""


class TextPriorError(ExpectedFailure, ValueError):
    """Arguments that fit no text prior; the message says which."""


@dataclass(frozen=True)
class TextPrior:
    """What the texts say about the severities, each comment predicted from the others' folds.

    Attributes:
        mean: float64 (n,), predicted severity on the scale of `severity_mean`. A comment without
            any word or with a text prior that explains nothing has the mean of all.
        residual_sd: standard deviation of the true severity around `mean`, > 0 unless the
            severities do not differ at all.
        explained_variance: share of the variance of the true severities (without the error of
            their estimates) that `mean` explains out of fold, 0 to 1.
        penalty: ratio of residual to explained variance that was chosen, infinite where the
            texts explain nothing.
    """

    mean: Float
    residual_sd: float
    explained_variance: float
    penalty: float


def text_severity(
    texts: Sequence[str],
    severity_mean: ArrayLike,
    severity_weight: ArrayLike,
    *,
    folds: int | None = None,
    seed: int = 0,
    steps: int = 20,
    features: Any = None,
    progress: Progress | None = None,
) -> TextPrior:
    """Predict the severity of each comment from its text and the other folds' severities.

    Args:
        texts: n texts; empty ones are allowed.
        severity_mean: float (n,), an estimate of each severity that is not shrunk: where a
            posterior N(m, 1/p) came from a prior N(0, 1), that is m·p/(p − 1).
        severity_weight: float (n,), precision of the estimate, 1 / (its error variance), which
            in the same case is p − 1. 0 where there is no rating: such a comment is predicted and
            teaches nothing.
        folds: number of parts, 2 or more; a comment is predicted from all parts but its own.
            Comments with the same text are in the same part. By default 10, and 5 from 20,000
            comments, where four fifths of them teach as much as nine tenths.
        seed: of the random order that makes the parts.
        steps: most iterations of the Lanczos process; predictions change little beyond 20.
        features: what `text_features` returned for the same texts, to spare making them again.
        progress: called with a sentence now and then.

    Returns:
        The prior; with fewer than 20 distinct texts that are rated, one that explains nothing.

    Raises:
        TextPriorError: if lengths differ, numbers are not finite, a weight is negative, or there
            are fewer than two folds.
    """
    if folds is None:
        folds = _FOLDS if len(texts) < _MANY_TEXTS else _FOLDS // 2
    mean, weight = _checked(texts, severity_mean, severity_weight, folds)
    rated = weight > 0
    centre = float(np.average(mean, weights=weight)) if rated.any() else 0.0
    scatter = float(np.var(mean[rated])) if rated.any() else 0.0
    error = float(np.mean(1 / weight[rated])) if rated.any() else 0.0
    signal = max(scatter - error, 0.05 * scatter)
    distinct = len({text for text, known in zip(texts, rated, strict=True) if known})
    if distinct < max(_FEWEST_RATED, folds) or scatter == 0:
        return TextPrior(np.full(mean.size, centre), math.sqrt(signal), 0.0, math.inf)
    # A comment with a hundred ratings is known no better by its text than one with ten: the
    # weight of a residual is limited by what texts leave unexplained, about two thirds.
    effective = np.zeros_like(weight)
    effective[rated] = (2 / 3 * signal) / (2 / 3 * signal + 1 / weight[rated])
    matrix = text_features(texts, progress=progress) if features is None else features
    part = _parts(texts, folds, seed)
    predicted = _lanczos_ridge(matrix, mean, effective, part, folds, steps, progress)
    errors = np.average((mean[:, None] - predicted)[rated] ** 2, axis=0, weights=effective[rated])
    best = int(np.argmin(errors))
    noise = float(np.average(1 / weight[rated], weights=effective[rated]))
    total = float(np.average((mean[rated] - centre) ** 2, weights=effective[rated])) - noise
    total = max(total, signal)
    residual = min(max(float(errors[best]) - noise, 0.02 * total), total)
    explained = 1 - residual / total
    if explained <= 0:
        return TextPrior(np.full(mean.size, centre), math.sqrt(total), 0.0, math.inf)
    return TextPrior(predicted[:, best], math.sqrt(residual), explained, _PENALTIES[best])


def text_features(texts: Sequence[str], *, progress: Progress | None = None) -> Any:
    """Return TF-IDF of character 2-4-grams within words and of word 1-2-grams, hashed.

    Args:
        texts: n texts, of which the first 4,000 characters count.
        progress: called with a sentence now and then.

    Returns:
        scipy CSR float32 (n, 2 · 2^18); rows of texts with words have length 1. The features of a
        text depend on the others by the inverse document frequency alone.
    """
    from scipy import sparse

    made = []
    for name, count in (("characters", _count_characters), ("words", _count_words)):
        if progress is not None:
            progress(f"Counting {name} of {len(texts):,} texts")
        parts = [
            count([text[:_LONGEST_TEXT] for text in texts[at : at + _BATCH]])
            for at in range(0, max(len(texts), 1), _BATCH)
        ]
        weighted = TfidfTransformer(sublinear_tf=True).fit_transform(
            sparse.vstack(parts, format="csr")
        )
        made.append(weighted * np.float32(math.sqrt(_SHARES[name])))
    return sparse.hstack(made, format="csr", dtype=np.float32)


def _count_words(texts: Sequence[str]) -> Any:
    """Return counts of word 1-2-grams, scipy CSR float32 (n, 2^18)."""
    return _hashing("word", (1, 2)).transform(texts)


def _count_characters(texts: Sequence[str]) -> Any:
    """Return counts of character 2-4-grams within words, scipy CSR float32 (n, 2^18).

    Each distinct word is taken apart once, which is four times as fast as `char_wb` on the texts.
    """
    from scipy import sparse

    number: dict[str, int] = {}
    words = [text.lower().split() for text in texts]
    ends = np.cumsum([0, *map(len, words)])
    place = np.array(
        [number.setdefault(word, len(number)) for of_text in words for word in of_text], dtype=int
    )
    ones = np.ones(place.size, dtype=np.float32)
    in_texts = sparse.csr_matrix((ones, place, ends), shape=(len(texts), len(number)))
    if not number:
        return sparse.csr_matrix((len(texts), _HASHED_FEATURES), dtype=np.float32)
    return in_texts @ _hashing("char_wb", (2, 4)).transform(number)


def _hashing(analyzer: str, n_grams: tuple[int, int]) -> HashingVectorizer:
    return HashingVectorizer(
        analyzer=analyzer,
        ngram_range=n_grams,
        n_features=_HASHED_FEATURES,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    )


def _checked(
    texts: Sequence[str], severity_mean: ArrayLike, severity_weight: ArrayLike, folds: int
) -> tuple[Float, Float]:
    """Return means and weights as arrays; the mean of an unrated comment is of no account."""
    mean = np.asarray(severity_mean, dtype=np.float64)
    weight = np.asarray(severity_weight, dtype=np.float64)
    if folds < 2:
        raise TextPriorError(f"The text prior needs two folds or more, not {folds}.")
    if not mean.shape == weight.shape == (len(texts),):
        raise TextPriorError(
            f"There are {len(texts)} texts, but severities of shape {mean.shape} and weights of "
            f"shape {weight.shape}; give one of each for every text."
        )
    if not np.all(np.isfinite(weight) & (weight >= 0)):
        raise TextPriorError("Every weight of a severity is a finite number and not negative.")
    if not np.all(np.isfinite(mean[weight > 0])):
        raise TextPriorError("The severity of every comment with a weight is a finite number.")
    return np.where(weight > 0, mean, 0.0), weight


def _parts(texts: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each text, by chance, the same for the same text."""
    number: dict[str, int] = {}
    distinct = np.array([number.setdefault(text, len(number)) for text in texts])
    order = np.random.default_rng(seed).permutation(len(number))
    return np.asarray(order[distinct] % folds, dtype=np.int64)


def _lanczos_ridge(
    matrix: Any,
    mean: Float,
    weight: Float,
    part: NDArray[np.int64],
    folds: int,
    steps: int,
    progress: Progress | None,
) -> Float:
    """Return out-of-fold predictions, float64 (n, penalties).

    With A = W^½ X of the training rows, (A Aᵀ + λ) α = W^½ (y − centre) is solved in the Krylov
    space of its right side, and X Aᵀ α are the predictions.
    """
    trains = part[:, None] != np.arange(folds)
    root = np.sqrt(weight)[:, None] * trains
    squared = root**2
    mass = squared.sum(axis=0)
    centre = (squared * mean[:, None]).sum(axis=0) / np.where(mass > 0, mass, 1)
    start = root * (mean[:, None] - centre)
    length = np.linalg.norm(start, axis=0)
    here = np.arange(mean.size)
    basis: list[Float] = [start / np.where(length > 0, length, 1)]
    seen, diagonal, beside = [], [], []
    for step in range(steps):
        if progress is not None and step % 5 == 0:
            progress(f"Text prior: step {step + 1} of at most {steps}")
        side = matrix.T @ (root * basis[-1]).astype(np.float32)
        product = np.asarray(matrix @ side, dtype=np.float64)
        seen.append(product[here, part])
        following = root * product
        diagonal.append((following * basis[-1]).sum(axis=0))
        # Against all, since rounding of the sparse products in single precision bends the basis.
        for vector in basis:
            following -= vector * (vector * following).sum(axis=0)
        left = np.linalg.norm(following, axis=0)
        left[left <= _BREAKDOWN * diagonal[0]] = 0
        beside.append(left)
        if not left.any():
            break
        basis.append(following / np.where(left > 0, left, np.inf))
    size = len(diagonal)
    predictions = np.empty((mean.size, len(_PENALTIES)))
    along = np.stack(seen, axis=1)
    for fold in range(folds):
        tridiagonal = np.diag([float(d[fold]) for d in diagonal])
        off = [float(b[fold]) for b in beside[: size - 1]]
        tridiagonal += np.diag(off, 1) + np.diag(off, -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        held_out = part == fold
        for column, penalty in enumerate(_PENALTIES):
            inverse = 1 / (np.maximum(values, 0) + penalty)
            weights = vectors @ (inverse * vectors[0]) * length[fold]
            predictions[held_out, column] = centre[fold] + along[held_out] @ weights
    return predictions
