"""What the corpus side is now, in a few figures."""

from __future__ import annotations

from typing import Any

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.personal_audit import current_refs


def read_current_corpus(store: ArtifactStore) -> dict[str, Any]:
    """Return figures of the current corpus side.

    Returns:
        `version` (of the comment model), `comments`, `ratings`, `raters`, `topics`, `system`
        (where its ratings come from), `share_positive` (of the system's ratings), `model_status`,
        `users` (people with results).

    Raises:
        CorpusNotReadyError: if it was never made.
        ArtifactError: if what is stored is damaged.
    """
    refs = current_refs(store)
    model = store.load_json(refs["comment_model"], "model")
    scale = model["scale"]
    rating = store.load_table(refs["system_ratings"], columns=["system_rating"])["system_rating"]
    topics = store.load_table(refs["comment_topics"], "topics", columns=["topic_id"])["topic_id"]
    return {
        "version": refs["comment_model"].version,
        "comments": int(model["diagnostics"]["n_items"]),
        "ratings": int(model["diagnostics"]["n_ratings"]),
        "raters": int(model["diagnostics"]["n_raters"]),
        "topics": int((topics >= 0).sum()),
        "system": str(store.manifest(refs["system_ratings"]).extra.get("source")),
        "share_positive": float((rating > scale["threshold"]).mean()),
        "model_status": model["status"],
        "users": len(store.partitions("personal_audit")),
    }
