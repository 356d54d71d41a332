"""Charts of the corpus side, for the metadata of its assets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelaudit_dagster.constitution.charts import Chart

_MOST_BARS = 30


def bars(names: Sequence[str], counts: Sequence[int], title: str, subtitle: str) -> "Chart":
    """Return horizontal bars with their names, at most thirty; the others are one bar.

    Args:
        names: what each bar is.
        counts: its length, not negative.
        title: of the chart.
        subtitle: of the chart.
    """
    import altair as alt

    from labelaudit_dagster.constitution.charts.style import BLUE, WIDTH, finish, inline

    rows: list[dict[str, Any]] = [
        {"name": str(name)[:60], "comments": int(count)}
        for name, count in zip(names, counts, strict=True)
    ]
    if len(rows) > _MOST_BARS:
        rest = rows[_MOST_BARS:]
        total = sum(row["comments"] for row in rest)
        rows = [*rows[:_MOST_BARS], {"name": f"{len(rest):,} others", "comments": total}]
    chart = (
        alt.Chart(inline(rows))
        .mark_bar(color=BLUE)
        .encode(
            x=alt.X("comments:Q", title="comments"),
            y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
        )
        .properties(width=WIDTH - 120, height=alt.Step(20))
    )
    return finish(chart, title, subtitle)


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    x_title: str,
    title: str,
    subtitle: str,
    threshold: float | None = None,
) -> "Chart":
    """Return a histogram of comments.

    Args:
        edges: ends of the bins, ascending, one more than counts.
        counts: comments in each bin.
        x_title: what is on the axis.
        title: of the chart.
        subtitle: of the chart.
        threshold: value at which to draw a line, or None.
    """
    import altair as alt

    from labelaudit_dagster.constitution.charts.style import (
        BLUE,
        WIDTH,
        finish,
        inline,
        threshold_line,
    )

    scale = alt.Scale(domain=[float(edges[0]), float(edges[-1])], nice=False)
    rows = [
        {"from": float(low), "to": float(high), "comments": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    drawn: Any = (
        alt.Chart(inline(rows))
        .mark_bar(color=BLUE)
        .encode(
            x=alt.X("from:Q", title=x_title, scale=scale, bin="binned"),
            x2="to:Q",
            y=alt.Y("comments:Q", title="comments"),
        )
    )
    if threshold is not None:
        drawn = alt.layer(drawn, threshold_line(threshold, None, horizontal=False, scale=scale))
    return finish(drawn.properties(width=WIDTH, height=220), title, subtitle)
