"""Rows of evidence, as the current results have them."""

from __future__ import annotations

from collections.abc import Collection

from app_api.services import Services
from labelaudit_dagster.auditing.reports import Evidence


def evidence_now(
    services: Services, user: str, model: str, item_ids: Collection[int]
) -> dict[int, Evidence]:
    """Return evidence made now; comments that the system has not rated are left out.

    Rows have the ratings of the person's model where it has results, else the system's alone.
    They are on 0 to 4, as those of the compatible routes, on whatever scale the corpus is.

    Args:
        services: Of the application.
        user: Whose report.
        model: The model that it is written with.
        item_ids: Comments.

    Raises:
        ProblemError: No corpus is prepared.
        ArtifactError: The results cannot be read.
    """
    if not item_ids:
        return {}
    import numpy as np

    from labelaudit_dagster.auditing.views import comment_records

    view, corpus = services.audit.user_or_corpus(user)
    table = corpus.contract_table
    versions = {asset: ref.version for asset, ref in corpus.refs.items()}
    you = None
    if view is not None and model in view.models:
        you = view.contract_predictions(model)
        versions |= {
            "personal_models": view.models_ref.version,
            "personal_predictions": view.predictions_ref.version,
            "personal_audit": view.ref.version,
        }
    rows = table.rows_of_items(np.array(sorted(item_ids), dtype=np.int64))
    return {
        row["id"]: Evidence(row["id"], row, versions) for row in comment_records(table, you, rows)
    }
