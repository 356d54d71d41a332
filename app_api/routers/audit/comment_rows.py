"""Comments as rows: what the system says, what a model says, and whether they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ConfigDict, Field

from app_api.routers.audit.documents import Document

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from labelaudit_dagster.auditing.rating_scale import RatingScale
    from labelaudit_dagster.auditing.views import AuditTable

DECIMALS: Final = 4
"""Ratings and probabilities are given with so many decimals."""

_ERRORS: Final = ("none", "under-sensitive", "over-sensitive", "none")


class CommentRow(Document):
    """A comment beside the system and, where a model is asked, the person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item_id": 17,
                    "text": "boss loot raid",
                    "topic": "3_loot_boss_raid_squad",
                    "categories": ["Insult"],
                    "system_rating": 3.1,
                    "system_positive": True,
                    "your_rating": 1.2,
                    "your_positive": False,
                    "error": "over-sensitive",
                    "error_amount": 1.1,
                }
            ]
        }
    )

    item_id: int
    text: str
    topic: str
    categories: list[str] = Field(
        description="What more than 30 % of the crowd called it, if known."
    )
    system_rating: float
    system_positive: bool = Field(description="Whether that is above the threshold.")
    your_rating: float | None = Field(description="Mean of the predicted distribution.")
    your_positive: bool | None = Field(description="Whether that is above the threshold.")
    error: Literal["none", "under-sensitive", "over-sensitive"] | None = Field(
        description="How the system errs, as the person sees it."
    )
    error_amount: float = Field(description="Distance of the system's rating from the threshold.")


def comment_frame(
    table: AuditTable, you: NDArray[np.floating[Any]] | None, rows: NDArray[np.int64]
) -> pd.DataFrame:
    """Return rows of comments, with the columns of `CommentRow`.

    Args:
        table: The corpus.
        you: Predicted means aligned to the table, or None.
        rows: Which, in the order wanted.
    """
    import numpy as np
    import pandas as pd

    from labelaudit_dagster.auditing.views import error_amounts, is_positive

    system = table.system[rows]
    frame = pd.DataFrame(
        {
            "item_id": table.item_ids[rows],
            "text": pd.Series([table.texts[row] for row in rows.tolist()], dtype="str"),
            "topic": pd.Series(table.topic_names(rows), dtype="str"),
            "categories": pd.Series(
                [text.split(", ") if text else [] for text in table.categories(rows)], dtype=object
            ),
            "system_rating": system.round(DECIMALS),
            "system_positive": is_positive(system, table.scale),
        }
    )
    nothing = pd.Series([None] * len(rows), dtype=object)
    if you is None:
        frame["your_rating"] = frame["your_positive"] = frame["error"] = nothing
    else:
        mine = you[rows]
        frame["your_rating"] = mine.astype(np.float64).round(DECIMALS)
        frame["your_positive"] = is_positive(mine, table.scale)
        frame["error"] = pd.Series(error_names(mine, system, table.scale), dtype="str")
    frame["error_amount"] = error_amounts(system, table.scale).round(DECIMALS)
    return frame


def error_names(you: ArrayLike, system: ArrayLike, scale: RatingScale) -> list[str]:
    """Return "none", "under-sensitive" or "over-sensitive" for each pair of ratings."""
    from labelaudit_dagster.auditing.views import error_codes

    return [_ERRORS[code] for code in error_codes(you, system, scale).tolist()]
