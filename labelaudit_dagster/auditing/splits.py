"""Which comments train, and which are kept back to judge the models and the system."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.failures import ExpectedFailure

SPLITS: Final = ("train", "model_evaluation", "system_evaluation")
"""Comments to label come from the first; models are judged on the second, the system on the
third."""

DEFAULT_SHARES: Final = {"train": 0.6, "model_evaluation": 0.2, "system_evaluation": 0.2}


class SplitError(ExpectedFailure, ValueError):
    """The ids, the seed or the shares cannot be used; the message says which and what to do."""


def split_comments(
    item_ids: ArrayLike, *, seed: int, shares: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Put each comment into one split, by its id and the seed alone.

    The split of a comment depends on no other comment: what is imported later moves nothing. So
    the shares hold on average, within about ± 1 / sqrt(n) of a corpus of n comments.

    Args:
        item_ids: whole numbers of 0 or more, distinct, shape (n,), in any order.
        seed: any whole number.
        shares: for each of `SPLITS` a number of 0 or more, together 1; by default 0.6, 0.2, 0.2.

    Returns:
        `item_id` int64 ascending, `split` str.

    Raises:
        SplitError: ids are no whole numbers, negative or repeated, or the shares are none.
    """
    parts = _checked_shares(DEFAULT_SHARES if shares is None else shares)
    ids = np.sort(checked_item_ids(item_ids))
    if len(ids) > 1 and (repeated := ids[1:][ids[1:] == ids[:-1]]).size:
        raise SplitError(f"item_id {repeated[0]} occurs more than once; keep one row of it.")
    ends = np.cumsum([parts[name] for name in SPLITS])[:-1]
    number = np.searchsorted(ends, uniform_of_items(ids, seed, "split"), side="right")
    return pd.DataFrame({"item_id": ids, "split": np.array(SPLITS, dtype=object)[number]})


def uniform_of_items(item_ids: ArrayLike, seed: int, purpose: str) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each item that depends on nothing but its arguments.

    SplitMix64's finaliser (Steele, Lea & Flood 2014) of the id and a key that BLAKE2b makes from
    seed and purpose; the upper 53 bits are taken. The same on every machine and for any order.

    Args:
        item_ids: whole numbers of 0 or more, any shape.
        seed: any whole number.
        purpose: names the use, so that two uses of one seed know nothing of each other.

    Raises:
        SplitError: an id is no whole number or negative.
    """
    ids = checked_item_ids(item_ids)
    digest = blake2b(f"{seed}:{purpose}".encode(), digest_size=16).digest()
    first, second = (np.frombuffer(digest, dtype="<u8")[at] for at in (0, 1))
    mixed = _mix(_mix(ids.astype(np.uint64) ^ first) ^ second)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def checked_item_ids(item_ids: ArrayLike) -> NDArray[np.int64]:
    """Return ids as int64 of the same shape.

    Raises:
        SplitError: an id is no whole number or negative.
    """
    given = np.asarray(item_ids)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise SplitError(f"item_id must be whole numbers, not {given.dtype}.")
    if given.size and given.min() < 0:
        raise SplitError(f"item_id must be 0 or more; {given.min()} is not.")
    return given.astype(np.int64)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter the bits of each number (modulo 2^64)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _checked_shares(shares: Mapping[str, float]) -> Mapping[str, float]:
    """Refuse shares that are not of the three splits or do not add up to one."""
    if set(shares) != set(SPLITS):
        raise SplitError(f"Give one share for each of {', '.join(SPLITS)}; not {sorted(shares)}.")
    for name, share in shares.items():
        if not (math.isfinite(share) and share >= 0):
            raise SplitError(f"The share of {name} must be a number of 0 or more, not {share!r}.")
    total = math.fsum(shares.values())
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        raise SplitError(f"The shares of the splits must add up to 1, not {total:g}.")
    return shares
