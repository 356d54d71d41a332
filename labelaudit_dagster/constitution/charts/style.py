"""The look that all charts share: colours, titles, threshold lines, row labels.

Colours are from Okabe and Ito's palette, which colour-blind readers can tell apart; shapes repeat
what colours say.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from labelaudit_dagster.constitution.charts.data import STATUS_NAMES, Rows

Chart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.HConcatChart

WIDTH = 640
LABEL_LENGTH = 46
BLUE, ORANGE, GREY, LIGHT, INK = "#0072B2", "#D55E00", "#7A7A7A", "#B8B8B8", "#222222"
SKY, GOLD = "#56B4E9", "#E69F00"
_STATUS_COLOURS = {
    "accepted": BLUE,
    "undecided": ORANGE,
    "rejected": GREY,
    "too few ratings": LIGHT,
}
_STATUS_SHAPES = {
    "accepted": "circle",
    "undecided": "diamond",
    "rejected": "square",
    "too few ratings": "triangle-up",
}


def inline(rows: Rows) -> alt.InlineData:
    """Return records as data embedded in a chart."""
    return alt.InlineData(values=rows)


def threshold_line(
    value: float,
    label: str | None,
    *,
    horizontal: bool,
    right: bool = True,
    scale: alt.Scale | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """Return a dashed line with its name at one end.

    Args:
        value: where on the axis.
        label: its name, or None.
        horizontal: a line across, at a height; otherwise upright.
        right: whether the name stands at the right end.
        scale: the scale of the axis where it is not that of the other layers' default.
    """
    scale = alt.Scale(zero=False) if scale is None else scale
    base = alt.Chart(inline([{"limit": value}]))
    position = alt.Y("limit:Q", scale=scale) if horizontal else alt.X("limit:Q", scale=scale)
    rule = base.mark_rule(color=INK, strokeDash=[6, 4], strokeWidth=1.5).encode(position)
    if label is None:
        return alt.layer(rule)
    text = base.mark_text(
        align="right" if right else "left", baseline="bottom", dy=-4, fontSize=13, color=INK
    ).encode(position, x=alt.value(WIDTH - 4 if right else 6), text=alt.value(label))
    return alt.layer(rule, text)


def status_colour(rows: Rows) -> alt.Color:
    """Return the colours of the statuses that occur."""
    names = _present(rows)
    scale = alt.Scale(domain=names, range=[_STATUS_COLOURS[name] for name in names])
    return alt.Color("status:N", title=None, scale=scale)


def status_shape(rows: Rows) -> alt.Shape:
    """Return the shapes of the statuses that occur."""
    names = _present(rows)
    scale = alt.Scale(domain=names, range=[_STATUS_SHAPES[name] for name in names])
    return alt.Shape("status:N", title=None, scale=scale)


def row_labels(base: alt.Chart, place: alt.Y) -> alt.Chart:
    """Return the texts of guidelines left of their rows, each block centred on its row."""
    height = 16
    labels: alt.Chart = base.mark_text(
        align="right",
        baseline="middle",
        lineBreak="\n",
        lineHeight=height,
        fontSize=13,
        color=INK,
        dx=-10,
        dy=alt.expr(f"-{height} / 2 * (length(split(datum.label, '\\n')) - 1)"),
    ).encode(x=alt.value(0), y=place, text="label:N")
    return labels


def panel_title(text: str) -> alt.Title:
    """Return the title of one panel among several."""
    return alt.Title(text, fontSize=14, anchor="start", offset=8)


def message(title: str, text: str) -> Chart:
    """Return a chart that says why there is nothing to draw."""
    chart = (
        alt.Chart(inline([{"text": text}]))
        .mark_text(fontSize=15, color=INK)
        .encode(text="text:N")
        .properties(width=WIDTH, height=120)
    )
    return finish(chart, title, "")


def finish(chart: Any, title: str, subtitle: str | list[str]) -> Chart:
    """Give a chart its title and the look that all of them share."""
    finished: Chart = (
        chart.properties(
            title=alt.Title(
                title,
                subtitle=subtitle,
                anchor="start",
                fontSize=18,
                subtitleFontSize=13,
                subtitleColor="#555555",
                offset=14,
                subtitlePadding=5,
            ),
            padding=16,
            background="white",
        )
        .configure(font="DejaVu Sans, Arial, sans-serif")
        .configure_axis(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            gridColor="#EEEEEE",
            labelFlush=False,
            labelColor=INK,
            titleColor=INK,
        )
        .configure_legend(orient="top", labelFontSize=13, symbolSize=110, offset=8)
        .configure_view(stroke=None)
    )
    return finished


def _present(rows: Rows) -> list[str]:
    """Return the names of the statuses that occur, in the order of the documents."""
    found = {row["status"] for row in rows}
    return [name for name in STATUS_NAMES.values() if name in found]
