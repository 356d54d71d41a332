"""The one text of each item, where the rows of a table may give it several."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

NO_TEXT: Final = -1
"""Stands for the text of an item that has none."""

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ItemTexts:
    """The texts of the items, and which rows fit them.

    Attributes:
        text_of_item: int64 (n_items,), position of the item's text; `NO_TEXT` where no row has
            a usable one.
        differing: bool (n,), rows with a usable text that is another one than the item's.
        variant: bool (n,), rows whose text differs from the item's in white space or in how
            characters are composed only.
    """

    text_of_item: Codes
    differing: Mask
    variant: Mask


def choose_item_texts(
    items: Codes, n_items: int, texts: Codes, distinct_texts: list[str], usable: Mask
) -> ItemTexts:
    """Give each item the text that most of its rows have.

    Texts that differ in white space or in how characters are composed (Unicode NFC) only count
    as one; of them the commonest spelling is taken. Ties go to the text that comes first by
    code point, so the order of rows makes no difference.

    Args:
        items: int64 (n,), the item of each row, 0 to n_items - 1.
        n_items: How many items there are.
        texts: int64 (n,), the text of each row, a position in `distinct_texts`.
        distinct_texts: The texts.
        usable: bool (n,), rows whose item and text can be used; the others say nothing.
    """
    n_texts = max(len(distinct_texts), 1)
    pairs, counts = np.unique(items[usable] * n_texts + texts[usable], return_counts=True)
    pair_items, pair_texts = pairs // n_texts, pairs % n_texts
    text_of_item = np.full(n_items, NO_TEXT, dtype=np.int64)
    text_of_item[pair_items] = pair_texts
    contested = np.bincount(pair_items, minlength=n_items) > 1

    same_pairs = np.zeros(len(pairs), dtype=np.bool_)
    disputed = np.flatnonzero(contested[pair_items])
    for own in np.split(disputed, np.flatnonzero(np.diff(pair_items[disputed])) + 1):
        if len(own):
            winner, same = _commonest(
                [distinct_texts[code] for code in pair_texts[own]], counts[own].tolist()
            )
            text_of_item[pair_items[own[0]]] = pair_texts[own[winner]]
            same_pairs[own[same]] = True

    others = usable.copy()
    others[usable] = texts[usable] != text_of_item[items[usable]]
    variant = np.zeros(len(items), dtype=np.bool_)
    found = np.flatnonzero(others)
    positions = np.searchsorted(pairs, items[found] * n_texts + texts[found])
    variant[found] = same_pairs[positions]
    return ItemTexts(text_of_item, others & ~variant, variant)


def _commonest(texts: list[str], counts: list[int]) -> tuple[int, list[int]]:
    """Return the position of the text to take, and those of all its spellings."""
    spellings: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        normal = unicodedata.normalize("NFC", " ".join(text.split()))
        spellings.setdefault(normal, []).append(position)
    chosen = min(
        spellings.items(), key=lambda entry: (-sum(counts[p] for p in entry[1]), entry[0])
    )[1]
    return min(chosen, key=lambda position: (-counts[position], texts[position])), chosen
