"""A person's labels against what their model says of them without having seen them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import altair as alt
import numpy as np

from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.specification import Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    counted,
    rating_axis,
    safe_text,
    scale_words,
)
from labelaudit_dagster.auditing.rating_scale import RatingScale

if TYPE_CHECKING:
    import pandas as pd

FEWEST_LABELS: Final = 2
MOST_LABELS: Final = 1_000
_SIZE: Final = 420
_SIDES: Final = {"same decision": (BLUE, "circle"), "other decision": (ORANGE, "diamond")}


def labels_chart(left_out: pd.DataFrame, *, scale: RatingScale) -> Spec:
    """Draw each label against its prediction from the person's other labels.

    Args:
        left_out: `rating` and `mean` for each label, in units of the scale, as
            `personal_model.leave_one_out` gives them, and a column `text` where there is one.
            Of more than a thousand labels the last thousand are drawn.
        scale: both axes.
    """
    title = "How well the model predicts your own labels"
    if len(left_out) < FEWEST_LABELS:
        return message_chart(
            title, "Two labels or more are needed to tell how well the model predicts you."
        )
    labelled = left_out["rating"].to_numpy(np.float64)
    predicted = left_out["mean"].to_numpy(np.float64)
    same = (labelled > scale.threshold) == (predicted > scale.threshold)
    error = float(np.abs(labelled - predicted).mean())
    texts = left_out["text"].tolist() if "text" in left_out.columns else [""] * len(left_out)
    sides = list(_SIDES)
    rows = [
        {
            "label": label,
            "shown": label + shift,
            "pred": prediction,
            "side": sides[0] if agrees else sides[1],
            "comment": safe_text(str(text), 300),
        }
        for label, shift, prediction, agrees, text in zip(
            labelled.tolist(),
            _apart(labelled, predicted, scale).tolist(),
            predicted.round(4).tolist(),
            same.tolist(),
            texts,
            strict=True,
        )
    ][-MOST_LABELS:]
    low, high = scale.values[0], scale.values[-1]
    return filled(
        _template(scale),
        {
            "labels": rows,
            "ideal": [{"x": low, "y": low}, {"x": high, "y": high}],
            "threshold": [{"threshold": scale.threshold}],
        },
        title,
        [
            "Each label is predicted from your other labels alone.",
            f"{counted(len(left_out), 'label')}: mean absolute error {error:.2f} points, same"
            f" decision in {100 * same.mean():.0f} %",
        ],
    )


def _apart(labelled: np.ndarray, predicted: np.ndarray, scale: RatingScale) -> np.ndarray:
    """Return sideways shifts that keep points of one label and like predictions apart."""
    step = (scale.values[-1] - scale.values[0]) / (scale.n_levels - 1)
    shifts = np.zeros(len(labelled))
    for value in np.unique(labelled):
        members = np.flatnonzero(labelled == value)
        ordered = members[np.argsort(predicted[members], kind="stable")]
        # Neighbours in the order of predictions get shifts that differ: -1, 0, 1, -1 …
        shifts[ordered] = (np.arange(len(ordered)) % 3 - 1) * 0.09 * step
    return shifts


@lru_cache(maxsize=16)
def _template(scale: RatingScale) -> str:
    step = (scale.values[-1] - scale.values[0]) / (scale.n_levels - 1)
    x = rating_axis(scale, f"Your label ({scale_words(scale)})")
    y = rating_axis(scale, "Predicted without it")
    x["scale"] = alt.Scale(
        domain=[scale.values[0] - 0.3 * step, scale.values[-1] + 0.3 * step], nice=False
    )
    ideal = (
        alt.Chart(named("ideal"))
        .mark_line(color=GREY, strokeWidth=1)
        .encode(x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y))
    )
    limits = alt.Chart(named("threshold"))
    upright = limits.mark_rule(color=INK, strokeDash=[6, 4]).encode(x=alt.X("threshold:Q", **x))
    level = limits.mark_rule(color=INK, strokeDash=[6, 4]).encode(y=alt.Y("threshold:Q", **y))
    points = (
        alt.Chart(named("labels"))
        .mark_point(filled=True, size=80, opacity=0.85)
        .encode(
            x=alt.X("shown:Q", **x),
            y=alt.Y("pred:Q", **y),
            color=alt.Color(
                "side:N",
                title=None,
                scale=alt.Scale(
                    domain=list(_SIDES), range=[colour for colour, _ in _SIDES.values()]
                ),
            ),
            shape=alt.Shape(
                "side:N",
                title=None,
                scale=alt.Scale(domain=list(_SIDES), range=[shape for _, shape in _SIDES.values()]),
            ),
            tooltip=[
                alt.Tooltip("comment:N", title="Comment"),
                alt.Tooltip("label:Q", title="Your label", format="~g"),
                alt.Tooltip("pred:Q", title="Predicted", format=".2f"),
            ],
        )
    )
    return template(alt.layer(ideal, upright, level, points).properties(width=_SIZE, height=_SIZE))
