"""Chart of one guideline: who finds it helpful, along the range of perspectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    INK,
    ORANGE,
    WIDTH,
    Chart,
    finish,
    inline,
    message,
)
from labelaudit_dagster.constitution.perspective_bands import band_labels
from labelaudit_dagster.constitution.table import one_line

HELPFUL, NOT_HELPFUL = "helpful", "not helpful"


def perspective_chart(text: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw helpful and not helpful ratings in each band of perspective.

    Args:
        text: the guideline.
        rows: what `PerspectiveBands.rows` returns for it.
    """
    title = "Who finds it helpful"
    subtitle = one_line(text, 90)
    shown = [row for row in rows if row["n_ratings"]]
    if not shown:
        return message(title, "No group of raters is large enough to be shown.")
    labels = band_labels(rows)
    records = [
        {
            "band": labels[row["band"]],
            "side": row["side"],
            "rating": rating,
            "count": row[field],
            # Bars for "not helpful" hang below the line; the axis shows their size.
            "height": row[field] if rating == HELPFUL else -row[field],
            "share": row["n_helpful"] / row["n_ratings"],
        }
        for row in shown
        for rating, field in ((HELPFUL, "n_helpful"), (NOT_HELPFUL, "n_not_helpful"))
    ]
    hidden = [labels[row["band"]] for row in rows if row["n_ratings"] is None]
    bars = (
        alt.Chart(inline(records))
        .mark_bar(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "band:N",
                sort=None,
                scale=alt.Scale(domain=labels),
                title="Factor of the raters: from one end of the community to the other",
                axis=alt.Axis(labelAngle=-35),
            ),
            y=alt.Y(
                "height:Q",
                title="Ratings: helpful above, not helpful below",
                axis=alt.Axis(labelExpr="format(abs(datum.value), ',d')", tickMinStep=1),
            ),
            color=alt.Color(
                "rating:N",
                title=None,
                scale=alt.Scale(domain=[HELPFUL, NOT_HELPFUL], range=[BLUE, ORANGE]),
            ),
            tooltip=[
                alt.Tooltip("band:N", title="Factor"),
                alt.Tooltip("rating:N", title="Rating"),
                alt.Tooltip("count:Q", title="Ratings", format=",d"),
                alt.Tooltip("share:Q", title="Helpful", format=".0%"),
            ],
        )
    )
    layers: Any = bars + alt.Chart(inline([{"height": 0}])).mark_rule(color=INK).encode(
        y="height:Q"
    )
    if hidden:
        marks = (
            alt.Chart(inline([{"band": label, "height": 0} for label in hidden]))
            .mark_text(text="hidden", angle=270, align="left", dx=6, fontSize=12, color=INK)
            .encode(x=alt.X("band:N", sort=None, scale=alt.Scale(domain=labels)), y="height:Q")
        )
        layers = layers + marks
    note = "on each side, bands of about as many people; those with one to four ratings are hidden"
    return finish(layers.properties(width=WIDTH, height=300), title, [subtitle, note])
