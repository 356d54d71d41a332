"""What the pipeline computes for one person: models, predictions, audit.

Joins the database's labels with the artifacts of the corpus and the pure functions of `auditing`;
knows nothing of Dagster. Importing this package loads pandas and SciPy.
"""

from __future__ import annotations

from labelaudit_dagster.personal_audit.corpus_side import (
    ASSETS,
    CorpusNotReadyError,
    CorpusSide,
    CorpusSides,
    current_refs,
)
from labelaudit_dagster.personal_audit.known_versions import CODE_VERSION, known_versions
from labelaudit_dagster.personal_audit.model_history import (
    ModelHistory,
    NoLabelsError,
    found_histories,
    no_labels,
    read_histories,
)
from labelaudit_dagster.personal_audit.predictions import item_ids_of, read_predictions
from labelaudit_dagster.personal_audit.results import (
    ERROR_FIGURES,
    audit_bundle,
    model_bundle,
    prediction_bundle,
)
from labelaudit_dagster.personal_audit.up_to_date import results_are_of, users_behind

__all__ = [
    "ASSETS",
    "CODE_VERSION",
    "ERROR_FIGURES",
    "CorpusNotReadyError",
    "CorpusSide",
    "CorpusSides",
    "ModelHistory",
    "NoLabelsError",
    "audit_bundle",
    "current_refs",
    "found_histories",
    "item_ids_of",
    "known_versions",
    "model_bundle",
    "no_labels",
    "prediction_bundle",
    "read_histories",
    "read_predictions",
    "results_are_of",
    "users_behind",
]
