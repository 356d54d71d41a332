"""`AuditReader`: what is current, and everything that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from app_api.audit.bounded_cache import BoundedCache
from app_api.audit.corpus_view import CorpusView
from app_api.audit.user_view import ModelView, UserView
from app_api.problems import ProblemError
from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.user_partitions import partition_key, user_of_partition

if TYPE_CHECKING:
    import pandas as pd

    from labelaudit_dagster.personal_audit import CorpusSides

MAX_CACHED_BYTES: Final = 256 * 1024 * 1024
"""Most bytes of predictions and tables that are kept: 0.4 MB a model at 100,000 comments."""

_LEAF: Final = "personal_audit"
_RECORD_BYTES: Final = 4096


class AuditReader:
    """Reads corpus and people's results; threads may share it.

    A request asks once and works with the view that it gets: whatever becomes current meanwhile,
    the view stays of one generation, found from its leaf artifact by the recorded inputs.

    Args:
        store: The artifact store.
        sides: Corpus sides to share with others of this process.
        max_bytes: Most bytes to keep, the last two corpora aside.
    """

    def __init__(
        self,
        store: ArtifactStore,
        *,
        sides: CorpusSides | None = None,
        max_bytes: int = MAX_CACHED_BYTES,
    ) -> None:
        self._store = store
        self._given_sides = sides
        self._cache = BoundedCache(max_bytes)

    @property
    def cache(self) -> BoundedCache:
        """What is kept in memory; for answers that are made from versions alone."""
        return self._cache

    def corpus(self) -> CorpusView:
        """Return the current corpus.

        Raises:
            ProblemError: `no-corpus`; it was never prepared.
            ArtifactError: It cannot be read.
        """
        from labelaudit_dagster.personal_audit import CorpusNotReadyError, current_refs

        try:
            return self._corpus_of(current_refs(self._store))
        except CorpusNotReadyError as error:
            raise ProblemError("no-corpus", str(error)) from None

    def user(self, user_id: str) -> UserView | None:
        """Return a person's current results, or None where there are none.

        Raises:
            ArtifactError: They cannot be read.
        """
        ref = self._store.current(_LEAF, partition_key(user_id))
        if ref is None:
            # Of somebody who was forgotten, nothing stays in memory either.
            self.forget(user_id)
            return None
        return self.user_at(user_id, ref)

    def forget(self, user_id: str) -> None:
        """Keep nothing of a person in memory; what is stored is read again."""
        key = partition_key(user_id)
        self._cache.drop(
            lambda kept: (
                isinstance(kept, tuple)
                and any(isinstance(part, ArtifactRef) and part.partition == key for part in kept)
            )
        )

    def user_at(self, user_id: str, ref: ArtifactRef) -> UserView:
        """Return a person's results as a version of `personal_audit` has them; errors as `user`."""
        record = self._cache.get((_LEAF, ref), lambda: self._read_user(user_id, ref), _record_bytes)
        # Views are made for each request: kept ones would keep corpora that are out of date.
        return UserView(
            user=user_id,
            ref=ref,
            models_ref=record.models_ref,
            predictions_ref=record.predictions_ref,
            corpus=self._corpus_of(record.corpus_refs),
            models=record.models,
            created_at=record.created_at,
            _store=self._store,
            _cache=self._cache,
        )

    def user_or_corpus(self, user_id: str | None) -> tuple[UserView | None, CorpusView]:
        """Return a person's results with their corpus, or the current corpus where there are none.

        Raises:
            ProblemError: `no-corpus`; there are none, and no corpus was prepared.
            ArtifactError: They cannot be read.
        """
        view = None if user_id is None else self.user(user_id)
        return (None, self.corpus()) if view is None else (view, view.corpus)

    def users(self) -> list[str]:
        """Return everybody who has results, in alphabetical order."""
        return sorted(user_of_partition(key) for key in self._store.partitions(_LEAF))

    def _sides(self) -> CorpusSides:
        if self._given_sides is None:
            from labelaudit_dagster.personal_audit import CorpusSides

            # Two threads may do this at once; the loser's is empty and forgotten.
            self._given_sides = CorpusSides(self._store)
        return self._given_sides

    def _corpus_of(self, refs: Mapping[str, ArtifactRef]) -> CorpusView:
        return CorpusView(self._sides().of(refs), self._store, self._cache)

    def _read_user(self, user_id: str, ref: ArtifactRef) -> _UserRecord:
        from labelaudit_dagster.personal_audit import ASSETS

        store, key = self._store, partition_key(user_id)
        models_ref = store.resolve_upstream(ref, "personal_models", key)
        about = store.load_table(models_ref, "models")
        metrics = {row.pop("model"): row for row in _records(store.load_table(ref, "metrics"))}
        models = [_model_view(row, metrics[row["model"]]) for row in _records(about)]
        return _UserRecord(
            models_ref=models_ref,
            predictions_ref=store.resolve_upstream(ref, "personal_predictions", key),
            corpus_refs={asset: store.resolve_upstream(ref, asset) for asset in ASSETS},
            models={model.name: model for model in sorted(models, key=lambda model: model.name)},
            created_at=store.manifest(ref).created_at,
        )


@dataclass(frozen=True)
class _UserRecord:
    """What is kept of a person's results: everything small, and no corpus."""

    models_ref: ArtifactRef
    predictions_ref: ArtifactRef
    corpus_refs: Mapping[str, ArtifactRef]
    models: Mapping[str, ModelView]
    created_at: datetime


def _model_view(row: dict[str, Any], metrics: dict[str, Any]) -> ModelView:
    import orjson

    group = row["group"]
    return ModelView(
        name=row["model"],
        kind=row["kind"],
        base=row["base"],
        topic=row["topic"],
        group=None if group is None else orjson.loads(group),
        version=int(row["version"]),
        trained_at=row["trained_at"].to_pydatetime(),
        n_labels=int(row["n_labels"]),
        n_unsure=int(row["n_unsure"]),
        n_unknown=int(row["n_unknown"]),
        metrics={name: metrics[name] for name in metrics if name not in ("version", "n_labels")},
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as objects, with None for what is missing."""
    import pandas as pd

    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _record_bytes(record: _UserRecord) -> int:
    return _RECORD_BYTES * (1 + len(record.models))
