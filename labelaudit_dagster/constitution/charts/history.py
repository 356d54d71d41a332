"""Charts over constitutions: one guideline's intercept, and how many are in, came and went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from labelaudit_dagster.constitution.charts.data import STATUS_NAMES, Rows
from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    SKY,
    WIDTH,
    Chart,
    finish,
    inline,
    message,
    panel_title,
    status_colour,
    status_shape,
)
from labelaudit_dagster.constitution.table import one_line

MOST_VERSIONS = 400
"""Constitutions in one chart, the newest."""

_ENTERED, _LEFT = "entered", "left"


def guideline_history_chart(text: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw a guideline's intercept in one constitution after the other.

    Args:
        text: the guideline.
        rows: one for each constitution, oldest first: `position` (number of the constitution),
            `created_at`, `intercept`, `low` and `high` (its interval, or None), `threshold`,
            `keeping` (the lower limit for what is published as accepted) and `status`.
    """
    title = f"“{one_line(text, 48)}” over time"
    shown: Rows = [{**row, "status": STATUS_NAMES[row["status"]]} for row in rows[-MOST_VERSIONS:]]
    if not shown:
        return message(title, "No constitution has an intercept of it.")
    base = alt.Chart(inline(shown))
    x = alt.X(
        "position:Q", title="Constitution, by number", axis=_numbers(shown), scale=_room(shown)
    )
    y = alt.Y(
        "intercept:Q",
        title="Intercept: support that bridges the sides",
        scale=alt.Scale(zero=False, nice=True),
    )
    tooltip = [
        alt.Tooltip("position:Q", title="Constitution"),
        alt.Tooltip("created_at:N", title="Computed"),
        alt.Tooltip("status:N", title="Status"),
        alt.Tooltip("intercept:Q", title="Intercept", format=".4f"),
        alt.Tooltip("low:Q", title="Interval from", format=".4f"),
        alt.Tooltip("high:Q", title="to", format=".4f"),
        alt.Tooltip("threshold:Q", title="Threshold", format=".4g"),
    ]
    line = base.mark_line(color=LIGHT, strokeWidth=1.5).encode(x=x, y=y)
    bars = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(color=GREY, strokeWidth=2)
        .encode(x=x, y="low:Q", y2="high:Q")
    )
    points = base.mark_point(filled=True, size=90, opacity=1, stroke="white").encode(
        x=x, y=y, color=status_colour(shown), shape=status_shape(shown), tooltip=tooltip
    )
    # A piece for each constitution: the threshold may have been another one each time.
    pieces = base.transform_calculate(
        start="datum.position - 0.5", end="datum.position + 0.5"
    ).encode(x=alt.X("start:Q", scale=_room(shown)), x2="end:Q")
    limit = pieces.mark_rule(color=INK, strokeWidth=1.5).encode(y="threshold:Q")
    layers = [limit, line, bars, points]
    kept = any(row["keeping"] < row["threshold"] for row in shown)
    if kept:
        layers.insert(
            0,
            pieces.mark_rule(color=ORANGE, strokeDash=[3, 3], strokeWidth=1.5).encode(
                y="keeping:Q"
            ),
        )
    intervals = any(row["low"] is not None for row in shown)
    return finish(
        alt.layer(*layers).properties(width=WIDTH, height=300),
        title,
        [
            "black: the threshold"
            + ("; dashed: the limit for what is published as accepted" if kept else ""),
            _span(shown)
            + ("; upright bars: what other raters might have said" if intervals else ""),
        ],
    )


def versions_chart(rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw how many guidelines each constitution accepts, and how many entered and left.

    Args:
        rows: one for each constitution, oldest first: `position`, `created_at`, `accepted`,
            `entered` and `left`.
    """
    title = "The constitution over time"
    shown: Rows = [dict(row) for row in rows[-MOST_VERSIONS:]]
    if not shown:
        return message(title, "There is no constitution yet.")
    tooltip = [
        alt.Tooltip("position:Q", title="Constitution"),
        alt.Tooltip("created_at:N", title="Computed"),
        alt.Tooltip("accepted:Q", title="Accepted"),
        alt.Tooltip("entered:Q", title="Entered"),
        alt.Tooltip("left:Q", title="Left"),
    ]
    # As wide as half the way to the next one, whatever the number of constitutions.
    width = max(2.0, min(24.0, 0.5 * WIDTH / (shown[-1]["position"] - shown[0]["position"] + 1)))
    x = alt.X(
        "position:Q", title="Constitution, by number", axis=_numbers(shown), scale=_room(shown)
    )
    accepted = (
        alt.Chart(inline(shown))
        .mark_bar(color=BLUE, size=width)
        .encode(
            x=x,
            y=alt.Y("accepted:Q", title="Guidelines", axis=alt.Axis(tickMinStep=1)),
            tooltip=tooltip,
        )
        .properties(width=WIDTH, height=190, title=panel_title("Accepted guidelines"))
    )
    moves: Rows = [
        {**row, "way": way, "count": row[_ENTERED] if way == _ENTERED else -row[_LEFT]}
        for row in shown
        # The first constitution brings all of its guidelines; beside them no change would show.
        if row["position"] > 1
        for way in (_ENTERED, _LEFT)
    ]
    subtitle = f"{_span(shown)}; {shown[-1]['accepted']:,} guidelines are accepted now"
    if not moves:
        return finish(alt.layer(accepted), title, subtitle)
    changed = (
        alt.Chart(inline(moves))
        .mark_bar(size=width)
        .encode(
            x=x,
            y=alt.Y(
                "count:Q",
                title="Guidelines",
                axis=alt.Axis(tickMinStep=1, labelExpr="abs(datum.value)"),
            ),
            color=alt.Color(
                "way:N",
                title=None,
                scale=alt.Scale(domain=[_ENTERED, _LEFT], range=[SKY, ORANGE]),
            ),
            tooltip=tooltip,
        )
        .properties(width=WIDTH, height=150, title=panel_title("Entered (up) and left (down)"))
    )
    return finish(alt.vconcat(accepted, changed, spacing=14), title, subtitle)


def _numbers(rows: Rows) -> alt.Axis:
    """Return an axis of whole numbers."""
    return alt.Axis(format="d", tickMinStep=1, tickCount=min(12, len(rows)), grid=False)


def _room(rows: Rows) -> alt.Scale:
    """Return a scale with room for half a bar at both ends, the same for both panels."""
    first, last = rows[0]["position"], rows[-1]["position"]
    return alt.Scale(domain=[first - 0.5, last + 0.5], nice=False, zero=False)


def _span(rows: Rows) -> str:
    """Return how many constitutions are shown, and of which days."""
    first, last = (str(row["created_at"])[:10] for row in (rows[0], rows[-1]))
    if len(rows) == 1:
        return f"1 constitution, of {first}"
    return f"{len(rows):,} constitutions from {first} to {last}"
