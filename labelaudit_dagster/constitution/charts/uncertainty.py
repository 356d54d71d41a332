"""Chart of the sampling uncertainty: how sure each decision is."""

from __future__ import annotations

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.constitution.charts.style import BLUE, GREY, WIDTH, Chart, finish, inline

SURE, OPEN = "surely in or out", "open"
_EDGES = np.linspace(0.0, 1.0, 21)


def acceptance_probability_histogram(p_accepted: ArrayLike) -> Chart:
    """Draw how many guidelines would be accepted how often, had other people been asked.

    Args:
        p_accepted: share of bootstrap replicates that accept each guideline, in [0, 1],
            shape (n,).
    """
    values = np.asarray(p_accepted, dtype=np.float64)
    counts = np.histogram(values, _EDGES)[0]
    rows = [
        {
            "low": float(low),
            "high": float(high),
            "count": int(count),
            "sure": SURE if i in (0, 19) else OPEN,
        }
        for i, (low, high, count) in enumerate(zip(_EDGES[:-1], _EDGES[1:], counts, strict=True))
    ]
    open_ones = int(counts[1:-1].sum())
    chart = (
        alt.Chart(inline(rows))
        .mark_bar(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "low:Q",
                bin="binned",
                title="Probability of being accepted, over resampled raters",
                axis=alt.Axis(format=".0%", values=[i / 10 for i in range(11)]),
            ),
            x2="high:Q",
            y=alt.Y(
                "count:Q",
                title="Guidelines (square-root scale)",
                scale=alt.Scale(type="sqrt"),
                axis=alt.Axis(tickMinStep=1),
            ),
            color=alt.Color(
                "sure:N",
                title=None,
                scale=alt.Scale(domain=[SURE, OPEN], range=[GREY, BLUE]),
            ),
            tooltip=[
                alt.Tooltip("low:Q", title="From", format=".0%"),
                alt.Tooltip("high:Q", title="To", format=".0%"),
                alt.Tooltip("count:Q", title="Guidelines", format=",d"),
            ],
        )
    )
    return finish(
        chart.properties(width=WIDTH, height=260),
        "How sure is each decision?",
        f"{open_ones:,} of {values.size:,} guidelines lie between 5% and 95%:"
        " other raters might decide otherwise",
    )
