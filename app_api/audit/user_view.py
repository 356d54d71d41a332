"""One person's models, predictions and audit, all of one generation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from app_api.audit.bounded_cache import BoundedCache
from app_api.audit.corpus_view import CorpusView, frame_bytes
from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PredictionColumn = Literal[
    "mean", "median", "p_above", "quantile_10", "quantile_25", "quantile_75", "quantile_90"
]


@dataclass(frozen=True)
class ModelView:
    """What is known of one model in this generation.

    Attributes:
        name: Its name.
        kind: `base`, `topic` or `group`.
        base: The model that a topic or group model goes with, or None.
        topic: The topic of a topic model, or None.
        group: Conditions of a group model by column, or None.
        version: Version that the results are of.
        trained_at: When that was frozen, in UTC.
        n_labels: Labels that train.
        n_unsure: Labels "unsure".
        n_unknown: Labels of comments that the comment model does not know.
        metrics: Columns of the member `metrics` of `personal_audit`: `model_mae_of_median`, …
            (honest error on the own labels; None where fewer than two) and `n_compared`, `mae`,
            `mse`, `rmse`, `signed_avg_diff`, `decision_disagreement` (with the system), in units
            of the scale.
    """

    name: str
    kind: str
    base: str | None
    topic: str | None
    group: Mapping[str, Any] | None
    version: int
    trained_at: datetime
    n_labels: int
    n_unsure: int
    n_unknown: int
    metrics: Mapping[str, float | int | None]


@dataclass(frozen=True, eq=False)
class UserView:
    """A person's results as one version of `personal_audit` has them, and what that was made from.

    Attributes:
        user: Whose.
        ref: The version of `personal_audit`, from which all others were found.
        models_ref: The version of `personal_models`.
        predictions_ref: The version of `personal_predictions`.
        corpus: The generation of the corpus that all of it belongs to.
        models: By name, in alphabetical order.
        created_at: When the audit was made, in UTC.
    """

    user: str
    ref: ArtifactRef
    models_ref: ArtifactRef
    predictions_ref: ArtifactRef
    corpus: CorpusView
    models: Mapping[str, ModelView]
    created_at: datetime
    _store: ArtifactStore
    _cache: BoundedCache

    @property
    def version(self) -> str:
        """Names the results of this person; for entity tags and keys."""
        return self.ref.version

    def predictions(self, model: str, column: PredictionColumn = "mean") -> NDArray[np.float32]:
        """Return one column of a model's predictions, for each row of `corpus.table`.

        In units of the scale (`p_above`: 0 to 1). Read once for each version, columns alone.

        Raises:
            ArtifactNotFoundError: There is no such model.
            ArtifactError: The predictions cannot be read.
        """
        import numpy as np

        def read() -> NDArray[np.float32]:
            found = self._store.load_table(self.predictions_ref, model, columns=[column])
            values = found[column].to_numpy(np.float32)
            rows = self.corpus.side.rows
            same = len(rows) == len(values) and bool((rows == np.arange(len(rows))).all())
            return values if same else values[rows]

        return self._cache.get(
            (self.predictions_ref, self.corpus.version, model, column),
            read,
            lambda values: int(values.nbytes),
        )

    def contract_predictions(
        self, model: str, column: PredictionColumn = "mean"
    ) -> NDArray[np.floating[Any]]:
        """Return the same on 0 … 4, for `corpus.contract_table`; errors as `predictions`."""
        if self.corpus.contract_table.scale == self.corpus.scale:
            return self.predictions(model, column)

        def convert() -> NDArray[np.float64]:
            return self.corpus.scale.to_contract(self.predictions(model, column))

        return self._cache.get(
            (self.predictions_ref, self.corpus.version, model, column, "contract"),
            convert,
            lambda values: int(values.nbytes),
        )

    def topics(self, model: str) -> pd.DataFrame:
        """Return how model and system differ by topic, the severest first.

        Columns as `auditing.disagreement.topic_disagreement`.
        """
        return _rows_of(self._frame(self.ref, "topics"), model)

    def labels(self, model: str) -> pd.DataFrame:
        """Return the labels of a model's version, by comment.

        Columns: item_id, rating (NaN for unsure), labelled_at, used, left_out_mean,
        left_out_median, left_out_p_above (what the other labels predict; NaN where not used).
        """
        return _rows_of(self._frame(self.models_ref, "labels"), model)

    def versions(self, model: str) -> pd.DataFrame:
        """Return a row for each version of a model, the first first.

        Columns: version, trained_at, label_sequence, n_labels, mae_of_median, mae_of_mean, rmse,
        decision_error (honest error), system_mae, system_mse, system_rmse,
        system_signed_avg_diff, system_decision_disagreement, n_compared.
        """
        return _rows_of(self._frame(self.models_ref, "versions"), model)

    def remembered(self, key: Hashable, make: Any, size_of: Any) -> Any:
        """Return something made from these results alone, made once for their version.

        Args:
            key: Names it among all that is made from a person's results.
            make: Makes it.
            size_of: Returns its bytes.
        """
        return self._cache.get((self.ref, self.corpus.version, key), make, size_of)

    def _frame(self, ref: ArtifactRef, name: str) -> pd.DataFrame:
        return self._cache.get((ref, name), lambda: self._store.load_table(ref, name), frame_bytes)


def _rows_of(frame: pd.DataFrame, model: str) -> pd.DataFrame:
    return frame[frame["model"] == model].drop(columns="model").reset_index(drop=True)
