"""The current audit of a person: read from the artifact store, one generation throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.user_partitions import partition_key

if TYPE_CHECKING:
    import pandas as pd

ASSET: Final = "personal_audit"
HONEST: Final = (
    "mae_of_median",
    "mae_of_mean",
    "rmse",
    "decision_error",
    "decision_error_of_mean",
)
DISAGREEMENT: Final = (
    "n_compared",
    "mae",
    "mse",
    "rmse",
    "signed_avg_diff",
    "decision_disagreement",
)
_MODEL: Final = ("model", "kind", "base", "topic", "group", "version", "trained_at")
_COUNTS: Final = ("n_labels", "n_unsure", "n_unknown")


class NoAuditError(ExpectedFailure, LookupError):
    """There is no audit of this person, or by this model, yet."""


@dataclass(frozen=True)
class CurrentAudit:
    """A person's audit as people read it.

    Attributes:
        user: whose.
        ref: the version of `personal_audit`.
        created_at: when it was made, UTC, as text.
        scale: values, labels and threshold of the corpus.
        models: for each model, by name: `model`, `kind`, `base`, `topic`, `group`, `version`,
            `trained_at`, `n_labels`, `n_unsure`, `n_unknown`; `honest_error` (on the person's own
            labels, each left out once; None with fewer than two), `disagreement` (with the system,
            on comments kept for it) and `topics`, the severest first.
    """

    user: str
    ref: ArtifactRef
    created_at: str
    scale: dict[str, Any]
    models: list[dict[str, Any]]

    def to_document(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "user": self.user,
            "version": self.ref.version,
            "created_at": self.created_at,
            "scale": self.scale,
            "models": self.models,
        }


def read_current_audit(store: ArtifactStore, user: str) -> CurrentAudit:
    """Return the current audit of a person.

    Raises:
        NoAuditError: if there is none.
        ArtifactError: if what is stored is damaged.
    """
    ref = store.current(ASSET, partition_key(user))
    if ref is None:
        raise NoAuditError(
            f"There is no audit of {user!r} yet. Label comments with `labelaudit label`, or make "
            "the results of everybody who has labelled with `labelaudit run audit`."
        )
    found = store.load(ref)
    about = store.load_table(
        store.resolve_upstream(ref, "personal_models", partition_key(user)), "models"
    )
    scale = store.load(store.resolve_upstream(ref, "corpus_scale"))
    metrics = {row["model"]: row for row in _records(found["metrics"])}
    topics: dict[str, list[dict[str, Any]]] = {}
    for row in _records(found["topics"]):
        topics.setdefault(row.pop("model"), []).append(row)
    models = [
        {
            **{name: row[name] for name in (*_MODEL, *_COUNTS)},
            "honest_error": {name: metrics[row["model"]][f"model_{name}"] for name in HONEST},
            "disagreement": {name: metrics[row["model"]][name] for name in DISAGREEMENT},
            "topics": topics.get(row["model"], []),
        }
        for row in _records(about)
    ]
    created = store.manifest(ref).created_at.isoformat().replace("+00:00", "Z")
    return CurrentAudit(user, ref, created, scale, models)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain JSON types, with None for what is missing."""
    import pandas as pd

    return [
        {
            str(name): None
            if pd.isna(value)
            else value.isoformat().replace("+00:00", "Z")
            if isinstance(value, pd.Timestamp)
            else value
            for name, value in row.items()
        }
        for row in frame.to_dict(orient="records")
    ]
