"""The comment model: how severe each comment is and how people differ, fitted once per corpus.

A graded-response model with a learnt population of raters, solved on grids by messages and EM;
`docs/personal-models.md` has the mathematics. Importing this package loads SciPy.
"""

from __future__ import annotations

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError
from labelaudit_dagster.auditing.comment_model.fit import fit_comment_model
from labelaudit_dagster.auditing.comment_model.model import CommentModel, FitStatus
from labelaudit_dagster.auditing.comment_model.options import CommentModelOptions
from labelaudit_dagster.auditing.comment_model.population import Population
from labelaudit_dagster.auditing.comment_model.response import ResponseTable

__all__ = [
    "CommentModel",
    "CommentModelError",
    "CommentModelOptions",
    "FitStatus",
    "Population",
    "ResponseTable",
    "fit_comment_model",
]
