"""Shares of raters who put a comment into a category, from what a table says in its rows."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from labelaudit_dagster.importers.csv_columns import numbers_of_texts
from labelaudit_dagster.importers.text_columns import TextColumns, blank
from labelaudit_dagster.importers.warning_counts import WarningCounts

_TRUTH_VALUES: Final = {"true": "1", "false": "0", "yes": "1", "no": "0"}


def category_share(
    file: TextColumns,
    column: str,
    items: npt.NDArray[np.int64],
    n_items: int,
    warnings: WarningCounts,
) -> npt.NDArray[np.float64]:
    """Return the mean of a column over the rows of each item.

    So a share that is repeated in every row stays what it is, and a truth value for each rater
    (1, 0, true, false, yes, no) becomes the share. The values are summed in ascending order,
    which makes the result independent of the order of rows.

    Args:
        file: The table.
        column: Its column with the category.
        items: int64 (n,), the item of each row, below n_items; -1 where it has none.
        n_items: How many items there are.
        warnings: Counts the rows whose value is not a number from 0 to 1.

    Returns:
        float64 (n_items,) in [0, 1], NaN where no row says anything.
    """
    texts, codes = file.encoded(column)
    numbers = numbers_of_texts([_TRUTH_VALUES.get(text.strip().lower(), text) for text in texts])
    with np.errstate(invalid="ignore"):
        valid = (numbers >= 0) & (numbers <= 1)
    own = items >= 0
    if not len(texts):
        return np.full(n_items, np.nan)
    warnings.add("invalid_share", int((own & ~valid[codes] & ~blank(texts)[codes]).sum()))
    rows = np.flatnonzero(own & valid[codes])
    values = numbers[codes[rows]]
    order = np.lexsort((values, items[rows]))
    values, owners = values[order], items[rows][order]
    n_values = np.bincount(owners, minlength=n_items)
    sums = np.bincount(owners, weights=values, minlength=n_items)
    shares = np.full(n_items, np.nan)
    told = n_values > 0
    shares[told] = sums[told] / n_values[told]
    # A mean of equal numbers may differ from them by rounding.
    last = np.cumsum(n_values)[told] - 1
    first = last - n_values[told] + 1
    shares[told] = np.clip(shares[told], values[first], values[last])
    return shares
