"""The two charts of squares: topics of a corpus, and comments of a topic or keyword.

Each square stands in the column of its rating and is coloured by agreement or by the size of the
system's error; a click follows its `url`. Layers: background, names of the sides, squares, the
threshold, as IndieLabel's client expects them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import altair as alt

from labelaudit_dagster.auditing.charts.specification import (
    Rows,
    Spec,
    filled,
    named,
    template,
)
from labelaudit_dagster.auditing.charts.style import (
    INK,
    NEGATIVE_SIDE,
    POSITIVE_SIDE,
    counted,
    rating_axis,
    safe_text,
    scale_words,
)
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views import CommentResults, TopicOverview, key_colours
from labelaudit_dagster.auditing.views.decisions import SYSTEM_KEY_COLOURS

SQUARES_WIDTH: Final = 750
SQUARES_HEIGHT: Final = 500
LARGEST_SQUARE: Final = 75
ROW_HEIGHT: Final = 13
"""Pixels of a row of largest squares."""
LEAST_HEIGHT: Final = 170

_SQUARES_LAYER: Final = 2
_COLOURS_SAY: Final = {
    True: "Grey and white: the system agrees. Red: it differs; the darker, the farther it is"
    " from the threshold",
    False: "Dashed: the threshold between the two decisions",
}
_LEAST_ROWS: Final = LEAST_HEIGHT // ROW_HEIGHT


def topic_overview_chart(overview: TopicOverview, *, person: str = "your model") -> Spec:
    """Draw every topic in the column of the person's median or mean rating.

    Args:
        overview: what `views.topic_overview` gave; without a model the columns are the system's.
        person: whose ratings these are, for the title.
    """
    rows = overview.records()
    if overview.you is None:
        title = "How the system rates the topics"
    else:
        title = f"How {safe_text(person, 60)} rates the topics, and where the system differs"
    errors = sum(row["key"].startswith("System differs") for row in rows)
    found = "" if overview.you is None else f"; the system differs in {errors:,}"
    return _squares_chart(
        rows,
        overview.scale,
        "topic",
        title,
        f"{counted(len(rows), 'topic')}{found}. Click a square to see its comments",
        with_model=overview.you is not None,
    )


def topic_results_chart(results: CommentResults, *, subject: str = "") -> Spec:
    """Draw the sampled comments of a topic or keyword.

    With a model the columns are the person's predicted ratings, without one the system's.

    Args:
        results: what `views.comment_results` gave.
        subject: the topic or keyword, put after the title.
    """
    rows = results.plot_records()
    for row in rows:
        row["comment"] = safe_text(row["comment"], 300)
    with_model = results.use_model and results.you is not None
    about = f": {safe_text(subject, 80)}" if subject else ""
    who = "your model" if with_model else "the system"
    shown = counted(len(rows), "comment")
    hits = len(results.hits)
    if len(rows) < hits:
        shown = f"{shown} of {hits:,}"
    return _squares_chart(
        rows,
        results.table.scale,
        "comment",
        f"How {who} rates these comments{about}",
        f"{shown}. Click a square to see the comment" if rows else "No comment to show",
        with_model=with_model,
    )


def _squares_chart(
    rows: Rows,
    scale: RatingScale,
    unit: str,
    title: str,
    subtitle: str,
    *,
    with_model: bool,
) -> Spec:
    low, high, threshold = scale.values[0], scale.values[-1], scale.threshold
    sides = [
        {"start": low, "stop": threshold, "bkgd": "Non-toxic"},
        {"start": threshold, "stop": high, "bkgd": "Toxic"},
    ]
    spec = filled(
        _template(scale, unit, with_model),
        {
            "sides": sides,
            f"{unit}s": [{**row, "threshold": threshold} for row in rows],
            "threshold": [{"threshold": threshold}],
        },
        title,
        [subtitle, _COLOURS_SAY[with_model]],
    )
    # A row or two stay free for the names of the sides.
    tallest = max((row["row"] for row in rows), default=1) + 2
    size = min(LARGEST_SQUARE, round(SQUARES_HEIGHT / tallest) * 8)
    height = SQUARES_HEIGHT
    if size == LARGEST_SQUARE:
        height = min(SQUARES_HEIGHT, max(LEAST_HEIGHT, ROW_HEIGHT * tallest))
    squares = spec["layer"][_SQUARES_LAYER]
    squares["mark"]["size"] = max(size, 4)
    spec["height"] = height
    # Few rows keep the distance of full ones instead of floating apart.
    squares["encoding"]["y"]["scale"]["domain"] = [0.25, max(tallest, _LEAST_ROWS) + 0.25]
    return spec


@lru_cache(maxsize=32)
def _template(scale: RatingScale, unit: str, with_model: bool) -> str:
    """Build a chart of squares without its rows."""
    colours: Mapping[str, str] = key_colours(scale) if with_model else SYSTEM_KEY_COLOURS
    who = "Your predicted rating" if with_model else "The system's rating"
    x = rating_axis(scale, f"{who} ({scale_words(scale)})", grid=False)
    background = (
        alt.Chart(named("sides"))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", **x),
            x2="stop:Q",
            color=alt.Color(
                "bkgd:N",
                legend=None,
                scale=alt.Scale(
                    domain=["Non-toxic", "Toxic"], range=[NEGATIVE_SIDE, POSITIVE_SIDE]
                ),
            ),
        )
    )
    names = (
        alt.Chart(named("sides"))
        .transform_calculate(middle="(datum.start + datum.stop) / 2")
        .mark_text(baseline="top", dy=6, fontSize=13, color="#555555")
        .encode(x=alt.X("middle:Q", **x), y=alt.value(0), text="bkgd:N")
    )
    squares = (
        alt.Chart(named(f"{unit}s"))
        .mark_square(size=LARGEST_SQUARE, opacity=1, stroke="#555555", strokeWidth=0.6)
        .encode(
            x=alt.X("vis_pred_bin:Q", **x),
            y=alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[0.25, 39], nice=False)),
            color=alt.Color(
                "key:N",
                title=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(
                    columns=3, labelLimit=260, symbolStrokeColor="#555555", symbolStrokeWidth=1
                ),
            ),
            href="url:N",
            tooltip=_tooltips(unit, with_model=with_model),
        )
    )
    rule = (
        alt.Chart(named("threshold"))
        .mark_rule(color=INK, strokeWidth=1.5, strokeDash=[6, 4])
        .encode(x=alt.X("threshold:Q", **x))
    )
    # Layers have their own colours: sides are no part of the legend.
    chart = (
        alt.layer(background, names, squares, rule)
        .resolve_scale(color="independent")
        .properties(width=SQUARES_WIDTH, height=SQUARES_HEIGHT)
    )
    return template(chart)


def _tooltips(unit: str, *, with_model: bool) -> list[Any]:
    if unit == "topic":
        fields = [alt.Tooltip("topic:N", title="Topic")]
        fields.append(alt.Tooltip("n_comments:Q", title="Comments", format=",d"))
    else:
        fields = [alt.Tooltip("comment:N", title="Comment")]
        fields.append(alt.Tooltip("category:N", title="Category"))
    fields.append(alt.Tooltip("system_label:N", title="The system says"))
    fields.append(alt.Tooltip("rating_sys:Q", title="The system's rating", format=".2f"))
    if with_model:
        fields.append(alt.Tooltip("pred:Q", title="Your predicted rating", format=".2f"))
    return fields
