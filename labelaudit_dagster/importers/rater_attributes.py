"""Demographic attributes of raters, which a long table repeats in each of their rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.text_columns import TextColumns, blank, with_nul
from labelaudit_dagster.importers.warning_counts import WarningCounts


def attribute_column(
    file: TextColumns,
    column: str,
    raters: npt.NDArray[np.int64],
    n_raters: int,
    warnings: WarningCounts,
) -> pd.Series[str]:
    """Return one attribute of all raters.

    Rows without a value say nothing. Where the others of one rater differ, the rater has none,
    with a warning.

    Args:
        file: The table.
        column: Its column with the attribute.
        raters: int64 (n,), the rater of each row, below n_raters; -1 where it has none.
        n_raters: How many raters there are.
        warnings: Counts what is dropped.

    Returns:
        str series (n_raters,), null where a rater has no value.
    """
    values, codes = file.encoded(column)
    unstorable = with_nul(values)
    usable = ~blank(values) & ~unstorable
    given = raters >= 0
    if len(values):
        warnings.add("invalid_attribute", int((unstorable[codes] & given).sum()))
        given &= usable[codes]
    # Far faster here than NumPy's, since there are few different ones.
    pairs = np.sort(pd.unique(raters[given] * max(len(values), 1) + codes[given]))
    owners, held = pairs // max(len(values), 1), pairs % max(len(values), 1)
    n_held = np.bincount(owners, minlength=n_raters)
    warnings.add("differing_attribute", int((n_held > 1).sum()))
    texts: npt.NDArray[np.object_] = np.full(n_raters, None, dtype=object)
    agreed = n_held[owners] == 1
    texts[owners[agreed]] = np.array(values, dtype=object)[held[agreed]]
    return pd.Series(texts, dtype="str")
