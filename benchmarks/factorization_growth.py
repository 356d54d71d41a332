"""Time per sweep of the exact method against the number of ratings, measured and drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter

from benchmarks.factorization_problems import of_size
from labelaudit_dagster.factorization import FactorizationParameters
from labelaudit_dagster.factorization.exact import ExactSolver, Start
from labelaudit_dagster.factorization.runtime import double_precision
from labelaudit_dagster.factorization.starts import random_start

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
SWEEPS = 40


def measure_growth(sizes: tuple[int, ...] = SIZES) -> dict[int, float]:
    """Return seconds per sweep for each number of ratings (best of three, warm)."""
    parameters = replace(
        FactorizationParameters(), iteration_cap=SWEEPS, backend="bucketed", tolerance=1e-12
    )
    measured = {}
    for size in sizes:
        ratings = of_size(size)
        start = random_start(ratings, 1, 0, 0)
        with double_precision():
            solver = ExactSolver(ratings, parameters)
            solver.run(Start("start", start, True))
            took = []
            for _ in range(3):
                began = perf_counter()
                solver.run(Start("start", start, True))
                took.append(perf_counter() - began)
        measured[size] = min(took) / SWEEPS
    return measured


def draw(growth: dict[int, float], path: Path) -> None:
    """Draw the growth beside a line of proportional growth, both axes logarithmic."""
    import altair as alt
    import pandas as pd

    largest = max(growth)
    proportional = {size: growth[largest] * size / largest for size in growth}
    frame = pd.DataFrame(
        [
            {"ratings": size, "milliseconds": seconds * 1000, "series": name}
            for name, series in (("measured", growth), ("proportional", proportional))
            for size, seconds in series.items()
        ]
    )
    lines = (
        alt.Chart(frame)
        .mark_line(point=True)
        .encode(
            x=alt.X("ratings:Q", scale=alt.Scale(type="log"), axis=alt.Axis(format="~e")),
            y=alt.Y(
                "milliseconds:Q",
                scale=alt.Scale(type="log"),
                title="milliseconds per sweep (both sides)",
            ),
            color=alt.Color("series:N", title=None),
            strokeDash=alt.StrokeDash("series:N", title=None),
        )
        .properties(width=520, height=340, title="Time per sweep grows with the ratings")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    lines.save(str(path), scale_factor=2)
