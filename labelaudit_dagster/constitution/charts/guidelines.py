"""Charts of guidelines: what is accepted, why, and how close it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from labelaudit_dagster.constitution.charts.data import (
    Rows,
    accepted_rows,
    guideline_rows,
    passing_rows,
    threshold_rows,
)
from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    INK,
    LABEL_LENGTH,
    LIGHT,
    SKY,
    WIDTH,
    Chart,
    finish,
    inline,
    message,
    row_labels,
    status_colour,
    status_shape,
    threshold_line,
)

_HIGHLIGHTED = "datum.status == 'accepted' || datum.status == 'undecided'"


def intercept_factor_chart(document: Mapping[str, Any]) -> Chart:
    """Draw every rated guideline: support across perspectives against the side that favours it.

    Args:
        document: the constitution as `constitution_document` makes it.
    """
    title = "Which guidelines bridge perspectives"
    rows = guideline_rows(document)
    if not rows:
        return message(title, "No guideline has been rated.")
    threshold = document["parameters"]["intercept_threshold"]
    points = (
        alt.Chart(inline(rows))
        .mark_point(filled=True, strokeWidth=0.6, stroke="white")
        .encode(
            x=alt.X(
                "factor:Q",
                title="Factor: which side of the community favours it (0 = neither)",
            ),
            y=alt.Y(
                "intercept:Q",
                title="Intercept: support that bridges the sides",
                scale=alt.Scale(zero=False, nice=True),
            ),
            color=status_colour(rows),
            shape=status_shape(rows),
            opacity=alt.condition(_HIGHLIGHTED, alt.value(1), alt.value(0.6)),
            size=alt.Size("size:Q", legend=None, scale=None),
            tooltip=[
                alt.Tooltip("text:N", title="Guideline"),
                alt.Tooltip("id:N", title="Id"),
                alt.Tooltip("status:N", title="Status"),
                alt.Tooltip("intercept:Q", title="Intercept", format=".4f"),
                alt.Tooltip("factor:Q", title="Factor", format=".3f"),
                alt.Tooltip("support:Q", title="Support", format=".1%"),
                alt.Tooltip("n_ratings:Q", title="Ratings", format=",d"),
                alt.Tooltip("count:Q", title="Guidelines here", format=",d"),
            ],
        )
    )
    zero = (
        alt.Chart(inline([{"factor": 0}]))
        .mark_rule(color=LIGHT, strokeWidth=1)
        .encode(x="factor:Q")
    )
    layers = zero + points + threshold_line(threshold, f"threshold {threshold:g}", horizontal=True)
    binned = any(row["count"] > 1 for row in rows)
    neutral = sum(
        row["intercept"] is not None and row["factor"][0] == 0 for row in document["guidelines"]
    )
    return finish(
        layers.properties(width=WIDTH, height=430),
        title,
        [
            f"{len(document['accepted']):,} of {document['n_guidelines']:,} guidelines accepted;"
            " all tests count, not the intercept alone",
            f"{neutral:,} favour neither side and lie on the line at 0"
            + ("; larger marks stand for several guidelines" if binned else ""),
        ],
    )


def passing_chart(document: Mapping[str, Any]) -> Chart:
    """Draw how many guidelines pass each test, alone and after all tests above it.

    Args:
        document: the constitution as `constitution_document` makes it.
    """
    rows = passing_rows(document)
    order = list(dict.fromkeys(row["test"] for row in rows))
    measures = ["passes this test", "passes it and all above"]
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("test:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=14)),
        yOffset=alt.YOffset("measure:N", sort=measures),
        x=alt.X(
            "count:Q",
            title="Guidelines",
            scale=alt.Scale(domain=[0, 1.08 * max(1, document["n_guidelines"])], nice=False),
            axis=alt.Axis(tickMinStep=1, format=",d"),
        ),
    )
    bars = base.mark_bar().encode(
        color=alt.Color(
            "measure:N", title=None, scale=alt.Scale(domain=measures, range=[SKY, BLUE])
        ),
        tooltip=[
            alt.Tooltip("test:N", title="Test"),
            alt.Tooltip("measure:N", title="Counted"),
            alt.Tooltip("count:Q", title="Guidelines", format=",d"),
        ],
    )
    numbers = base.mark_text(align="left", dx=5, fontSize=13, color=INK).encode(
        text=alt.Text("count:Q", format=",d")
    )
    return finish(
        (bars + numbers).properties(width=WIDTH - 120, height=alt.Step(24)),
        "How many guidelines pass each test",
        f"the last dark bar is the constitution: {len(document['accepted']):,} accepted",
    )


def accepted_chart(
    document: Mapping[str, Any], limit: int = 25, *, interval_level: float | None = None
) -> Chart:
    """Draw the accepted guidelines by score, beside them their intercepts with intervals.

    Intervals (a forest plot) appear where uncertainty has been computed; without it the scores
    stand alone.

    Args:
        document: the constitution as `constitution_document` makes it.
        limit: how many guidelines are drawn, the best ones.
        interval_level: the level of the document's intervals, for the axis title (0.9 = 90%).
    """
    rows = accepted_rows(document, limit, line_length=LABEL_LENGTH)
    title = "The constitution"
    if not rows:
        return message(title, "No guideline is accepted.")
    uncertain = any(row["low"] is not None for row in rows)
    base = alt.Chart(inline(rows))
    step = alt.Step(44)

    place = alt.Y("place:O", title=None, axis=None)
    tooltip = [
        alt.Tooltip("text:N", title="Guideline"),
        alt.Tooltip("id:N", title="Id"),
        alt.Tooltip("score:Q", title="Consensus score", format=".4f"),
        alt.Tooltip("intercept:Q", title="Intercept", format=".4f"),
        alt.Tooltip("support:Q", title="Support", format=".1%"),
        alt.Tooltip("n_ratings:Q", title="Ratings", format=",d"),
        alt.Tooltip("p_accepted:Q", title="P(accepted)", format=".0%"),
    ]
    x = alt.X("score:Q", title="Consensus score", scale=alt.Scale(domain=_room_for_numbers(rows)))
    bars = base.mark_bar(color=BLUE, height=22).encode(x=x, y=place, tooltip=tooltip)
    numbers = base.mark_text(align="left", dx=6, color=INK, fontSize=13).encode(
        x=x, y=place, text=alt.Text("score:Q", format=".3f")
    )
    scores = (bars + numbers + row_labels(base, place)).properties(width=250, height=step)
    total = len(document["accepted"])
    shown = f"the best {len(rows):,} of {total:,}" if total > len(rows) else f"all {total:,}"
    subtitle = f"{shown} accepted guidelines, highest consensus score first"
    if not uncertain:
        return finish(scores, title, subtitle)
    threshold = document["parameters"]["intercept_threshold"]
    level = "" if interval_level is None else f"{100 * interval_level:g}% "
    x = alt.X("low:Q", title=f"Intercept and its {level}interval", scale=alt.Scale(zero=False))
    ranges = base.mark_rule(color=INK, strokeWidth=2).encode(x=x, x2="high:Q", y=place)
    dots = base.mark_point(filled=True, color=BLUE, size=90, opacity=1).encode(
        x="intercept:Q", y=place, tooltip=tooltip
    )
    forest = (ranges + dots + threshold_line(threshold, None, horizontal=False)).properties(
        width=250, height=step
    )
    shares = (
        base.mark_text(fontSize=13, color=INK)
        .encode(y=place, text=alt.Text("p_accepted:Q", format=".0%"))
        .properties(
            width=64,
            height=step,
            title=alt.Title("P(accepted)", fontSize=13, fontWeight="normal", anchor="middle"),
        )
    )
    return finish(
        alt.hconcat(scores, forest, shares, spacing=18),
        title,
        [
            subtitle,
            f"interval: what other raters might have said; dashed line: threshold {threshold:g}",
        ],
    )


def threshold_chart(document: Mapping[str, Any], limit: int = 12) -> Chart:
    """Draw the guidelines that only the intercept decides, those nearest to the threshold.

    Args:
        document: the constitution as `constitution_document` makes it.
        limit: how many guidelines are drawn.
    """
    title = "Close to the threshold"
    rows = threshold_rows(document, limit, line_length=LABEL_LENGTH)
    if not rows:
        return message(title, "No guideline passes the tests of ratings and support.")
    threshold = document["parameters"]["intercept_threshold"]
    place = alt.Y("place:O", title=None, axis=None)
    base = alt.Chart(inline(rows))
    ends = [*(row["intercept"] for row in rows), threshold]
    margin = 0.06 * (max(ends) - min(ends)) or 0.01
    scale = alt.Scale(domain=[min(ends) - margin, max(ends) + margin], nice=False, zero=False)
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X(
            "intercept:Q",
            title="Intercept: support that bridges the sides",
            scale=scale,
        ),
        y=place,
        color=status_colour(rows),
        shape=status_shape(rows),
        tooltip=[
            alt.Tooltip("text:N", title="Guideline"),
            alt.Tooltip("id:N", title="Id"),
            alt.Tooltip("status:N", title="Status"),
            alt.Tooltip("intercept:Q", title="Intercept", format=".6f"),
        ],
    )
    numbers = base.mark_text(align="left", dx=10, fontSize=13, color=INK).encode(
        x=alt.value(WIDTH - 290), y=place, text="margin:N"
    )
    layers = threshold_line(threshold, None, horizontal=False, scale=scale) + dots + numbers
    return finish(
        (layers + row_labels(base, place)).properties(width=WIDTH - 290, height=alt.Step(40)),
        title,
        f"the {len(rows):,} guidelines nearest to {threshold:g} (dashed) that pass the other"
        " tests; right: distance",
    )


def _room_for_numbers(rows: Rows) -> list[float]:
    """Return the range of scores with room for a number beside the longest bar."""
    scores = [float(row["score"]) for row in rows]
    return [min(0.0, *scores), 1.25 * max(*scores, 0.4)]
