"""The versions of a model: what each was trained on, and how good it is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field

from app_api.routers.audit.documents import Disagreement, Document, HonestError
from app_api.services import Services
from app_api.tabular import records

if TYPE_CHECKING:
    from labelaudit_dagster.store import Training


class VersionDocument(Document):
    """A version of a model: the labels of one moment, and what came of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "my_model",
                    "version": 0,
                    "trained_at": "2026-03-01T12:00:00Z",
                    "label_sequence": 20,
                    "n_labels": 19,
                    "state": "done",
                    "honest_error": {
                        "mae_of_median": 0.55,
                        "mae_of_mean": 0.61,
                        "rmse": 0.83,
                        "decision_error": 0.1,
                    },
                    "disagreement": {
                        "n_compared": 480,
                        "mae": 0.92,
                        "mse": 1.3,
                        "rmse": 1.14,
                        "signed_avg_diff": -0.21,
                        "decision_disagreement": 0.18,
                    },
                }
            ]
        }
    )

    model: str
    version: int = Field(description="0, 1, …")
    trained_at: datetime = Field(description="When its labels were frozen, in UTC.")
    label_sequence: int = Field(description="Number of the newest label that it has seen.")
    n_labels: int = Field(description="Comments with a rating among its labels.")
    state: Literal["waiting", "done"] = Field(
        description="`done`: its figures are there; `waiting`: they are still to be computed."
    )
    honest_error: HonestError | None = Field(description="Null while waiting.")
    disagreement: Disagreement | None = Field(description="Null while waiting.")


def version_documents(services: Services, user: str, model: str) -> list[VersionDocument]:
    """Return all versions of a model, the first first.

    Raises:
        StoreError: The database failed.
        ArtifactError: The results cannot be read.
    """
    from labelaudit_dagster.store import list_trainings

    trainings = list_trainings(services.database, user, model)
    if not trainings:
        return []
    view = services.audit.user(user)
    rows = [] if view is None else records(view.versions(model))
    figures = {int(row["version"]): row for row in rows}
    return [_document(training, figures.get(training.version)) for training in trainings]


def _document(training: Training, figures: dict[str, Any] | None) -> VersionDocument:
    return VersionDocument(
        model=training.model,
        version=training.version,
        trained_at=training.trained_at,
        label_sequence=training.label_sequence,
        n_labels=training.n_labels,
        state="waiting" if figures is None else "done",
        honest_error=None if figures is None else HonestError.of(figures),
        disagreement=None if figures is None else Disagreement.of(figures, "system_"),
    )
