"""All predictions of a model against the system's ratings, as a map of counts."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.specification import Rows, Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import INK, counted, rating_axis, scale_words
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views import error_codes
from labelaudit_dagster.auditing.views.decisions import (
    AGREE_NEGATIVE,
    AGREE_POSITIVE,
    OVER,
    UNDER,
)

CELLS: Final = 40
_SIZE: Final = 440
_CORNERS: Final = {
    AGREE_NEGATIVE: ("both non-toxic", False, False),
    UNDER: ("system under-sensitive", False, True),
    OVER: ("system over-sensitive", True, False),
    AGREE_POSITIVE: ("both toxic", True, True),
}
"""Name of each quadrant, and whether it lies right (system) and up (person)."""


def against_system_chart(you: ArrayLike, system: ArrayLike, *, scale: RatingScale) -> Spec:
    """Draw how many comments have which pair of ratings, on a grid of 40 by 40 cells.

    Args:
        you: predicted ratings, shape (n,), in units of the scale.
        system: the system's ratings, same shape.
        scale: both axes.
    """
    own = np.asarray(you, dtype=np.float64)
    other = np.asarray(system, dtype=np.float64)
    title = "Your predicted ratings against the system's"
    if not own.size:
        return message_chart(title, "There is no comment to compare.")
    low, high = scale.values[0], scale.values[-1]
    counts, edges, _ = np.histogram2d(
        np.clip(other, low, high), np.clip(own, low, high), bins=CELLS, range=[(low, high)] * 2
    )
    at = edges.tolist()  # plain numbers, as JSON wants them
    rows = [
        {
            "x": at[i],
            "x2": at[i + 1],
            "y": at[j],
            "y2": at[j + 1],
            "count": int(counts[i, j]),
        }
        for i, j in np.argwhere(counts > 0).tolist()
    ]
    codes = error_codes(you, system, scale)
    shares = [float((codes == code).mean()) for code in range(len(_CORNERS))]
    return filled(
        _template(scale),
        {
            "cells": rows,
            "threshold": [{"threshold": scale.threshold}],
            "corners": _corner_rows(shares, scale),
        },
        title,
        [
            f"{counted(own.size, 'comment')}; dashed: the threshold. The decisions differ in"
            f" {100 * (shares[UNDER] + shares[OVER]):.1f} %",
            # Not at the axis, where words of some length would run into the names of the corners.
            f"Ratings: {scale_words(scale)}",
        ],
    )


def _corner_rows(shares: list[float], scale: RatingScale) -> Rows:
    low, high = scale.values[0], scale.values[-1]
    return [
        {
            "x": high if right else low,
            "y": high if up else low,
            "text": f"{name}: {100 * shares[code]:.1f} %",
            "right": right,
            "up": up,
        }
        for code, (name, right, up) in _CORNERS.items()
    ]


@lru_cache(maxsize=16)
def _template(scale: RatingScale) -> str:
    x = rating_axis(scale, "The system's rating", grid=False)
    y = rating_axis(scale, "Your predicted rating", grid=False)
    cells = (
        alt.Chart(named("cells"))
        .mark_rect()
        .encode(
            x=alt.X("x:Q", **x),
            x2="x2:Q",
            y=alt.Y("y:Q", **y),
            y2="y2:Q",
            color=alt.Color(
                "count:Q",
                title="Comments",
                scale=alt.Scale(type="log", range=["#D6E6F4", "#08306B"], nice=False),
                legend=alt.Legend(orient="right", format=",d", gradientLength=200),
            ),
            tooltip=[
                alt.Tooltip("count:Q", title="Comments", format=",d"),
                alt.Tooltip("x:Q", title="System from", format=".2f"),
                alt.Tooltip("y:Q", title="Predicted from", format=".2f"),
            ],
        )
    )
    limits = alt.Chart(named("threshold"))
    upright = limits.mark_rule(color=INK, strokeDash=[6, 4]).encode(x=alt.X("threshold:Q", **x))
    level = limits.mark_rule(color=INK, strokeDash=[6, 4]).encode(y=alt.Y("threshold:Q", **y))
    corners = []
    for right in (False, True):
        for up in (False, True):
            names = (
                alt.Chart(named("corners"))
                .transform_filter((alt.datum.right == right) & (alt.datum.up == up))
                .mark_text(
                    align="right" if right else "left",
                    baseline="bottom" if up else "top",
                    # On lines of their own: where the plot is narrow, they meet in the middle.
                    dy=(-22 if right else -6) if up else (62 if right else 46),
                    fontSize=12,
                    color=INK,
                )
                .encode(x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y), text="text:N")
            )
            corners.append(names)
    return template(
        alt.layer(cells, upright, level, *corners).properties(width=_SIZE, height=_SIZE)
    )
