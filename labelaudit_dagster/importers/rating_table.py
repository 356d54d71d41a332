"""The canonical table of ratings from integer codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.json_columns import strings_at
from labelaudit_dagster.importers.times import time_series


def rating_table(
    kept: npt.NDArray[np.int64],
    participant_ids: pd.Series[str],
    participant_codes: npt.NDArray[np.int64],
    guideline_ids: pd.Series[str],
    guideline_codes: npt.NDArray[np.int64],
    helpful: npt.NDArray[np.bool_],
    times: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """Return the table `guideline_ratings`, ordered by participant and guideline.

    Args:
        kept: Positions of the rows that are kept.
        participant_ids: Ids in ascending order.
        participant_codes: int64 (n,), positions in `participant_ids`.
        guideline_ids: Ids in ascending order.
        guideline_codes: int64 (n,), positions in `guideline_ids`.
        helpful: bool (n,).
        times: int64 (n,), microseconds since 1970, `NO_TIME` where unknown.
    """
    participants, guidelines = participant_codes[kept], guideline_codes[kept]
    order = np.argsort(participants * max(len(guideline_ids), 1) + guidelines, kind="stable")
    rows = kept[order]
    return pd.DataFrame(
        {
            "participant_id": strings_at(participant_ids, participants[order]),
            "guideline_id": strings_at(guideline_ids, guidelines[order]),
            "helpful": helpful[rows],
            "rated_at": time_series(times[rows]),
        }
    )
