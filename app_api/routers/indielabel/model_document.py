"""What the client shows of a model: disagreement with the system, honest error, its history."""

from __future__ import annotations

import math
from typing import Any

from app_api.audit import UserView

DECIMALS = 3


def model_document(view: UserView, model: str) -> dict[str, Any]:
    """Return a model's figures on 0 … 4 and the chart of its versions.

    `mae`, `mse`, `rmse` and `avg_diff` compare the model with the system; `model_mae` is its
    error on the user's own labels, each predicted without itself, and `mae_status` speaks of it.
    """
    from labelaudit_dagster.auditing.charts import performance_chart
    from labelaudit_dagster.auditing.views import contract_scale, contract_unit, quality_band

    unit = contract_unit(view.corpus.scale)
    scale = contract_scale(view.corpus.scale)
    metrics = view.models[model].metrics
    honest = _shared(metrics["model_mae_of_median"], unit)
    signed = _shared(metrics["signed_avg_diff"], unit)
    history = [_shared(error, unit) for error in view.versions(model)["mae_of_median"].tolist()]
    return {
        "model_name": model,
        "mae": _rounded(_shared(metrics["mae"], unit)),
        "mae_status": quality_band(honest, scale).html,
        "mse": _rounded(_shared(metrics["mse"], unit * unit)),
        "rmse": _rounded(_shared(metrics["rmse"], unit)),
        "avg_diff": None if signed is None else _rounded(abs(signed)),
        "signed_avg_diff": _rounded(signed),
        "model_mae": _rounded(honest),
        "perf_plot_json": performance_chart(history, model, scale=scale),
    }


def empty_document(model: str) -> dict[str, Any]:
    """Return the same for a model that is trained elsewhere and has no results yet."""
    from labelaudit_dagster.auditing.charts import message_chart
    from labelaudit_dagster.auditing.charts.style import safe_text

    figures = ("mae", "mse", "rmse", "avg_diff", "signed_avg_diff", "model_mae")
    return {
        "model_name": model,
        "mae_status": "<b>Not known yet</b>: your model is being trained.",
        **dict.fromkeys(figures),
        "perf_plot_json": message_chart(
            f"Performance over model versions: {safe_text(model, 60)}",
            "Your model is being trained; look again in a while.",
        ),
    }


def _shared(value: float | int | None, unit: float) -> float | None:
    """Return a figure on 0 … 4, None for one that is not known."""
    if value is None or math.isnan(value):
        return None
    return float(value) / unit


def _rounded(value: float | None) -> float | None:
    # Adding zero turns -0.0 into 0.0.
    return None if value is None else round(value, DECIMALS) + 0.0
