"""One person's models, predictions and audit, as bundles for the artifact store.

Each is a function of the person's labels and the corpus side alone: nothing accumulates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.auditing.disagreement import disagreement_metrics, topic_disagreement
from labelaudit_dagster.auditing.personal_model import (
    error_figures,
    fold_in,
    leave_one_out,
    predict,
)
from labelaudit_dagster.auditing.personal_model.predictions import summarised
from labelaudit_dagster.personal_audit.corpus_side import CorpusSide
from labelaudit_dagster.personal_audit.model_history import ModelHistory

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.personal_model import PersonalPosterior
    from labelaudit_dagster.store import Training

LEVELS_OF_A_STEP: Final = 2.0**-14
"""Stored means are rounded to a power of two near this share of the scale's length."""

ERROR_FIGURES: Final = (
    "mae_of_median",
    "mae_of_mean",
    "rmse",
    "decision_error",
    "decision_error_of_mean",
)


def model_bundle(
    side: CorpusSide, histories: Sequence[ModelHistory], known: pd.DataFrame | None = None
) -> Bundle:
    """Return a person's models.

    Args:
        side: the corpus side.
        histories: the person's models.
        known: `versions` of an earlier bundle from this very corpus side, to spare the work on
            versions that it has.

    Returns:
        Members `models` (one row a model, by name), `labels` (those of each model's last version,
        with what the other labels predict for each), `versions` (honest error, and disagreement
        with the system, by version), `curves` (by model: P(rating above a value | severity), on
        the severities of the comment model).
    """
    spared = {} if known is None else _by_version(known)
    models, labels, versions, curves = [], [], [], []
    for history in histories:
        name, last = history.model.name, history.trainings[-1]
        for training in history.trainings[:-1]:
            row = spared.get((name, training.version, training.label_sequence))
            versions.append(row or _version(side, training, history.labels_of(training))[0])
        given = history.labels_of(last)
        row, posterior, left_out, used = _version(side, last, given)
        versions.append(row)
        labels.append(_label_rows(name, given, used, left_out))
        curves.append(_curves(side, name, posterior))
        models.append(_model_row(history, given, used))
    return Bundle(
        models=pd.DataFrame(models).astype(_MODEL_TYPES),
        labels=_stacked(labels),
        versions=pd.DataFrame(versions),
        curves=_stacked(curves),
    )


def prediction_bundle(side: CorpusSide, models: Mapping[str, Any]) -> Bundle:
    """Return a person's predictions: for each model a member of its name.

    Args:
        side: the corpus side.
        models: what `model_bundle` returned.

    Returns:
        Tables with one row per comment in the order of the comment model, without the ids
        (`read_predictions` adds them): mean, median, p_above, quantile_10, quantile_25,
        quantile_75, quantile_90, float32.
    """
    curves = models["curves"]
    n_steps = side.scale.n_levels - 1
    members = {}
    for name in models["models"]["model"]:
        of_model = curves.loc[curves["model"] == name, "probability"].to_numpy(dtype=np.float32)
        members[str(name)] = _predicted(side, of_model.reshape(n_steps, -1))
    return Bundle(members)


def audit_bundle(
    side: CorpusSide, models: Mapping[str, Any], predictions: Mapping[str, Any]
) -> Bundle:
    """Return what a person's models say of the system.

    Members: `topics` (topic_disagreement of each model, the severest first), `metrics` (one row a
    model: disagreement with the system on the evaluation comments, and the honest error).
    """
    topics, metrics = [], []
    versions = models["versions"].drop_duplicates("model", keep="last").set_index("model")
    for name in models["models"]["model"]:
        mean = predictions[name]["mean"].to_numpy()[side.rows]
        found = topic_disagreement(side.table, mean)
        found.insert(0, "model", name)
        topics.append(found)
        compared = disagreement_metrics(
            mean[side.evaluation], side.evaluation_system, scale=side.scale
        )
        last = versions.loc[name]
        metrics.append(
            {
                "model": name,
                "version": int(last["version"]),
                "n_labels": int(last["n_labels"]),
                **{f"model_{figure}": last[figure] for figure in ERROR_FIGURES},
                "n_compared": compared.n,
                "mae": compared.mae,
                "mse": compared.mse,
                "rmse": compared.rmse,
                "signed_avg_diff": compared.signed_avg_diff,
                "decision_disagreement": compared.decision_disagreement,
            }
        )
    return Bundle(topics=pd.concat(topics, ignore_index=True), metrics=pd.DataFrame(metrics))


def rounding_step(length: float) -> float:
    """Return the power of two that stored means are multiples of.

    Args:
        length: difference of the scale's ends.
    """
    return float(2.0 ** np.floor(np.log2(length * LEVELS_OF_A_STEP)))


def _rounded(values: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """Round to multiples of a power of two: far finer than any error, and a third of the bytes."""
    return np.asarray(np.rint(values / np.float32(step)) * np.float32(step), dtype=np.float32)


def _predicted(side: CorpusSide, tail: NDArray[np.float32]) -> pd.DataFrame:
    """Predict all comments from P(level > k) at each severity, shape (K - 1, G)."""
    columns = dict(vars(summarised(tail @ side.model.severity.T, side.scale)))
    step = rounding_step(side.scale.values[-1] - side.scale.values[0])
    columns["mean"] = _rounded(columns["mean"], step)
    columns["p_above"] = _rounded(columns["p_above"], LEVELS_OF_A_STEP)
    return pd.DataFrame(columns)


def _by_version(versions: pd.DataFrame) -> dict[tuple[str, int, int], dict[str, Any]]:
    rows = versions.to_dict(orient="records")
    return {(r["model"], r["version"], r["label_sequence"]): r for r in rows}  # type: ignore[misc]


def _version(
    side: CorpusSide, training: Training, given: pd.DataFrame
) -> tuple[dict[str, Any], PersonalPosterior, pd.DataFrame, NDArray[np.bool_]]:
    """Return a version's figures, its posterior, what left-out labels get, and which were used."""
    rows, levels, used = _usable(side, given)
    posterior = fold_in(side.model, rows, levels)
    left_out = leave_one_out(side.model, rows, levels)
    figures = {
        "model": training.model,
        "version": training.version,
        "trained_at": training.trained_at,
        "label_sequence": training.label_sequence,
        "n_labels": len(rows),
        **_honest(left_out, side),
        **_with_system(side, posterior),
    }
    return figures, posterior, left_out, used


def _curves(side: CorpusSide, name: str, posterior: PersonalPosterior) -> dict[str, Any]:
    """Return how the person answers to each severity, level by level, as columns."""
    grid, values = side.model.grid, side.scale.values
    return {
        "model": _repeated(name, posterior.tail.size),
        "above": np.repeat(values[:-1], len(grid)),
        "severity": np.tile(grid, len(values) - 1),
        "probability": posterior.tail.ravel(),
    }


def _repeated(name: str, times: int) -> NDArray[np.object_]:
    """Return a column of one name; `np.full` would cut a NUL off its end."""
    column = np.empty(times, dtype=object)
    column[:] = [name] * times
    return column


def _stacked(parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one table of several that are given as columns of arrays, which is quicker."""
    return pd.DataFrame(
        {
            name: np.concatenate([part[name] for part in parts])
            if isinstance(parts[0][name], np.ndarray)
            else pd.concat([part[name] for part in parts], ignore_index=True)
            for name in parts[0]
        }
    )


def _usable(
    side: CorpusSide, labels: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return rows and levels of the labels that train, and which those are.

    Unsure labels and comments that the comment model does not know are left out.
    """
    rows = side.model.rows_of(labels["item_id"].to_numpy(dtype=np.int64))
    levels = side.scale.levels_of(labels["rating"].to_numpy(dtype=np.float64)).astype(np.int64)
    used = (rows >= 0) & (levels >= 0)
    return rows[used], levels[used], used


def _honest(left_out: pd.DataFrame, side: CorpusSide) -> dict[str, Any]:
    figures = error_figures(left_out, side.scale.threshold)
    return {name: np.nan if figures[name] is None else figures[name] for name in ERROR_FIGURES}


def _with_system(side: CorpusSide, posterior: PersonalPosterior) -> dict[str, Any]:
    mean = predict(side.model, posterior, side.evaluation_rows).mean
    # As the stored predictions, so that both give the same figures.
    you = _rounded(mean, rounding_step(side.scale.values[-1] - side.scale.values[0]))
    found = disagreement_metrics(you, side.evaluation_system, scale=side.scale)
    return {
        "system_mae": found.mae,
        "system_mse": found.mse,
        "system_rmse": found.rmse,
        "system_signed_avg_diff": found.signed_avg_diff,
        "system_decision_disagreement": found.decision_disagreement,
        "n_compared": found.n,
    }


def _label_rows(
    name: str, given: pd.DataFrame, used: NDArray[np.bool_], left_out: pd.DataFrame
) -> dict[str, Any]:
    """Return columns; both tables are ordered by item, and what was used is what was left out."""
    columns: dict[str, Any] = {
        "model": _repeated(name, len(given)),
        **{column: given[column].to_numpy() for column in ("item_id", "rating")},
        "labelled_at": given["labelled_at"],
        "used": used,
    }
    for column in ("mean", "median", "p_above"):
        values = np.full(len(given), np.nan, dtype=np.float32)
        values[used] = left_out[column].to_numpy()
        columns[f"left_out_{column}"] = values
    return columns


def _model_row(
    history: ModelHistory, given: pd.DataFrame, used: NDArray[np.bool_]
) -> dict[str, Any]:
    import orjson

    model, last = history.model, history.trainings[-1]
    group = None if model.group is None else orjson.dumps(dict(model.group)).decode()
    unsure = int(given["rating"].isna().sum())
    return {
        "model": model.name,
        "kind": model.kind,
        "base": model.base,
        "topic": model.topic,
        "group": group,
        "version": last.version,
        "trained_at": last.trained_at,
        "n_labels": int(used.sum()),
        "n_unsure": unsure,
        "n_unknown": len(given) - unsure - int(used.sum()),
    }


_MODEL_TYPES: Final = dict.fromkeys(("model", "kind", "base", "topic", "group"), "str")
