"""Where a person, groups of raters and the system stand on the same topics."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import altair as alt

from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.specification import Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import (
    BLUE,
    GREEN,
    INK,
    LIGHT,
    ORANGE,
    PURPLE,
    WIDTH,
    rating_axis,
    safe_text,
    scale_words,
)
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.topic_words import distinct_topic_words

if TYPE_CHECKING:
    import pandas as pd

_COLOURS: Final = (INK, BLUE, ORANGE, GREEN, PURPLE, "#56B4E9", "#E69F00")
_SHAPES: Final = ("square", "circle", "diamond", "triangle-up", "cross", "triangle-down", "stroke")
MOST_SERIES: Final = len(_COLOURS)
_ROW: Final = 32


def group_comparison_chart(
    compared: pd.DataFrame, *, scale: RatingScale, method: str = "mean"
) -> Spec:
    """Draw one line of points for each topic: the system and up to six models.

    Args:
        compared: what `views.topic_comparison` gave, in units of the scale.
        scale: the axis.
        method: "mean" or "median", as it was compared by, for the axis' title.
    """
    title = "Points of view on the same topics"
    if compared.empty:
        return message_chart(title, "There is no topic to compare.")
    names = list(dict.fromkeys(compared["series"]))[:MOST_SERIES]
    shown = compared[compared["series"].isin(names)]
    safe = {name: safe_text(str(name), 40) for name in names}
    words = distinct_topic_words(dict.fromkeys(shown["topic"]))
    place = {topic: at for at, topic in enumerate(dict.fromkeys(shown["topic"]))}
    rows = [
        {
            "place": place[row["topic"]],
            "topic": safe_text(str(row["topic"]), 44),
            "label": f"{safe_text(words[row['topic']], 36)}  ({row['n_comments']:,})",
            "series": safe[row["series"]],
            "value": round(float(row["value"]), 4),
            "n_comments": int(row["n_comments"]),
        }
        for row in shown.to_dict("records")
    ]
    spec = filled(
        _template(scale),
        {"views": rows, "threshold": [{"threshold": scale.threshold}]},
        title,
        f"The {safe_text(method, 10)} rating of each topic's comments; in brackets, how many."
        " Dashed: the threshold",
    )
    spec["height"] = _ROW * len(place)
    points = spec["layer"][1]["encoding"]
    for channel, values in (("color", _COLOURS), ("shape", _SHAPES)):
        points[channel]["scale"] = {
            "domain": list(safe.values()),
            "range": list(values[: len(safe)]),
        }
    return spec


@lru_cache(maxsize=16)
def _template(scale: RatingScale) -> str:
    x = rating_axis(scale, f"Rating ({scale_words(scale)})")
    y = alt.Y(
        "label:N",
        sort=alt.EncodingSortField("place", op="min"),
        title=None,
        axis=alt.Axis(labelLimit=330, ticks=False, domain=False),
    )
    base = alt.Chart(named("views"))
    span = base.mark_rule(color=LIGHT, strokeWidth=3).encode(
        y=y, x=alt.X("min(value):Q", **x), x2="max(value):Q"
    )
    points = base.mark_point(filled=True, size=130, opacity=0.9).encode(
        y=y,
        x=alt.X("value:Q", **x),
        color=alt.Color("series:N", title=None),
        shape=alt.Shape("series:N", title=None),
        tooltip=[
            alt.Tooltip("topic:N", title="Topic"),
            alt.Tooltip("series:N", title="Point of view"),
            alt.Tooltip("value:Q", title="Rating", format=".2f"),
            alt.Tooltip("n_comments:Q", title="Comments", format=",d"),
        ],
    )
    rule = (
        alt.Chart(named("threshold"))
        .mark_rule(color=INK, strokeWidth=1.5, strokeDash=[6, 4])
        .encode(x=alt.X("threshold:Q", **x))
    )
    return template(alt.layer(span, points, rule).properties(width=WIDTH, height=_ROW))
