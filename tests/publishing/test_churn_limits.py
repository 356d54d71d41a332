"""Which of the two churn limits counts where a document does not name its ratings."""

from __future__ import annotations

from typing import Any

from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.publishing import in_force


def test_a_document_that_does_not_name_its_ratings_is_judged_by_its_matrix(desk) -> None:
    """As documents of earlier versions of the program."""
    import pandas as pd

    ratings = pd.DataFrame(
        {"participant_id": ["u", "v"], "guideline_id": ["a", "b"], "helpful": [True, False]}
    )
    matrices = [
        desk.store.write("response_matrix", _bundle(ResponseMatrix.from_ratings(frame)))
        for frame in (ratings, ratings.iloc[::-1], ratings.assign(helpful=True))
    ]
    limits = {"churn_limit": 0.5, "churn_limit_unchanged": 0.0}
    desk.make("abcd", inputs=[matrices[0]])
    assert desk.publish(**limits).state == "sent"
    assert in_force(desk.database, desk.target.name).accepted == set("abcd")
    desk.make("abc", inputs=[matrices[1]])
    assert desk.publish(**limits).state == "held"
    desk.make("abc", inputs=[matrices[2]])
    assert desk.publish(**limits).state == "sent"


def _bundle(matrix: ResponseMatrix) -> Any:
    from labelaudit_dagster.artifacts import Bundle

    return Bundle(matrix.members())
