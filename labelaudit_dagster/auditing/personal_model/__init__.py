"""Personal models: fold a person's labels into the comment model and predict their ratings.

Everything is a pure function of the comment model and the labels; `docs/personal-models.md` has
the mathematics.
"""

from __future__ import annotations

from labelaudit_dagster.auditing.personal_model.errors import PersonalModelError
from labelaudit_dagster.auditing.personal_model.honest_error import (
    error_figures,
    honest_error,
    leave_one_out,
)
from labelaudit_dagster.auditing.personal_model.picker import (
    choose_next,
    expected_variance_reduction,
)
from labelaudit_dagster.auditing.personal_model.posterior import (
    PersonalPosterior,
    fold_in,
    fold_in_many,
)
from labelaudit_dagster.auditing.personal_model.predictions import (
    Predictions,
    level_probabilities,
    predict,
)

__all__ = [
    "PersonalModelError",
    "PersonalPosterior",
    "Predictions",
    "choose_next",
    "error_figures",
    "expected_variance_reduction",
    "fold_in",
    "fold_in_many",
    "honest_error",
    "leave_one_out",
    "level_probabilities",
    "predict",
]
