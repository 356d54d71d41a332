"""A corpus of any size: simulated severities, people and words of our own, nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Float = NDArray[np.float64]
LEVELS = 5


@dataclass(frozen=True)
class Size:
    """Numbers of comments and raters; each comment is rated by five."""

    items: int
    raters: int

    @property
    def ratings(self) -> int:
        """Number of ratings."""
        return 5 * self.items


FULL = Size(107_620, 17_280)
SMALL = Size(10_762, 1_728)


@dataclass(frozen=True)
class SyntheticCorpus:
    """Texts, and ratings ordered by rater and item, levels 0 to 4."""

    texts: list[str]
    rater: Int
    item: Int
    level: Int
    severity: Float

    def save(self, folder: Path) -> None:
        """Write everything for another process."""
        np.savez(
            folder / "ratings.npz",
            rater=self.rater,
            item=self.item,
            level=self.level,
            severity=self.severity,
        )
        (folder / "texts.txt").write_text("\n".join(self.texts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SyntheticCorpus:
        """Read what `save` wrote."""
        with np.load(folder / "ratings.npz") as arrays:
            parts = {name: arrays[name] for name in ("rater", "item", "level", "severity")}
        return cls((folder / "texts.txt").read_text("utf-8").split("\n"), **parts)


def simulated(size: Size, seed: int = 0) -> SyntheticCorpus:
    """Return a corpus in which words say 30 % of the severity and people differ as in life.

    Texts are 170 characters long on average, as Reddit's are; words are Zipf distributed.
    """
    generator = np.random.default_rng(seed)
    texts, said = _texts(size.items, generator)
    severity = np.sqrt(0.3) * said + np.sqrt(0.7) * generator.normal(size=size.items)
    rater, item = _who_rates_what(size, generator)
    first = 0.2 + 0.7 * generator.normal(size=size.raters)
    gaps = np.exp(-0.2 + 0.5 * generator.normal(size=(size.raters, LEVELS - 2)))
    bounds = np.cumsum(np.column_stack([first, gaps]), axis=1)
    slope = np.exp(0.3 * generator.normal(size=size.raters))
    latent = slope[rater] * severity[item] + generator.normal(size=rater.size)
    level = (latent[:, None] > bounds[rater]).sum(axis=1)
    return SyntheticCorpus(texts, rater, item, level, severity)


def _texts(n: int, generator: np.random.Generator) -> tuple[list[str], Float]:
    """Return texts, and the standardised sum of their words' effects."""
    syllables = np.array([f"{a}{b}" for a in "bcdfghjklmnprstvwz" for b in "aeiou"])
    words = np.unique(
        ["".join(generator.choice(syllables, count)) for count in generator.integers(1, 5, 30_000)]
    )
    chance = 1.0 / np.arange(3, words.size + 3)
    chance /= chance.sum()
    generator.shuffle(words)
    length = np.clip(generator.lognormal(2.95, 0.75, n).astype(int), 3, 110)
    chosen = generator.choice(words.size, int(length.sum()), p=chance)
    # The commonest words say nothing of severity, as "the" and "and" do not.
    effect = np.where(np.arange(words.size) < 50, 0.0, generator.normal(size=words.size))
    ends = np.cumsum(length)
    said = np.add.reduceat(effect[chosen], ends - length) / np.sqrt(length)
    texts = [" ".join(words[chosen[end - k : end]]) for end, k in zip(ends, length, strict=True)]
    return texts, (said - said.mean()) / said.std()


def _who_rates_what(size: Size, generator: np.random.Generator) -> tuple[Int, Int]:
    """Deal every comment to five raters, whose loads are equal up to one."""
    dealt = np.concatenate([generator.permutation(size.items) for _ in range(5)])
    rater = np.arange(size.ratings) * size.raters // size.ratings
    order = np.lexsort((dealt, rater))
    rater, item = rater[order], dealt[order]
    # Where a new deal begins inside a rater's share, a comment may come twice; one is enough.
    fresh = np.ones(rater.size, dtype=bool)
    fresh[1:] = (np.diff(rater) != 0) | (np.diff(item) != 0)
    return rater[fresh].astype(np.int64), item[fresh].astype(np.int64)
