"""Parts that pictures of docs/model.md share."""

from __future__ import annotations

import textwrap

import altair as alt

from benchmarks.model_figures import Sample
from labelaudit_dagster.constitution.charts.style import INK, inline


def guideline_axis(sample: Sample, columns: list[int], *, labels: bool = True) -> alt.Y:
    """Return rows of guidelines, named by their texts where `labels`."""
    texts = {
        sample.ids[c]: textwrap.shorten(sample.texts[sample.ids[c]], 68, placeholder=" …")
        for c in columns
    }
    short = {name: text.removeprefix("The AI should ") for name, text in texts.items()}
    cases = " : ".join(f"datum.value === '{n}' ? {_quoted(t)}" for n, t in short.items())
    axis = alt.Axis(
        labelExpr=f"{cases} : ''",
        labelLimit=430,
        labelFontSize=12,
        ticks=False,
        domain=False,
        labels=labels,
        grid=False,
        labelPadding=10,
    )
    return alt.Y("id:N", sort=[sample.ids[c] for c in columns], title=None, axis=axis)


def _quoted(text: str) -> str:
    """Return a text as a literal of the chart's expression language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def upright(value: float, scale: alt.Scale) -> alt.Chart:
    """Return a dashed line at a value of the horizontal axis."""
    rule: alt.Chart = (
        alt.Chart(inline([{"at": value}]))
        .mark_rule(color=INK, strokeDash=[6, 4], strokeWidth=1.5)
        .encode(x=alt.X("at:Q", scale=scale))
    )
    return rule
