"""A solution as tables and a report, with the ids back in place of the indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelaudit_dagster.factorization.results import Factorization, ModelParameters

if TYPE_CHECKING:
    import pandas as pd


def parameter_table(
    id_name: str, ids: Sequence[str], intercepts: np.ndarray, factors: np.ndarray
) -> pd.DataFrame:
    """Return one row per id with `intercept` and `factor_0`, `factor_1`, ….

    Args:
        id_name: name of the id column.
        ids: the n ids in the order of the arrays.
        intercepts: shape (n,).
        factors: shape (n, k).
    """
    import pandas as pd

    frame = pd.DataFrame({id_name: pd.Series(list(ids), dtype="str"), "intercept": intercepts})
    for k in range(factors.shape[1]):
        frame[f"factor_{k}"] = factors[:, k]
    return frame


def factor_columns(frame: pd.DataFrame) -> np.ndarray:
    """Return the columns `factor_0`, … of a table as an array of shape (n, k)."""
    names = [name for name in frame.columns if str(name).startswith("factor_")]
    names.sort(key=lambda name: int(str(name).removeprefix("factor_")))
    return frame[names].to_numpy(dtype=np.float64)


def solver_report(solution: Factorization) -> dict[str, Any]:
    """Return everything that says how the solution was found, as plain JSON types.

    Only `seconds` differs between two runs on the same ratings.
    """
    return {
        "method": solution.method,
        "status": str(solution.status),
        "loss": solution.loss,
        "kkt": solution.kkt,
        "sweeps": solution.sweeps,
        "seconds": solution.seconds,
        "message": solution.message,
        "precision": solution.precision,
        "backend": solution.backend,
        "candidates": [
            {
                "name": candidate.name,
                "loss": candidate.loss,
                "kkt": candidate.kkt,
                "sweeps": candidate.sweeps,
                "status": str(candidate.status),
            }
            for candidate in solution.candidates
        ],
        "spread": {
            "loss": solution.spread.loss,
            "equally_good": solution.spread.equally_good,
            "intercept": solution.spread.intercept,
        },
    }


def align_parameters(
    mu: float,
    raters: pd.DataFrame,
    items: pd.DataFrame,
    rater_ids: Sequence[str],
    item_ids: Sequence[str],
    *,
    ndim: int,
    missing: float,
) -> ModelParameters | None:
    """Bring earlier parameters into the order of today's raters and items.

    Args:
        mu: global intercept.
        raters: the id in the first column, then `intercept` and `factor_k`.
        items: likewise.
        rater_ids: ids of today's raters.
        item_ids: ids of today's items.
        ndim: number of factors wanted.
        missing: the number for whoever has no parameters yet.

    Returns:
        The parameters, or None where the earlier ones have another number of factors or none of
        today's items.
    """
    sides = []
    for frame, ids in ((raters, rater_ids), (items, item_ids)):
        aligned = frame.set_index(frame.columns[0]).reindex(list(ids))
        factors = factor_columns(aligned)
        if factors.shape[1] != ndim:
            return None
        intercepts = aligned["intercept"].to_numpy(dtype=np.float64)
        sides.append((intercepts, factors))
    if not np.isfinite(sides[1][0]).any():
        return None
    (b, x), (c, y) = (
        tuple(np.where(np.isfinite(array), array, missing) for array in side) for side in sides
    )
    return ModelParameters(mu, b, c, x, y)
