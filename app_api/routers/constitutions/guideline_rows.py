"""Guidelines of a constitution as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app_api.constitutions import ConstitutionView
from app_api.routers.audit.documents import Document
from app_api.routers.constitutions.parameters import StatusName

if TYPE_CHECKING:
    import pandas as pd


class GuidelineRow(Document):
    """A guideline and its decision; what is not known is null."""

    guideline_id: str = Field(examples=["guideline-24"])
    text: str = Field(examples=["The AI should be fair"])
    topic_id: str | None
    topic: str | None = Field(description="Title of the topic.")
    status: StatusName
    verdict: str = Field(
        description="The decision in one or two sentences.",
        examples=["It is accepted: it passes all tests."],
    )
    n_ratings: int
    n_helpful: int
    raw_support: float | None = Field(description="Helpful ratings as a share of all, 0 to 1.")
    intercept: float | None = Field(description="Support that bridges perspectives.")
    factor: float | None = Field(
        description="Which side of the community favours it; 0 for neither. The first dimension."
    )
    consensus_score: float | None = Field(description="Orders accepted guidelines.")
    standard_error: float | None = Field(description="Of the intercept, over resampled raters.")
    interval_low: float | None = Field(description="Lower end of the intercept's interval.")
    interval_high: float | None = Field(description="Upper end.")
    p_accepted: float | None = Field(
        description="How often it would be accepted, had other people been asked; 0 to 1."
    )
    n_flipping_raters: int | None = Field(
        description="Raters without any one of whom the decision would be the other one."
    )


def row_values(view: ConstitutionView, record: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a `GuidelineRow`."""
    from labelaudit_dagster.constitution import verdict_sentence

    topic_id = record["topic_id"]
    own = {
        "topic": None if topic_id is None else view.topics.get(topic_id),
        "verdict": verdict_sentence(record),
        "factor": record["factor"][0] if record["factor"] else None,
    }
    return {name: own.get(name, record.get(name)) for name in GuidelineRow.model_fields}


def row_frame(view: ConstitutionView, records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return guidelines as a table with the columns of `GuidelineRow`, also where it is empty."""
    import pandas as pd

    rows = [row_values(view, record) for record in records]
    columns: dict[str, pd.Series[Any]] = {}
    for name, about in GuidelineRow.model_fields.items():
        kind = str(about.annotation)
        dtype = "Int64" if "int" in kind else "Float64" if "float" in kind else "str"
        columns[name] = pd.Series([row[name] for row in rows], dtype=dtype)
    return pd.DataFrame(columns)
