"""Charts of the solution: how it was reached, whether starts agree, how raters spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
from numpy.typing import ArrayLike

from labelaudit_dagster.constitution.charts.data import (
    LOSS_FLOOR,
    candidate_rows,
    convergence_rows,
    rater_factor_bins,
)
from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    GOLD,
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
    threshold_line,
)

_ENDINGS = {
    "converged": (BLUE, "circle"),
    "iteration limit": (ORANGE, "diamond"),
    "not finite": (GREY, "cross"),
}


def convergence_chart(
    loss: ArrayLike,
    kkt: ArrayLike,
    *,
    tolerance: float | None = None,
    step_name: str = "sweep",
) -> Chart:
    """Draw how the winning start reached the optimum, on logarithmic axes.

    Args:
        loss: objective before each sweep, shape (steps,).
        kkt: optimality residual, same shape, or empty where the method has none.
        tolerance: the residual at which the solver stops, drawn as a line.
        step_name: "sweep", or "iteration" for gradient descent.

    Raises:
        ValueError: the two shapes differ.
    """
    rows = convergence_rows(loss, kkt)
    title = "How the solver reached the optimum"
    if not rows:
        return message(title, "There is no trajectory to show.")
    base = alt.Chart(inline(rows))
    x = alt.X("sweep:Q", title=step_name.capitalize(), axis=alt.Axis(tickMinStep=1))
    panels: list[Any] = [
        _line(base, x, "excess", "Rating units squared", BLUE).properties(
            title=panel_title("Loss, above the lowest that was reached")
        )
    ]
    if any(row["residual"] is not None for row in rows):
        panel: Any = _line(base, x, "residual", "Rating units", ORANGE)
        if tolerance is not None and tolerance > 0:
            panel = panel + threshold_line(
                tolerance,
                f"stops at {tolerance:g}".replace("e-0", "e-"),
                horizontal=True,
                right=False,
                scale=alt.Scale(type="log"),
            )
        panels.append(
            panel.properties(title=panel_title("Optimality residual, 0 at the exact optimum"))
        )
    return finish(
        alt.vconcat(*panels, spacing=28),
        title,
        f"{rows[-1]['sweep']:,} {step_name}s of the winning start; logarithmic scales",
    )


def rater_factor_histogram(factors: ArrayLike) -> Chart:
    """Draw how the raters spread along the factor axis.

    Args:
        factors: x_u, shape (n,) or (n, k); the first dimension is drawn.
    """
    title = "How the raters spread between perspectives"
    bars, at_zero, total = rater_factor_bins(factors)
    if not bars:
        return message(title, f"All {total:,} raters have a factor of zero: there is no divide.")
    below = sum(bar["count"] for bar in bars if bar["side"] == "below zero")
    histogram = (
        alt.Chart(inline(bars))
        .mark_bar(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X("low:Q", title="Rater factor (0 = neither side)", bin="binned"),
            x2="high:Q",
            y=alt.Y("count:Q", title="Raters", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "side:N",
                title=None,
                scale=alt.Scale(domain=["below zero", "above zero"], range=[SKY, GOLD]),
            ),
            tooltip=[
                alt.Tooltip("low:Q", title="From", format=".3f"),
                alt.Tooltip("high:Q", title="To", format=".3f"),
                alt.Tooltip("count:Q", title="Raters", format=",d"),
            ],
        )
    )
    zero = (
        alt.Chart(inline([{"factor": 0}])).mark_rule(color=INK, strokeWidth=1).encode(x="factor:Q")
    )
    return finish(
        (histogram + zero).properties(width=WIDTH, height=300),
        title,
        f"{below:,} raters below zero, {total - below - at_zero:,} above;"
        f" {at_zero:,} exactly at zero have no side and no bar",
    )


def candidates_chart(candidates: Iterable[Mapping[str, Any]]) -> Chart:
    """Draw how far the solver's starts ended above the best of them.

    Args:
        candidates: mappings with `name`, `loss`, `sweeps` and `status`, one per start.
    """
    title = "Do different starts agree?"
    rows = candidate_rows(candidates)
    if not rows:
        return message(title, "No start reached a finite loss.")
    same = sum(row["excess"] <= 1e-10 for row in rows)
    names = [row["name"] for row in rows]
    endings = [name for name in _ENDINGS if any(row["status"] == name for row in rows)]
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelFontSize=13, labelLimit=260))
    )
    x = alt.X(
        "excess:Q",
        title="Loss above the best start (log; left edge: equal)",
        scale=alt.Scale(type="log", domain=[LOSS_FLOOR, max(1e-3, *(r["excess"] for r in rows))]),
        axis=alt.Axis(format="~e", values=[1e-16, 1e-13, 1e-10, 1e-7, 1e-4, 1e-1]),
    )
    stems = base.mark_rule(color=LIGHT, strokeWidth=2).encode(x=x, x2=alt.value(0))
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=x,
        color=alt.Color(
            "status:N",
            title=None,
            scale=alt.Scale(domain=endings, range=[_ENDINGS[name][0] for name in endings]),
        ),
        shape=alt.Shape(
            "status:N",
            title=None,
            scale=alt.Scale(domain=endings, range=[_ENDINGS[name][1] for name in endings]),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Start"),
            alt.Tooltip("loss:Q", title="Loss", format=".12f"),
            alt.Tooltip("sweeps:Q", title="Sweeps", format=",d"),
            alt.Tooltip("status:N", title="Ended"),
        ],
    )
    return finish(
        (stems + dots).properties(width=WIDTH - 120, height=alt.Step(28)),
        title,
        f"{same:,} of {len(rows):,} starts end at the lowest loss (within 1e-10)",
    )


def _line(
    base: alt.Chart, x: alt.X, field: str, title: str, colour: str
) -> alt.LayerChart | alt.FacetChart:
    """Return a line over sweeps on a logarithmic axis."""
    y = alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~e", tickCount=6),
    )
    tooltip = [
        alt.Tooltip("sweep:Q", title="Step", format=",d"),
        alt.Tooltip(f"{field}:Q", title=title, format=".3e"),
    ]
    line = base.mark_line(color=colour, strokeWidth=2.5).encode(x=x, y=y, tooltip=tooltip)
    return alt.layer(line).properties(width=WIDTH, height=190)
