"""Published parameters as frames, and as the body in which a platform receives them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.importers import PublishedParameters

if TYPE_CHECKING:
    import pandas as pd


def parameters_payload(published: PublishedParameters) -> dict[str, Any]:
    """Return the parameters with the keys of a posted constitution."""
    return {
        "mu": published.mu,
        "guideline_intercepts": _by_id(published.guideline_intercepts),
        "user_intercepts": _by_id(published.user_intercepts),
        "guideline_embeddings": _rows_by_id(published.guideline_embeddings),
        "user_embeddings": _rows_by_id(published.user_embeddings),
    }


def parameters_of(
    payload: Mapping[str, Any],
    *,
    participant_ids: Collection[str],
    guideline_ids: Collection[str],
) -> PublishedParameters:
    """Return the parameters of a payload for the given ids alone, ordered by id.

    Args:
        payload: As `parameters_payload` returns it, or a posted constitution.
        participant_ids: Participants of the community.
        guideline_ids: Guidelines of the community.
    """
    people, items = set(participant_ids), set(guideline_ids)
    return PublishedParameters(
        mu=float(payload["mu"]),
        guideline_intercepts=_series(payload["guideline_intercepts"], items),
        user_intercepts=_series(payload["user_intercepts"], people),
        guideline_embeddings=_frame(payload["guideline_embeddings"], items),
        user_embeddings=_frame(payload["user_embeddings"], people),
    )


def _by_id(series: pd.Series[float]) -> dict[str, float]:
    return dict(zip(map(str, series.index), map(float, series), strict=True))


def _rows_by_id(frame: pd.DataFrame) -> dict[str, list[float]]:
    return dict(zip(map(str, frame.index), frame.to_numpy().tolist(), strict=True))


def _series(values: Mapping[str, float], wanted: set[str]) -> pd.Series[float]:
    import pandas as pd

    ids = sorted(name for name in values if name in wanted)
    return pd.Series(
        [float(values[name]) for name in ids],
        index=pd.Index(ids, dtype="str"),
        dtype="float64",
        name="intercept",
    )


def _frame(values: Mapping[str, list[float]], wanted: set[str]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    ids = sorted(name for name in values if name in wanted)
    width = len(next(iter(values.values()))) if values else 0
    matrix = np.array([values[name] for name in ids], dtype=np.float64).reshape(len(ids), width)
    return pd.DataFrame(matrix, index=pd.Index(ids, dtype="str"))
