"""Pictures of docs/model.md on the solution: its terms, its optimality, its uncertainty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np

from benchmarks.model_chart_parts import guideline_axis, upright
from benchmarks.model_figures import METHODS, RULE, SEEDS, Sample, decide
from labelaudit_dagster.constitution.charts import Chart
from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    finish,
    inline,
    panel_title,
)
from labelaudit_dagster.factorization import factorize

Rows = list[dict[str, Any]]


def terms(sample: Sample) -> Chart:
    """Draw four predictions as sums of their terms: two raters, two guidelines."""
    model, index = sample.solution.parameters, {name: k for k, name in enumerate(sample.ids)}
    rated = sample.ratings.row_weights()
    raters = []
    for sign, name in ((1, "A rater of the larger side"), (-1, "A rater of the smaller side")):
        own = np.flatnonzero((np.sign(sample.rater_factor) == sign) & (rated >= 30))
        typical = np.median(sample.rater_factor[own]), np.median(model.rater_intercept[own])
        distance = np.hypot(
            sample.rater_factor[own] - typical[0], model.rater_intercept[own] - typical[1]
        )
        raters.append((name, int(own[np.argmin(distance)])))
    panels = []
    for guideline in ("truth-02", "truth-10"):
        column = index[guideline]
        row_of_panels = []
        for name, rater in raters:
            parts = [
                model.mu,
                float(model.rater_intercept[rater]),
                float(model.item_intercept[column]),
                float(sample.rater_factor[rater] * sample.factor[column]),
            ]
            row_of_panels.append(_sum_of_terms(parts).properties(title=panel_title(name)))
        panels.append(
            alt.hconcat(*row_of_panels, spacing=30).properties(
                title=alt.Title(
                    f"“{sample.texts[guideline]}”", fontSize=14, fontWeight="normal", anchor="start"
                )
            )
        )
    return finish(
        alt.vconcat(*panels, spacing=26),
        "A prediction is a sum of four terms",
        "0 = not helpful, 1 = helpful. Blue is the guideline's own part, the same for everybody",
    )


def _sum_of_terms(parts: list[float]) -> Any:
    """Draw terms one upon the other, and their sum."""
    names = ["μ", "rater b", "guideline c", "match x·y", "prediction"]
    colours = [GREY, LIGHT, BLUE, ORANGE, INK]
    ends = [*np.cumsum(parts).tolist(), sum(parts)]
    starts = [*(end - part for end, part in zip(ends, parts, strict=False)), 0.0]
    labels = ["0" if part == 0 else f"{part:+.2f}" for part in parts]
    labels.append(f"{sum(parts):.2f}")
    rows = [
        {"term": term, "low": low, "high": high, "label": label, "at": max(low, high)}
        for term, low, high, label in zip(names, starts, ends, labels, strict=True)
    ]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("term:N", sort=names, title=None, axis=alt.Axis(labelAngle=0))
    )
    scale = alt.Scale(domain=[0, 1.25], nice=False)
    bars = base.mark_bar(width=44).encode(
        y=alt.Y("low:Q", scale=scale, title=None, axis=alt.Axis(values=[0, 0.5, 1])),
        y2="high:Q",
        color=alt.Color("term:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
    )
    text = base.mark_text(baseline="bottom", dy=-4, fontSize=12, color=INK).encode(
        y=alt.Y("at:Q", scale=scale), text="label:N"
    )
    return alt.layer(bars, text).properties(width=370, height=140)


def exactness(sample: Sample) -> Chart:
    """Draw the losses along the way of both methods, and what each seed accepts."""
    optimum = sample.solution.loss
    ways: Rows = []
    stops: Rows = []
    for method in METHODS:
        label = method.replace("_", " ")
        for seed in SEEDS:
            parameters = replace(sample.with_method(method), seed=seed)
            solution = factorize(sample.ratings, parameters)
            loss = solution.trajectory.loss
            steps = np.unique(np.geomspace(1, loss.size, 90).astype(int)) - 1
            way = [
                {
                    "step": int(k) + 1,
                    "excess": float(max(loss[k] / optimum - 1, 1e-8)),
                    "method": label,
                    "seed": seed,
                }
                for k in steps
            ]
            ways += way
            stops.append(way[-1])
    colour = alt.Color(
        "method:N",
        legend=None,
        scale=alt.Scale(domain=["gradient descent", "exact"], range=[ORANGE, BLUE]),
    )
    x = alt.X(
        "step:Q",
        scale=alt.Scale(type="log", domain=[1, 10_000]),
        title="Iteration or sweep of the winning start",
        axis=alt.Axis(format=",d", values=[1, 10, 100, 1_000, 10_000]),
    )
    y = alt.Y(
        "excess:Q",
        scale=alt.Scale(type="log", domain=[1e-8, 30], clamp=True),
        axis=alt.Axis(format="~%", values=[1e-8, 1e-6, 1e-4, 1e-2, 1]),
        title="Loss above the optimum",
    )
    lines = (
        alt.Chart(inline(ways))
        .mark_line(strokeWidth=1.2, opacity=0.8)
        .encode(x=x, y=y, color=colour, detail="seed:N")
    )
    ends = (
        alt.Chart(inline(stops))
        .mark_point(filled=True, size=60, opacity=1)
        .encode(x=x, y=y, color=colour)
    )
    excess = sample.by_seed["gradient_descent"].losses / optimum - 1
    notes: Rows = [
        {
            "step": 9_000,
            "excess": 0.025,
            "method": "gradient descent",
            "text": f"gradient descent:\nstops {excess.min():.0%} to {excess.max():.0%} above",
        },
        {"step": 9_000, "excess": 8e-8, "method": "exact", "text": "exact:\nstops at the optimum"},
    ]
    words = (
        alt.Chart(inline(notes))
        .mark_text(align="right", baseline="middle", fontSize=13, lineBreak="\n")
        .encode(x=x, y=y, color=colour, text="text:N")
    )
    left = alt.layer(lines, ends, words).properties(
        width=330, height=360, title=panel_title("Where each of ten seeds stops")
    )
    cells: Rows = []
    chosen = sorted(
        {c for one in sample.by_seed.values() for c in one.in_any},
        key=lambda c: (-sample.intercept[c], sample.ids[c]),
    )
    for method in METHODS:
        label = method.replace("_", " ")
        for seed, accepted in zip(SEEDS, sample.by_seed[method].accepted, strict=True):
            cells += [
                {"seed": seed, "id": sample.ids[c], "method": label, "in": c in accepted}
                for c in chosen
            ]
    grid = []
    for label, paint in (("gradient descent", ORANGE), ("exact", BLUE)):
        own = [cell for cell in cells if cell["method"] == label]
        grid.append(
            alt.Chart(inline(own))
            .mark_rect(stroke="white", strokeWidth=1.5)
            .encode(
                x=alt.X("seed:O", title="Seed", axis=alt.Axis(labelAngle=0)),
                y=alt.Y(
                    "id:N",
                    sort=[sample.ids[c] for c in chosen],
                    title=None,
                    axis=alt.Axis(labels=label != "exact", ticks=False, domain=False),
                ),
                color=alt.condition("datum.in", alt.value(paint), alt.value("#EEEEEE")),
            )
            .properties(width=170, height=360, title=panel_title(f"Accepted: {label}"))
        )
    return finish(
        alt.hconcat(left, *grid, spacing=22),
        "One optimum, or a set drawn by lot",
        "Ten random starts by the notebook's gradient descent with its own stop rule,"
        " and by the exact method",
    )


def intervals(sample: Sample) -> Chart:
    """Draw intervals of the guidelines on both sides of the threshold, and P(accepted)."""
    order = np.argsort(-sample.intercept)
    columns = [int(c) for c in order if sample.accepted[c]][-6:]
    columns += [int(c) for c in order if not sample.accepted[c]][:8]
    low, high = sample.replicates.interval()
    probability = sample.replicates.probability(decide)
    rows = [
        {
            "id": sample.ids[c],
            "intercept": float(sample.intercept[c]),
            "low": float(low[c]),
            "high": float(high[c]),
            "p": f"{probability[c]:.2f}",
            "status": "accepted" if sample.accepted[c] else "rejected",
        }
        for c in columns
    ]
    base = alt.Chart(inline(rows)).encode(y=guideline_axis(sample, columns))
    colour = alt.Color(
        "status:N",
        title=None,
        scale=alt.Scale(domain=["accepted", "rejected"], range=[BLUE, GREY]),
    )
    shape = alt.Shape(
        "status:N",
        title=None,
        scale=alt.Scale(domain=["accepted", "rejected"], range=["circle", "square"]),
    )
    scale = alt.Scale(domain=[0.24, 0.51], nice=False)
    bars = base.mark_rule(strokeWidth=4, opacity=0.45).encode(
        x=alt.X(
            "low:Q",
            scale=scale,
            title="Intercept and its 90% interval",
            axis=alt.Axis(format=".2f", values=[0.25, 0.3, 0.35, 0.4, 0.45, 0.5]),
        ),
        x2="high:Q",
        color=colour,
    )
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("intercept:Q", scale=scale), color=colour, shape=shape
    )
    words = base.mark_text(align="right", fontSize=12, color=INK).encode(
        x=alt.value(485), text="p:N"
    )
    heading = (
        alt.Chart(inline([{"text": "P(accepted)"}]))
        .mark_text(align="right", baseline="bottom", fontSize=12, fontWeight="bold", color=INK)
        .encode(x=alt.value(485), y=alt.value(-6), text="text:N")
    )
    limit = upright(RULE.intercept_threshold, scale)
    name = (
        alt.Chart(inline([{"at": RULE.intercept_threshold, "text": "threshold 0.375"}]))
        .mark_text(align="left", baseline="bottom", dx=5, fontSize=12, color=INK)
        .encode(x=alt.X("at:Q", scale=scale), y=alt.value(-6), text="text:N")
    )
    return finish(
        alt.layer(limit, bars, dots, words, heading, name).properties(
            width=400, height=alt.Step(25)
        ),
        "How sure is each decision?",
        "“The AI should …”: guidelines on both sides of the threshold; 200 resamples of the raters",
    )
