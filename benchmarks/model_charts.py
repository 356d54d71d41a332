"""The pictures of docs/model.md; `benchmarks.model_figures` makes and measures what they show."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from benchmarks.model_chart_parts import guideline_axis, upright
from benchmarks.model_figures import RULE, Sample
from benchmarks.model_solution_charts import exactness, intervals, terms
from labelaudit_dagster.constitution.charts import Chart
from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    GOLD,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    SKY,
    WIDTH,
    finish,
    inline,
    panel_title,
    threshold_line,
)

Rows = list[dict[str, Any]]
PERCENT = alt.Axis(format=".0%")
MAJOR, MINOR, ALL = "larger side", "smaller side", "all raters"


def all_charts(sample: Sample, smaller_side: Rows) -> dict[str, Chart]:
    """Return every picture by file name."""
    return {
        "bridging": bridging(sample),
        "vote-and-intercept": vote_and_intercept(sample),
        "support-and-intercept": support_and_intercept(sample),
        "terms": terms(sample),
        "exactness": exactness(sample),
        "intervals": intervals(sample),
        "smaller-side": smaller_sides(smaller_side, sample.as_strict_vote()),
    }


def bridging(sample: Sample) -> Chart:
    """Draw the guidelines by factor and intercept: the picture of the front page."""
    names = ["accepted", "80% of the votes, not accepted", "fewer votes"]
    voted_in = sample.support >= RULE.min_support
    status = np.where(sample.accepted, names[0], np.where(voted_in, names[1], names[2]))
    rows = [
        {"factor": float(x), "intercept": float(y), "status": str(name)}
        for x, y, name in zip(sample.factor, sample.intercept, status, strict=True)
    ]
    notes = [
        {"factor": -0.95, "text": "the smaller side\nlikes these more"},
        {"factor": 0.95, "text": "the larger side\nlikes these more"},
        {"factor": 0.42, "text": "both sides like these", "intercept": 0.475},
    ]
    x_scale = alt.Scale(domain=[-1.4, 1.4], nice=False)
    y_scale = alt.Scale(domain=[-0.35, 0.56], nice=False)
    x = alt.X("factor:Q", scale=x_scale, title="Factor: which side favours it (0 = neither)")
    y = alt.Y("intercept:Q", scale=y_scale, title="Intercept: support across the sides")
    legend = alt.Legend(title=None, labelLimit=300)
    points = (
        alt.Chart(inline(rows))
        .mark_point(filled=True, size=80, opacity=0.85)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "status:N",
                legend=legend,
                scale=alt.Scale(domain=names, range=[BLUE, ORANGE, GREY]),
            ),
            shape=alt.Shape(
                "status:N",
                legend=legend,
                scale=alt.Scale(domain=names, range=["circle", "square", "triangle-up"]),
            ),
        )
    )
    words = (
        alt.Chart(inline([{"intercept": 0.05, **note} for note in notes]))
        .mark_text(fontSize=13, color=INK, lineBreak="\n", lineHeight=17)
        .encode(x=x, y=y, text="text:N")
    )
    limit = threshold_line(
        RULE.intercept_threshold, "threshold 0.375", horizontal=True, scale=y_scale
    )
    return finish(
        alt.layer(points, limit, words).properties(width=WIDTH, height=360),
        "Accepted is what both sides like",
        "The built-in sample: 100 guidelines, rated by 400 people",
    )


def vote_and_intercept(sample: Sample) -> Chart:
    """Draw who carries the guidelines that win the vote, and what their intercepts are."""
    voted_in = np.flatnonzero(sample.support >= RULE.min_support)
    order = voted_in[np.argsort(-sample.support[voted_in])]
    apart = [int(c) for c in order if not sample.accepted[c]]
    together = [int(c) for c in order if sample.accepted[c]][-len(apart) :]
    columns = together + apart
    minor, major = sample.support_on(-1), sample.support_on(1)
    rows = [
        {
            "id": sample.ids[c],
            "minor": float(minor[c]),
            "major": float(major[c]),
            "all": float(sample.support[c]),
            "intercept": float(sample.intercept[c]),
            "status": "accepted" if sample.accepted[c] else "not accepted",
        }
        for c in columns
    ]
    base = alt.Chart(inline(rows)).encode(y=guideline_axis(sample, columns))
    share = alt.Scale(domain=[0.2, 1.0], nice=False)
    x = alt.X("minor:Q", scale=share, axis=PERCENT, title="Found helpful by")
    colour = alt.Scale(domain=[MAJOR, MINOR, ALL], range=[GOLD, SKY, INK])
    shape = alt.Scale(domain=[MAJOR, MINOR, ALL], range=["circle", "circle", "stroke"])
    layers: list[Any] = [base.mark_rule(color=LIGHT, strokeWidth=3).encode(x=x, x2="major:Q")]
    for field, name, size in (("major", MAJOR, 130), ("minor", MINOR, 130)):
        layers.append(
            base.transform_calculate(who=f"'{name}'")
            .mark_point(filled=True, size=size, opacity=1)
            .encode(
                x=alt.X(f"{field}:Q", scale=share),
                color=alt.Color("who:N", title=None, scale=colour),
                shape=alt.Shape("who:N", title=None, scale=shape),
            )
        )
    layers.append(
        base.transform_calculate(who=f"'{ALL}'")
        .mark_point(filled=False, size=200, angle=90, strokeWidth=3, opacity=1)
        .encode(
            x=alt.X("all:Q", scale=share),
            color=alt.Color("who:N", title=None, scale=colour),
            shape=alt.Shape("who:N", title=None, scale=shape),
        )
    )
    height = alt.Step(23)
    left = alt.layer(*layers, upright(RULE.min_support, share)).properties(
        width=300, height=height, title=panel_title("The vote: all of them pass 80%")
    )
    span = alt.Scale(domain=[0.2, 0.52], nice=False)
    right = (
        alt.Chart(inline(rows))
        .mark_point(filled=True, size=130, opacity=1)
        .encode(
            y=guideline_axis(sample, columns, labels=False),
            x=alt.X("intercept:Q", scale=span, title="Intercept"),
            color=alt.Color(
                "status:N",
                title=None,
                scale=alt.Scale(domain=["accepted", "not accepted"], range=[BLUE, ORANGE]),
            ),
            shape=alt.Shape(
                "status:N",
                title=None,
                scale=alt.Scale(domain=["accepted", "not accepted"], range=["circle", "square"]),
            ),
        )
    )
    right_panel = alt.layer(right, upright(RULE.intercept_threshold, span)).properties(
        width=230, height=height, title=panel_title("The model: half of them pass 0.375")
    )
    return finish(
        alt.hconcat(left, right_panel, spacing=24).resolve_scale(
            color="independent", shape="independent"
        ),
        "Eight guidelines win the vote because one side is larger",
        "“The AI should …”: these eight, and above them the accepted ones with the least support",
    )


def support_and_intercept(sample: Sample) -> Chart:
    """Draw intercept against raw support, by the side that favours a guideline."""
    names = ["no side (factor 0)", "larger side", "smaller side", "a little to one side"]
    strong = np.abs(sample.factor) > 0.5
    group = np.where(
        sample.factor == 0,
        names[0],
        np.where(~strong, names[3], np.where(sample.factor > 0, names[1], names[2])),
    )
    ends = [0.45, 1.0]
    rows = [
        {"support": float(a), "intercept": float(b), "side": str(c)}
        for a, b, c in zip(sample.support, sample.intercept, group, strict=True)
        if a > ends[0]
    ]
    slope, level = sample.neutral_line()
    line = alt.Chart(inline([{"x": e, "y": slope * e + level} for e in (0.515, 1.0)]))
    x_scale, y_scale = (
        alt.Scale(domain=ends, nice=False),
        alt.Scale(domain=[0.08, 0.52], nice=False),
    )
    points = (
        alt.Chart(inline(rows))
        .mark_point(filled=True, size=75, opacity=0.9, clip=True)
        .encode(
            x=alt.X("support:Q", scale=x_scale, axis=PERCENT, title="Raw support (share of votes)"),
            y=alt.Y("intercept:Q", scale=y_scale, title="Intercept"),
            color=alt.Color(
                "side:N",
                title="Favoured by",
                scale=alt.Scale(domain=names, range=[GREY, GOLD, SKY, LIGHT]),
            ),
            shape=alt.Shape(
                "side:N",
                title="Favoured by",
                scale=alt.Scale(
                    domain=names, range=["circle", "triangle-down", "triangle-up", "circle"]
                ),
            ),
        )
    )
    corner = alt.Chart(
        inline(
            [
                {
                    "x": RULE.min_support,
                    "x2": 1.0,
                    "y": RULE.intercept_threshold,
                    "y2": 0.52,
                    "text": "accepted",
                }
            ]
        )
    )
    area = corner.mark_rect(color=BLUE, opacity=0.09).encode(
        x=alt.X("x:Q", scale=x_scale), x2="x2:Q", y=alt.Y("y:Q", scale=y_scale), y2="y2:Q"
    )
    word = corner.mark_text(
        align="left", baseline="top", dx=8, dy=8, fontSize=13, color=BLUE
    ).encode(x=alt.X("x:Q", scale=x_scale), y=alt.Y("y2:Q", scale=y_scale), text="text:N")
    fitted = line.mark_line(color=INK, strokeWidth=1, strokeDash=[2, 2]).encode(
        x=alt.X("x:Q", scale=x_scale), y=alt.Y("y:Q", scale=y_scale)
    )
    return finish(
        alt.layer(area, word, fitted, points).properties(width=640, height=380),
        "The same support is worth less when it comes from one side",
        "Guidelines of the sample; the dotted line runs through those without a side",
    )


def smaller_sides(rows: Rows, strict_vote: float) -> Chart:
    """Draw how many majority-only guidelines pass while the smaller side shrinks."""
    names = {
        "vote": "vote, bar at 80%",
        "strict": f"vote, bar at {strict_vote:.1%}",
        "rule": "rule with intercept",
    }
    long = [
        {"share": row["share"], "passing": row[field], "by": name}
        for row in rows
        for field, name in names.items()
    ]
    lines = (
        alt.Chart(inline(long))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "share:Q",
                axis=alt.Axis(format=".0%", values=[0.05 * k for k in range(7)]),
                scale=alt.Scale(domain=[0, 0.32], nice=False),
                title="Share of the smaller side among the raters",
            ),
            y=alt.Y(
                "passing:Q",
                scale=alt.Scale(domain=[0, 18]),
                title="Guidelines of the larger side that pass (of 18)",
            ),
            color=alt.Color(
                "by:N",
                title=None,
                scale=alt.Scale(domain=list(names.values()), range=[ORANGE, GOLD, BLUE]),
            ),
        )
    )
    marks = lines.mark_point(filled=True, size=80, opacity=1).encode(
        shape=alt.Shape(
            "by:N",
            title=None,
            scale=alt.Scale(domain=list(names.values()), range=["triangle-up", "square", "circle"]),
        )
    )
    return finish(
        alt.layer(lines, marks).properties(width=640, height=300),
        "Bridging needs somebody on the other bank",
        "The sample with ever fewer raters of its smaller side (means of ten random draws)",
    )
