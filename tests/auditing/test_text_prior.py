"""The text prior: against kernel ridge with the whole kernel, and with input of every kind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labelaudit_dagster.auditing.text_prior import (
    _PENALTIES,
    TextPriorError,
    _count_characters,
    _hashing,
    _lanczos_ridge,
    text_features,
    text_severity,
)

WORDS = [f"{a}{b}" for a in ("mal", "ter", "bos", "quil", "zan", "vor") for b in "aeiou"]


def corpus(n: int, seed: int = 0) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return texts, true severities (variance about 1) and the part that words explain."""
    generator = np.random.default_rng(seed)
    effect = generator.normal(size=len(WORDS))
    chosen = generator.integers(0, len(WORDS), (n, 8))
    texts = [" ".join(WORDS[word] for word in row) for row in chosen]
    said = effect[chosen].sum(axis=1)
    said = (said - said.mean()) / said.std() * math.sqrt(0.6)
    return texts, said + generator.normal(size=n) * math.sqrt(0.4), said


def test_predictions_are_those_of_kernel_ridge():
    texts, severity, _ = corpus(150)
    generator = np.random.default_rng(1)
    weight = generator.uniform(0.2, 1, 150)
    weight[::7] = 0
    matrix = text_features(texts)
    part = np.arange(150) % 3
    ours = _lanczos_ridge(matrix, severity, weight, part, 3, 60, None)
    kernel = (matrix @ matrix.T).toarray().astype(np.float64)
    for column, penalty in enumerate(_PENALTIES):
        for fold in range(3):
            train = (part != fold) & (weight > 0)
            centre = np.average(severity[train], weights=weight[train])
            root = np.sqrt(weight[train])
            system = root[:, None] * kernel[np.ix_(train, train)] * root + penalty * np.eye(
                int(train.sum())
            )
            alpha = root * np.linalg.solve(system, root * (severity[train] - centre))
            expected = centre + kernel[np.ix_(part == fold, train)] @ alpha
            np.testing.assert_allclose(ours[part == fold, column], expected, atol=2e-4)


def test_characters_are_counted_as_on_the_whole_texts():
    texts = ["Ab abc  a\tA-b!", "", " ", "Straße İ 這是一條 🙂 x", "word " * 3, "\x1c\u2003z"]
    whole = _hashing("char_wb", (2, 4)).transform(texts)
    assert whole.sum() > 50
    assert abs(_count_characters(texts) - whole).sum() == 0


def test_it_finds_how_much_the_words_say():
    texts, severity, said = corpus(2_000)
    noise = np.random.default_rng(2).normal(size=2_000)
    prior = text_severity(texts, severity + 0.7 * noise, np.full(2_000, 1 / 0.7**2))
    assert np.corrcoef(prior.mean, said)[0, 1] > 0.9
    assert prior.explained_variance == pytest.approx(0.55, abs=0.08)
    assert prior.residual_sd == pytest.approx(np.std(severity - prior.mean), abs=0.06)


def test_a_comment_is_not_predicted_from_its_own_severity_nor_from_its_twin():
    texts, severity, _ = corpus(400)
    texts[-1] = texts[0]
    weight = np.full(400, 10.0)
    before = text_severity(texts, severity, weight).mean
    moved = severity.copy()
    moved[[0, -1]] += 5
    # The centre and the choice of the penalty see everybody; a leak would move it by far more.
    after = text_severity(texts, moved, weight).mean
    assert abs(after[0] - before[0]) < 0.15
    assert after[0] == after[-1]


def test_severities_without_a_word_of_sense_have_no_text_prior():
    texts, _, _ = corpus(600)
    severity = np.random.default_rng(3).normal(size=600)
    prior = text_severity(texts, severity, np.full(600, 20.0))
    assert prior.explained_variance < 0.02
    assert np.std(prior.mean) < 0.1
    assert prior.residual_sd == pytest.approx(1, abs=0.1)


def test_the_same_input_gives_the_same_bits_and_unrated_comments_are_predicted():
    texts, severity, said = corpus(500)
    weight = np.where(np.arange(500) < 400, 5.0, 0.0)
    severity[400:] = np.nan
    first = text_severity(texts, severity, weight, seed=4)
    again = text_severity(texts, severity, weight, seed=4, features=text_features(texts))
    assert first.mean.tobytes() == again.mean.tobytes()
    assert np.corrcoef(first.mean[400:], said[400:])[0, 1] > 0.7


@pytest.mark.parametrize(
    "texts",
    [
        [""] * 60,
        ["x" * 100_000, *["word"] * 59],
        ["", "\x00", "🙂 🙂", "這是一條評論", "a", *[f"text {n}" for n in range(55)]],
    ],
)
def test_odd_texts_give_finite_priors(texts: list[str]):
    severity = np.random.default_rng(5).normal(size=60)
    prior = text_severity(texts, severity, np.full(60, 3.0))
    assert np.all(np.isfinite(prior.mean))
    assert prior.residual_sd > 0
    assert 0 <= prior.explained_variance <= 1


@pytest.mark.parametrize("n", [0, 1, 19])
def test_few_comments_get_a_prior_that_explains_nothing(n: int):
    texts, severity, _ = corpus(30)
    prior = text_severity(texts[:n], severity[:n], np.ones(n))
    assert prior.mean.shape == (n,)
    assert prior.explained_variance == 0
    assert math.isinf(prior.penalty)


def test_equal_severities_need_no_text():
    texts, _, _ = corpus(50)
    prior = text_severity(texts, np.full(50, 1.5), np.ones(50))
    assert prior.mean.tolist() == [1.5] * 50
    assert prior.residual_sd == 0


@pytest.mark.parametrize(
    ("mean", "weight", "folds", "said"),
    [
        ([0.0] * 3, [1.0] * 4, 5, "one of each for every text"),
        ([0.0] * 4, [1.0, 1.0, 1.0, -1.0], 5, "not negative"),
        ([0.0] * 4, [1.0, 1.0, 1.0, math.nan], 5, "not negative"),
        ([0.0, 0.0, 0.0, math.inf], [1.0] * 4, 5, "finite number"),
        ([0.0] * 4, [1.0] * 4, 1, "two folds"),
    ],
)
def test_what_fits_no_prior_is_named(mean, weight, folds, said):
    with pytest.raises(TextPriorError, match=said):
        text_severity(["a", "b", "c", "d"], mean, weight, folds=folds)
