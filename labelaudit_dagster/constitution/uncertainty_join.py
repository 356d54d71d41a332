"""Put sampling uncertainty, which is computed after the constitution, beside its guidelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from labelaudit_dagster.constitution.decision import UNCERTAINTY_COLUMNS
from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.strict_json import strict_json


def with_uncertainty(
    document: Mapping[str, Any], uncertainty: pd.DataFrame | None
) -> dict[str, Any]:
    """Return a document whose guidelines carry the uncertainty that is known of them.

    Args:
        document: the constitution as `constitution_document` makes it.
        uncertainty: columns guideline_id, standard_error, interval_low, interval_high,
            p_accepted and n_flipping_raters, of the same factorization and rule; None for none.

    Returns:
        A new document; nothing else in it changes.

    Raises:
        ConstitutionError: a column is missing.
    """
    if uncertainty is None:
        return dict(document)
    for column in ("guideline_id", *UNCERTAINTY_COLUMNS):
        if column not in uncertainty.columns:
            raise ConstitutionError(f"The uncertainty table lacks the column {column!r}.")
    columns = uncertainty.set_index("guideline_id")[list(UNCERTAINTY_COLUMNS)]
    known = {
        guideline: {
            name: None if pd.isna(value) else value
            for name, value in zip(UNCERTAINTY_COLUMNS, row, strict=True)
        }
        for guideline, row in zip(
            columns.index, columns.astype(object).itertuples(index=False, name=None), strict=True
        )
    }
    rows = [
        {**row, **strict_json(known.get(row["guideline_id"], {}))} for row in document["guidelines"]
    ]
    return {**document, "guidelines": rows}
