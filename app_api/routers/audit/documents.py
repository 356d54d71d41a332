"""Parts of documents that several audit routes give: the scale, and figures of models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app_api.audit import CorpusView
from labelaudit_dagster.auditing.rating_scale import RatingScale


def generation(view: CorpusView) -> str:
    """Return a short name of a generation of the corpus: it changes with any of its artifacts."""
    return hashlib.sha256(view.version.encode()).hexdigest()[:16]


class Document(BaseModel):
    """Base of all answers: exactly the declared fields, finite numbers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Scale(Document):
    """The scale of all ratings of an answer; a rating above the threshold is positive."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "values": [0.0, 1.0, 2.0, 3.0, 4.0],
                    "labels": [
                        "not at all toxic",
                        "slightly toxic",
                        "moderately toxic",
                        "very toxic",
                        "extremely toxic",
                    ],
                    "threshold": 2.0,
                }
            ]
        }
    )

    values: list[float] = Field(description="Value of each level, ascending.")
    labels: list[str] = Field(description="What people read for each level.")
    threshold: float = Field(description="Ratings above it are positive (toxic, say).")

    @classmethod
    def of(cls, scale: RatingScale) -> Scale:
        """Return the document of a scale."""
        return cls(values=list(scale.values), labels=list(scale.labels), threshold=scale.threshold)


class HonestError(Document):
    """How wrong a model is: each own label predicted from the others; null below two labels."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"mae_of_median": 0.55, "mae_of_mean": 0.61, "rmse": 0.83, "decision_error": 0.1}
            ]
        }
    )

    mae_of_median: float | None = Field(description="Mean absolute error of the median.")
    mae_of_mean: float | None = Field(description="Mean absolute error of the mean.")
    rmse: float | None = Field(description="Root mean squared error of the mean.")
    decision_error: float | None = Field(
        description="Share of labels that are predicted on the other side of the threshold."
    )

    @classmethod
    def of(cls, figures: Mapping[str, Any], prefix: str = "") -> HonestError:
        """Read the figures from columns with a prefix."""
        return cls(**{name: figures[f"{prefix}{name}"] for name in cls.model_fields})


class Disagreement(Document):
    """How far the system is from a model; a perfect model may have a large one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "n_compared": 480,
                    "mae": 0.92,
                    "mse": 1.3,
                    "rmse": 1.14,
                    "signed_avg_diff": -0.21,
                    "decision_disagreement": 0.18,
                }
            ]
        }
    )

    n_compared: int = Field(description="Comments compared: those kept for this.")
    mae: float = Field(description="Mean absolute difference.")
    mse: float = Field(description="Mean squared difference.")
    rmse: float = Field(description="Its root.")
    signed_avg_diff: float = Field(description="Mean of person minus system.")
    decision_disagreement: float = Field(description="Share of comments decided differently.")

    @classmethod
    def of(cls, figures: Mapping[str, Any], prefix: str = "") -> Disagreement:
        """Read the figures from columns with a prefix."""
        named = {name: f"{prefix}{name}" for name in cls.model_fields if name != "n_compared"}
        values = {name: figures[column] for name, column in named.items()}
        return cls(n_compared=figures["n_compared"], **values)


class Quality(Document):
    """The honest error in words."""

    band: Literal["Good", "Okay", "Needs improvement", "Not known yet"]
    text: str

    @classmethod
    def of(cls, mae: float | None, scale: RatingScale) -> Quality:
        """Put the mean absolute error of the median into words."""
        from labelaudit_dagster.auditing.views import quality_band

        band = quality_band(mae, scale)
        return cls.model_validate({"band": band.name, "text": band.text})
